// Which graph holds in which round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/spec.h"
#include "topology/neighbourhood.h"

namespace parley::topology {

/// The neighbours of every peer in every round. A function of the specs, the seed, the number of peers and the round,
/// and of nothing else: every peer works out its own and they fit together without a message. Immutable after
/// construction and safe to share between threads.
class Schedule {
 public:
  virtual ~Schedule() = default;

  /// The spec of the schedule in canonical form. Peers agree if this, the canonical spec of the graph, the number of
  /// peers and the seed are equal (and, for a graph from a file, its fingerprint).
  virtual const std::string& spec() const = 0;
  virtual std::size_t size() const = 0;  ///< n, the number of peers
  /// After how many rounds the neighbourhoods repeat: 1 for a fixed graph, 0 if they never do.
  virtual std::uint64_t period() const = 0;
  /// True if some peer sends to another that it does not receive from in the same round.
  virtual bool is_directed() const = 0;
  /// Whom `peer` exchanges with in `round`; may be nobody. If j is in `out` of i, then i is in `in` of j. In O(n) time
  /// or less, without the rounds before. Checked: peer < size().
  virtual Neighbourhood neighbours(base::PeerId peer, base::Round round) const = 0;
  /// Those of all peers, in the order of their ids: for who looks at whole rounds, since n questions about one round
  /// may cost O(n) each.
  virtual std::vector<Neighbourhood> neighbourhoods(base::Round round) const;
  /// All whom `peer` hears or sends to in any round, ascending, without itself: the links that it needs.
  virtual std::vector<base::PeerId> partners(base::PeerId peer) const = 0;

  /// 64-bit hash of who meets whom: of all that a file says, and of the first rounds where rounds follow from the specs
  /// alone. The specs do not say what a file holds: peers whose fingerprints differ have different files.
  virtual std::uint64_t fingerprint() const;

  bool is_static() const { return period() == 1; }
};

/// What a schedule is built from.
struct ScheduleBlueprint {
  const base::Arguments& arguments;  ///< of the schedule's own spec
  std::string_view graph_spec;       ///< for schedules of a graph; others ignore it
  std::size_t n = 1;                 ///< number of peers, at least 1
  std::uint64_t seed = 0;            ///< random schedules draw from it with base::Stream::schedule
};

/// One kind of schedule. Adding one: its file, its row, its tests.
struct ScheduleRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// Throws base::OperatorError if the arguments, the graph and n do not fit each other.
  std::unique_ptr<Schedule> (*make)(const ScheduleBlueprint& blueprint);
  bool uses_graph = false;  ///< it is a schedule of the graph beside it; others bring their own
  /// The canonical spec, where an argument is a spec itself; by default that of the arguments.
  std::string (*canonical)(const base::Arguments& arguments) = nullptr;
};

/// All kinds, in the order in which they are listed to people.
std::span<const ScheduleRow> schedule_registry();

/// Builds the schedule that `schedule_spec` names on the graph that `graph_spec` names. Throws base::OperatorError as
/// make_graph does, and for an unknown schedule.
std::unique_ptr<Schedule> make_schedule(std::string_view schedule_spec, std::string_view graph_spec, std::size_t n,
                                        std::uint64_t seed);

/// The row that a spec names. Throws base::OperatorError.
const ScheduleRow& schedule_row(std::string_view spec);

/// The spec with all its parameters spelled out.
std::string canonical_schedule_spec(std::string_view spec);

}  // namespace parley::topology
