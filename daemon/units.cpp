#include "daemon/units.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <span>

namespace parley::daemon {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// Largest first: the writers take the first unit that leaves a whole number.
constexpr Unit kDurations[] = {{"h", 3.6e12}, {"m", 6e10}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
constexpr Unit kSizes[] = {{"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}, {"GB", 1e9},
                           {"MB", 1e6},           {"kB", 1e3},        {"B", 1}};
constexpr Unit kRates[] = {{"Gbit", 1e9}, {"Mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}};

struct Quantity {
  double number;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return Quantity{number, unit};
}

std::optional<double> in_base_unit(std::string_view text, std::span<const Unit> units, std::string_view suffix = {}) {
  auto quantity = split(text);
  if (!quantity) return std::nullopt;
  if (!suffix.empty() && quantity->unit.ends_with(suffix)) quantity->unit.remove_suffix(suffix.size());
  for (const Unit& unit : units) {
    if (unit.name == quantity->unit) return quantity->number * unit.factor;
  }
  return std::nullopt;
}

std::optional<std::int64_t> whole(std::optional<double> value) {
  constexpr double kLimit = 9.2e18;  // below 2^63
  if (!value || *value > kLimit) return std::nullopt;
  return std::llround(*value);
}

std::string format_whole(std::int64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    const auto factor = static_cast<std::int64_t>(unit.factor);
    if (value != 0 && value % factor == 0) return fmt::format("{}{}", value / factor, unit.name);
  }
  return fmt::format("0{}", units.back().name);
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto count = whole(in_base_unit(text, kDurations));
  if (!count) return std::nullopt;
  return std::chrono::nanoseconds(*count);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  return duration.count() == 0 ? "0s" : format_whole(duration.count(), kDurations);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  return whole(in_base_unit(text, kSizes));
}

std::string format_size(std::int64_t bytes) {
  return format_whole(bytes, kSizes);
}

std::optional<double> parse_rate(std::string_view text) {
  return in_base_unit(text, kRates, "/s");
}

std::string format_rate(double bits_per_second) {
  for (const Unit& unit : kRates) {
    const double number = bits_per_second / unit.factor;
    if (number >= 1 && number == std::floor(number) && number * unit.factor == bits_per_second)
      return fmt::format("{:.0f}{}", number, unit.name);
  }
  // Fixed notation, because that is what is read; 17 decimals keep any rate of at least one bit per second exact.
  return bits_per_second == 0 ? "0bit" : fmt::format("{:.17f}bit", bits_per_second);
}

std::string approximate_bytes(double bytes) {
  constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t at = 0;
  while (bytes >= 1024 && at + 1 < std::size(kNames)) {
    bytes /= 1024;
    ++at;
  }
  if (at == 0) return fmt::format("{:.0f} B", bytes);
  const int decimals = bytes < 10 ? 2 : bytes < 100 ? 1 : 0;
  return fmt::format("{:.{}f} {}", bytes, decimals, kNames[at]);
}

}  // namespace parley::daemon
