#include <algorithm>

#include "base/error.h"
#include "topology/schedule.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

/// w_ij = min(1, s_j / s_i) / (1 + d_max), so that W = I - L / (1 + d_max) with the graph's Laplacian L if the shares s
/// are equal. d_max is the largest of all rounds, and of all peers that one hears or sends to.
class MaxDegree final : public WeightRule {
 public:
  MaxDegree(std::string spec, std::size_t max_degree, std::vector<double> shares)
      : spec_(std::move(spec)), weight_(1.0 / static_cast<double>(1 + max_degree)), shares_(std::move(shares)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override {
    PARLEY_CHECK(std::max(arc.from, arc.to).value < shares_.size(), arc.from, arc.to, shares_.size());
    const double to = shares_[arc.to.value], from = shares_[arc.from.value];
    return weight_ * (std::min(to, from) / to);
  }

 private:
  std::string spec_;
  double weight_;
  std::vector<double> shares_;
};

std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  const Schedule& schedule = blueprint.schedule;
  constexpr std::uint64_t kLongestPeriod = 4096;
  if (schedule.period() == 0 || schedule.period() > kLongestPeriod) {
    throw base::OperatorError(fmt::format(
        "{} needs the largest degree of all rounds, and {} does not repeat soon enough to look for it: set weights = "
        "\"metropolis\", which needs the degrees of neighbours only",
        blueprint.arguments.canonical(), schedule.spec()));
  }
  std::size_t max_degree = 0;
  for (std::uint64_t t = 0; t < schedule.period(); ++t) {
    for (const Neighbourhood& own : schedule.neighbourhoods({t}))
      max_degree = std::max({max_degree, own.in.size(), own.out.size()});
  }
  return std::make_unique<MaxDegree>(blueprint.arguments.canonical(), max_degree,
                                     normalised(blueprint.shares, schedule.size()));
}

}  // namespace

const WeightRow& max_degree_weights() {
  static constexpr WeightRow row{
      .name = "max-degree",
      .summary = "1 / (1 + the largest degree of the graph); keeps the average, slower on irregular graphs",
      .parameters = {},
      .make = make};
  return row;
}

}  // namespace parley::topology
