// Over how many rounds the graphs of a schedule connect all peers together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "topology/neighbourhood.h"

namespace parley::topology {

class Schedule;

/// Watches rounds go by and knows the smallest B such that the arcs of any B rounds in a row led from every peer to
/// every other: what gossip over changing graphs needs to converge (B-connectivity). Keeps the arcs of about B rounds.
class JointConnectivity {
 public:
  explicit JointConnectivity(std::size_t n) : n_(n) {}

  /// The next round. Checked: there are n neighbourhoods.
  void observe(std::span<const Neighbourhood> of_round);

  std::uint64_t rounds() const { return rounds_; }  ///< observed so far
  /// B, at least 1; nothing as long as all rounds so far together leave somebody out.
  std::optional<std::uint64_t> window() const;

 private:
  bool connected_since(std::uint64_t first) const;

  std::size_t n_;
  std::uint64_t rounds_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> last_seen_;  // by arc, the latest round
  std::optional<std::uint64_t> first_;  // the rounds from here to the latest connect all, and from no later one on do
  std::uint64_t window_ = 0;
};

/// B of the rounds first ... first + rounds - 1.
std::optional<std::uint64_t> joint_window(const Schedule& schedule, base::Round first, std::uint64_t rounds);

}  // namespace parley::topology
