#include <algorithm>

#include "base/error.h"
#include "topology/schedule.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

/// w_ij = 1 / (1 + max(d_i, d_j)). The one counts the peer itself: without it an even ring would have no self weight,
/// and neighbours would swap models for ever.
class Metropolis final : public WeightRule {
 public:
  explicit Metropolis(std::string spec) : spec_(std::move(spec)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override {
    return 1.0 / static_cast<double>(1 + std::max(arc.from_degree, arc.to_degree));
  }

 private:
  std::string spec_;
};

/// The chain of Hastings 1970 that proposes every neighbour and itself with probability 1 / (1 + d_i) and has the
/// shares s as its stationary distribution:
///   w_ij = min(1 / (1 + d_i), s_j / (s_i (1 + d_j)))
/// s_i w_ij = min(s_i / (1 + d_i), s_j / (1 + d_j)) is symmetric, and the neighbours get d_i / (1 + d_i) at most. Equal
/// shares give the rule above. Both ends know it: degrees travel with the messages and shares stand in the roster.
class WeightedMetropolis final : public WeightRule {
 public:
  WeightedMetropolis(std::string spec, std::vector<double> shares)
      : spec_(std::move(spec)), shares_(std::move(shares)) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override {
    PARLEY_CHECK(std::max(arc.from, arc.to).value < shares_.size(), arc.from, arc.to, shares_.size());
    const double to = shares_[arc.to.value] / static_cast<double>(1 + arc.to_degree);
    const double from = shares_[arc.from.value] / static_cast<double>(1 + arc.from_degree);
    return std::min(to, from) / shares_[arc.to.value];
  }

 private:
  std::string spec_;
  std::vector<double> shares_;
};

std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  if (blueprint.shares.empty()) return std::make_unique<Metropolis>(blueprint.arguments.canonical());
  return std::make_unique<WeightedMetropolis>(blueprint.arguments.canonical(),
                                              normalised(blueprint.shares, blueprint.schedule.size()));
}

}  // namespace

const WeightRow& metropolis_weights() {
  static constexpr WeightRow row{.name = "metropolis",
                                 .summary = "1 / (1 + the larger degree of the two); keeps the average on every graph",
                                 .parameters = {},
                                 .make = make};
  return row;
}

}  // namespace parley::topology
