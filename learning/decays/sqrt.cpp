#include <cmath>

#include "learning/decays/formula.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "shift",
     .fallback = "1",
     .low = 1e-6,
     .high = 1e15,
     .help = "a third of the rounds until the rate has halved"},
};

std::unique_ptr<Decay> make(const base::Arguments& arguments, std::uint64_t) {
  const double shift = arguments.real("shift");
  return make_formula_decay(arguments.canonical(), [=](double t) { return std::sqrt(shift / (shift + t)); });
}

}  // namespace

DecayRow sqrt_row() {
  return {"sqrt", "sqrt(shift / (shift + t)), for convex objectives", kParameters, make};
}

}  // namespace parley::learning
