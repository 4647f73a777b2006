// Quantities with units as operators write them: "200ms", "4MiB", "100Mbit".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::daemon {

// The readers accept a decimal number, optional spaces and a unit; nothing for anything else, for negative numbers and
// for what does not fit the result. The writers give a text that reads back as exactly the same value.

/// Units ns, us, ms, s, m (minutes), h.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::nanoseconds duration);

/// Units B, KiB, MiB, GiB (powers of 1024) and kB, MB, GB (powers of 1000). Bytes.
std::optional<std::int64_t> parse_size(std::string_view text);
std::string format_size(std::int64_t bytes);

/// Units bit, kbit, Mbit, Gbit (powers of 1000), with or without "/s". Bits per second.
std::optional<double> parse_rate(std::string_view text);
std::string format_rate(double bits_per_second);

/// Bytes for people, rounded to three digits: "812 B", "3.10 MiB". Not read back.
std::string approximate_bytes(double bytes);

}  // namespace parley::daemon
