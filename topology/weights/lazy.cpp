#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "rule",
     .kind = base::ParameterKind::word,
     .fallback = "metropolis",
     .help = "spec of the weight rule that is halved, in quotes if it has arguments"},
};

/// (W + I) / 2 of another rule's W: no eigenvalue is below zero.
class Lazy final : public WeightRule {
 public:
  Lazy(std::string spec, std::unique_ptr<WeightRule> rule) : spec_(std::move(spec)), rule_(std::move(rule)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override { return 0.5 * rule_->weight(arc); }
  Sums sums() const override { return rule_->sums(); }

 private:
  std::string spec_;
  std::unique_ptr<WeightRule> rule_;
};

std::string canonical(const base::Arguments& arguments) {
  const std::string rule = canonical_weight_spec(arguments.word("rule"));
  return base::Spec{.name = "lazy",
                    .arguments = {{.name = "rule", .value = rule, .quoted = rule.find('(') != std::string::npos}}}
      .text();
}

std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  return std::make_unique<Lazy>(canonical(blueprint.arguments), make_weight_rule(blueprint.arguments.word("rule"),
                                                                                 blueprint.schedule, blueprint.shares));
}

}  // namespace

const WeightRow& lazy_weights() {
  static constexpr WeightRow row{.name = "lazy",
                                 .summary = "half of what another rule gives: no negative eigenvalue, half as fast",
                                 .parameters = kParameters,
                                 .make = make,
                                 .canonical = canonical};
  return row;
}

}  // namespace parley::topology
