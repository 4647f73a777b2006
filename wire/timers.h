// The mathematics of a link's timers, without the clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace parley::wire {

/// A point on some monotonic clock, since an epoch of no importance. Clocks of two machines are never compared.
using Time = std::chrono::nanoseconds;

/// How long to wait for an answer before repetition number `repetition` (0-based): `first`, doubled with every
/// repetition, at most 16 times `first`.
constexpr Time backoff(Time first, std::uint32_t repetition) {
  return first * (std::int64_t{1} << std::min(repetition, std::uint32_t{4}));
}

/// The smoothed round trip after a new sample: 7/8 of the old one and 1/8 of the sample (RFC 6298).
constexpr Time smoothed(std::optional<Time> old, Time sample) {
  return old ? *old + (sample - *old) / 8 : sample;
}

/// The earlier of two moments, either of which may be absent.
constexpr std::optional<Time> earlier(std::optional<Time> a, std::optional<Time> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

}  // namespace parley::wire
