#include "topology/schedule.h"

#include <array>

#include "base/error.h"
#include "topology/schedules/schedules.h"

namespace parley::topology {

std::span<const ScheduleRow> schedule_registry() {
  static const std::array rows{static_schedule()};
  return rows;
}

std::unique_ptr<Schedule> make_schedule(std::string_view schedule_spec, std::string_view graph_spec, std::size_t n,
                                        std::uint64_t seed) {
  PARLEY_CHECK(n >= 1, n);
  const base::Spec parsed = base::parse_spec(schedule_spec);
  const ScheduleRow& row = base::find_row(schedule_registry(), "schedule", parsed.name);
  const base::Arguments arguments(parsed, row.parameters);
  return row.make({.arguments = arguments, .graph_spec = graph_spec, .n = n, .seed = seed});
}

std::string canonical_schedule_spec(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  const ScheduleRow& row = base::find_row(schedule_registry(), "schedule", parsed.name);
  return base::Arguments(parsed, row.parameters).canonical();
}

}  // namespace parley::topology
