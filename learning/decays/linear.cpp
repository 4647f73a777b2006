#include "learning/decays/formula.h"
#include "learning/decays/warmup.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {kWarmupParameter};

std::unique_ptr<Decay> make(const base::Arguments& arguments, std::uint64_t rounds) {
  const WarmedRun run = warmed_run(arguments, rounds);
  return make_formula_decay(arguments.canonical(),
                            [=](double t) { return run.warming(t) ? run.rise(t) : 1 - run.progress(t); });
}

}  // namespace

DecayRow linear_row() {
  return {"linear", "rises linearly, then falls linearly to zero at the end of the run", kParameters, make};
}

}  // namespace parley::learning
