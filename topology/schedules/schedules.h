// The rows of the schedule registry, and what schedules share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "topology/graph.h"
#include "topology/schedule.h"

namespace parley::topology {

const ScheduleRow& static_schedule();
const ScheduleRow& periodic_schedule();
const ScheduleRow& one_peer_exponential_schedule();
const ScheduleRow& one_peer_hypercube_schedule();
const ScheduleRow& random_matching_schedule();
const ScheduleRow& random_regular_schedule();
const ScheduleRow& random_edges_schedule();
const ScheduleRow& base_schedule();
const ScheduleRow& hyper_hypercube_schedule();
const ScheduleRow& equidyn_schedule();
const ScheduleRow& epidemic_schedule();
const ScheduleRow& timed_schedule();

/// A schedule that knows its spec and its size.
class SizedSchedule : public Schedule {
 public:
  SizedSchedule(std::string spec, std::size_t n) : spec_(std::move(spec)), n_(n) {}
  const std::string& spec() const final { return spec_; }
  std::size_t size() const final { return n_; }

 protected:
  void check(base::PeerId peer) const;  ///< Checked: peer < size()

 private:
  std::string spec_;
  std::size_t n_;
};

/// A graph as its peers see it.
struct FixedGraph {
  explicit FixedGraph(std::vector<Neighbourhood> of_peers);
  FixedGraph(std::string_view spec, std::size_t n, std::uint64_t seed);

  std::vector<Neighbourhood> of;  ///< one per peer
  bool directed = false;          ///< some arc has no reverse
};

/// Peers, as they are collected: sorted, each once, without `self`.
std::vector<base::PeerId> distinct(std::vector<base::PeerId> peers, base::PeerId self);
/// All peers below n but one.
std::vector<base::PeerId> everyone_but(base::PeerId self, std::size_t n);
/// `peer` hears and sends to one other, or to nobody if `mate` is itself or not below n.
Neighbourhood paired_with(std::size_t mate, base::PeerId peer, std::size_t n);

/// All peers below n in an order that is drawn anew in every round, each order with the same probability.
std::vector<std::uint32_t> random_order(std::uint64_t seed, base::Round round, std::size_t n);

}  // namespace parley::topology
