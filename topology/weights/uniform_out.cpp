#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

/// a_ij = 1 / (1 + d_j^out): the sender shares out what it has, itself included. Columns sum to one on every directed
/// graph, which is what push-sum needs (Kempe et al. 2003). Peers that count more start with more mass; the rule is the
/// same.
class UniformOut final : public WeightRule {
 public:
  explicit UniformOut(std::string spec) : spec_(std::move(spec)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override { return 1.0 / static_cast<double>(1 + arc.from_degree); }
  Sums sums() const override { return Sums::columns; }

 private:
  std::string spec_;
};

std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  return std::make_unique<UniformOut>(blueprint.arguments.canonical());
}

}  // namespace

const WeightRow& uniform_out_weights() {
  static constexpr WeightRow row{
      .name = "uniform-out",
      .summary = "1 / (1 + the sender's degree): keeps the sum, not the scale; for push-sum on directed graphs",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
