#include "learning/decays/formula.h"

namespace parley::learning {

DecayRow constant_row() {
  return {"constant",
          "the base rate throughout",
          {},
          [](const base::Arguments& arguments, std::uint64_t) -> std::unique_ptr<Decay> {
            return make_formula_decay(arguments.canonical(), [](double) { return 1.0; });
          }};
}

}  // namespace parley::learning
