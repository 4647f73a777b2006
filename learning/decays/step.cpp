#include <cmath>

#include "base/error.h"
#include "learning/decays/formula.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "every", .kind = base::ParameterKind::integer, .low = 1, .high = 1e15, .help = "rounds between two steps"},
    {.name = "at", .kind = base::ParameterKind::integer, .low = 1, .high = 1e15, .help = "the round of the only step"},
    {.name = "factor", .fallback = "0.1", .low = 1e-12, .high = 1, .help = "what each step multiplies the rate with"},
};

std::unique_ptr<Decay> make(const base::Arguments& arguments, std::uint64_t) {
  if (arguments.given("every") == arguments.given("at")) {
    throw base::OperatorError(
        fmt::format("in \"{}\": step needs either every (rounds between steps) or at (the round of one step)",
                    arguments.canonical()));
  }
  const double factor = arguments.real("factor");
  if (arguments.given("at")) {
    const auto at = static_cast<double>(arguments.integer("at"));
    return make_formula_decay(arguments.canonical(), [=](double t) { return t < at ? 1.0 : factor; });
  }
  const auto every = static_cast<double>(arguments.integer("every"));
  return make_formula_decay(arguments.canonical(), [=](double t) { return std::pow(factor, std::floor(t / every)); });
}

}  // namespace

DecayRow step_row() {
  return {"step", "multiplies the rate by a factor, once or again and again", kParameters, make};
}

}  // namespace parley::learning
