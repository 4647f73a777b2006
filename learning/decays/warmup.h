// What the decays that end with the run share: its length and a linear start.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "base/spec.h"

namespace parley::learning {

inline constexpr base::Parameter kWarmupParameter{.name = "warmup",
                                                  .kind = base::ParameterKind::integer,
                                                  .fallback = "0",
                                                  .low = 0,
                                                  .high = 1e15,
                                                  .help = "rounds in which the rate first rises from near zero"};

/// The part of a run after its warm-up.
struct WarmedRun {
  double warmup = 0;  ///< rounds
  double rest = 0;    ///< rounds after the warm-up, at least 1

  bool warming(double t) const { return t < warmup; }
  /// (t+1)/warmup: the base rate is reached by the last round of the warm-up, and round 0 already moves.
  double rise(double t) const { return (t + 1) / warmup; }
  /// 0 at the end of the warm-up, 1 at the end of the run and from then on.
  double progress(double t) const { return std::min((t - warmup) / rest, 1.0); }
};

/// Throws base::OperatorError if the run is open (`rounds` == 0) or not longer than the warm-up.
inline WarmedRun warmed_run(const base::Arguments& arguments, std::uint64_t rounds) {
  if (rounds == 0) {
    throw base::OperatorError(fmt::format(
        "decay \"{}\" needs to know how long the run is; set swarm.rounds, or use constant, step, inverse or sqrt",
        arguments.canonical()));
  }
  const auto warmup = static_cast<std::uint64_t>(arguments.integer("warmup"));
  if (warmup >= rounds) {
    throw base::OperatorError(fmt::format("in \"{}\": warmup = {}; allowed: less than the {} rounds of the run",
                                          arguments.canonical(), warmup, rounds));
  }
  return {.warmup = static_cast<double>(warmup), .rest = static_cast<double>(rounds - warmup)};
}

}  // namespace parley::learning
