// Loshchilov and Hutter 2017, "SGDR", without restarts.
#include <cmath>
#include <numbers>

#include "learning/decays/formula.h"
#include "learning/decays/warmup.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    kWarmupParameter,
    {.name = "floor", .fallback = "0", .low = 0, .high = 1, .help = "factor at the end of the run"},
};

std::unique_ptr<Decay> make(const base::Arguments& arguments, std::uint64_t rounds) {
  const WarmedRun run = warmed_run(arguments, rounds);
  const double floor = arguments.real("floor");
  return make_formula_decay(arguments.canonical(), [=](double t) {
    if (run.warming(t)) return run.rise(t);
    return floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * run.progress(t)));
  });
}

}  // namespace

DecayRow cosine_row() {
  return {"cosine", "rises linearly, then falls as half a cosine to a floor at the end of the run", kParameters, make};
}

}  // namespace parley::learning
