// One row for every schedule: specs that must fit and what is known beforehand. A test fails when the registry has a
// schedule that is not in the table.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "topology/schedule.h"

namespace parley::topology {

struct ScheduleContract {
  std::string name;
  /// A spec of the schedule that fits n peers, or nothing if none does; `choice` picks among them.
  std::optional<std::string> (*spec_for)(std::size_t n, std::uint32_t choice);
  bool symmetric = true;          ///< the graph of every round, whatever the spec
  bool doubly_stochastic = true;  ///< W of every round, of its own weights or else of Metropolis weights
  bool own_weights = false;
  bool random = false;  ///< another seed gives other rounds
  /// Its rounds reach everyone together: in one period, or in so many rounds that chance is beaten 1e9 to 1.
  bool always_connected = true;
};
const std::vector<ScheduleContract>& schedule_contracts();

/// The graph that the contract tests give schedules of a graph; connected.
inline constexpr const char* kGraphOfTests = "random-regular(4)";
/// The same for few peers.
std::string graph_of_tests(std::size_t n);

/// W of one round, entry by entry: the schedule's own weights, or 1 / (1 + the larger of the degrees) for every arc.
Eigen::MatrixXd naive_round_matrix(const Schedule& schedule, base::Round round);

/// The rounds that a test looks at: all of a period, or the first `most`.
std::uint64_t rounds_of_tests(const Schedule& schedule, std::uint64_t most);

}  // namespace parley::topology
