#include "learning/decays/formula.h"

#include <utility>

namespace parley::learning {
namespace {

class FormulaDecay final : public Decay {
 public:
  FormulaDecay(std::string spec, std::function<double(double)> formula)
      : spec_(std::move(spec)), formula_(std::move(formula)) {}

  const std::string& spec() const override { return spec_; }
  double factor(base::Round round) const override { return formula_(static_cast<double>(round.value)); }

 private:
  const std::string spec_;
  const std::function<double(double)> formula_;
};

}  // namespace

std::unique_ptr<Decay> make_formula_decay(std::string spec, std::function<double(double t)> formula) {
  return std::make_unique<FormulaDecay>(std::move(spec), std::move(formula));
}

}  // namespace parley::learning
