#include "topology/schedule.h"

#include <xxhash.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "topology/digraph.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {

std::vector<Neighbourhood> Schedule::neighbourhoods(base::Round round) const {
  std::vector<Neighbourhood> all;
  all.reserve(size());
  for (std::uint32_t i = 0; i < size(); ++i) all.push_back(neighbours({i}, round));
  return all;
}

std::uint64_t Schedule::fingerprint() const {
  constexpr std::uint64_t kFirstRounds = 8;
  std::uint64_t hash = period();
  for (std::uint64_t t = 0; t < (is_static() ? 1 : kFirstRounds); ++t) {
    const std::uint64_t of_round = topology::fingerprint(digraph_of_round(*this, {t}));
    hash = XXH3_64bits_withSeed(&of_round, sizeof(of_round), hash);
  }
  return hash;
}

std::span<const ScheduleRow> schedule_registry() {
  static const std::array rows{
      static_schedule(),
      periodic_schedule(),
      timed_schedule(),
      one_peer_exponential_schedule(),
      one_peer_hypercube_schedule(),
      hyper_hypercube_schedule(),
      base_schedule(),
      equidyn_schedule(),
      random_matching_schedule(),
      random_regular_schedule(),
      random_edges_schedule(),
      epidemic_schedule(),
  };
  return rows;
}

std::unique_ptr<Schedule> make_schedule(std::string_view schedule_spec, std::string_view graph_spec, std::size_t n,
                                        std::uint64_t seed) {
  PARLEY_CHECK(n >= 1 && n <= std::numeric_limits<std::uint32_t>::max(), n);
  const base::Spec parsed = base::parse_spec(schedule_spec);
  const ScheduleRow& row = base::find_row(schedule_registry(), "schedule", parsed.name);
  const base::Arguments arguments(parsed, row.parameters);
  return row.make({.arguments = arguments, .graph_spec = graph_spec, .n = n, .seed = seed});
}

const ScheduleRow& schedule_row(std::string_view spec) {
  return base::find_row(schedule_registry(), "schedule", base::parse_spec(spec).name);
}

std::string canonical_schedule_spec(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  const ScheduleRow& row = base::find_row(schedule_registry(), "schedule", parsed.name);
  const base::Arguments arguments(parsed, row.parameters);
  return row.canonical != nullptr ? row.canonical(arguments) : arguments.canonical();
}

}  // namespace parley::topology
