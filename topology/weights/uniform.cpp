#include "base/error.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

/// w_ij = 1 / (1 + d_i). Rows sum to one, columns only on regular graphs.
class Uniform final : public WeightRule {
 public:
  explicit Uniform(std::string spec) : spec_(std::move(spec)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override { return 1.0 / static_cast<double>(1 + arc.to_degree); }

 private:
  std::string spec_;
};

std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  if (!blueprint.shares.empty()) {
    throw base::OperatorError(
        fmt::format("{} makes peers count by how many they hear, so that the weights given to them would be ignored: "
                    "set weights = \"metropolis\", or leave the peers' weights out",
                    blueprint.arguments.canonical()));
  }
  return std::make_unique<Uniform>(blueprint.arguments.canonical());
}

}  // namespace

const WeightRow& uniform_weights() {
  static constexpr WeightRow row{
      .name = "uniform",
      .summary = "1 / (1 + own degree); keeps the average only if all peers have the same degree",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
