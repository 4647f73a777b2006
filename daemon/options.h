// The one table of everything that can be configured. It feeds the TOML reader, --set, the environment, `parley config
// explain`, the commented sample file and the reference page, so that they cannot disagree.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/spec_kinds.h"

namespace parley::daemon {

struct Config;
struct RosterEntry;

enum class OptionKind : std::uint8_t {
  boolean,
  integer,
  real,
  word,      ///< one of `choices`
  text,      ///< at most `high` bytes
  spec,      ///< a spec string of `spec`
  duration,  ///< bounds in seconds
  size,      ///< bounds in bytes
  rate,      ///< bounds in bits per second
};

/// monostate: the word in `choices` that stands for "no number", such as "none". Otherwise by kind: bool; int64 for
/// integer and size; double for real and rate; string for word, text and spec; nanoseconds for duration.
using OptionValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::chrono::nanoseconds>;

enum class Change : std::uint8_t {
  restart,  ///< read once, when a daemon starts
  live,     ///< may be changed in a running daemon
};

enum class Agreement : std::uint8_t {
  own,     ///< each peer may have its own value
  common,  ///< peers compare it when they greet each other and refuse a link where it differs
};

/// How an option reaches its field.
struct ConfigField {
  void (*set)(Config&, const OptionValue&) = nullptr;
  OptionValue (*get)(const Config&) = nullptr;
};

/// One row. All views have static lifetime.
struct Option {
  std::string_view section, key;
  OptionKind kind = OptionKind::text;
  std::string_view unit = {};      ///< for people, such as "rounds"; empty: none
  std::string_view fallback = {};  ///< the default, as --set would write it
  double low = 0, high = 0;        ///< inclusive bounds of a number; `high` bounds the length of a text
  /// "a|b" for a word. With a number: one word that is allowed instead of it.
  std::string_view choices = {};
  std::optional<SpecKind> spec = {};
  Change change = Change::restart;
  Agreement agreement = Agreement::own;
  std::string_view help;
  std::string_view example;  ///< a value, as --set would write it
  ConfigField field = {};

  std::string name() const;  ///< "section.key"
};

/// A key of a [[peer]] table.
struct PeerOption {
  Option option;
  void (*set)(RosterEntry&, const OptionValue&) = nullptr;
};

/// Sections in the order in which people meet them, with a sentence on each.
struct Section {
  std::string_view name;
  std::string_view help;
};

std::span<const Section> section_table();
std::span<const Option> option_table();
std::span<const PeerOption> peer_option_table();

/// The row of "section.key". Throws base::OperatorError with the nearest known key.
const Option& find_option(std::string_view name);

/// "PARLEY_SWARM_ROUNDS" for swarm.rounds.
std::string environment_name(const Option& option);

}  // namespace parley::daemon
