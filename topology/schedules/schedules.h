// The rows of the schedule registry.
#pragma once

#include "topology/schedule.h"

namespace parley::topology {

const ScheduleRow& static_schedule();

}  // namespace parley::topology
