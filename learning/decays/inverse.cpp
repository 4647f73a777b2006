#include "learning/decays/formula.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "shift", .fallback = "1", .low = 1e-6, .high = 1e15, .help = "rounds until the rate has halved"},
};

std::unique_ptr<Decay> make(const base::Arguments& arguments, std::uint64_t) {
  const double shift = arguments.real("shift");
  return make_formula_decay(arguments.canonical(), [=](double t) { return shift / (shift + t); });
}

}  // namespace

DecayRow inverse_row() {
  return {"inverse", "shift / (shift + t), for strongly convex objectives", kParameters, make};
}

}  // namespace parley::learning
