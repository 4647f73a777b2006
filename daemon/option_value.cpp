#include "daemon/option_value.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/error.h"
#include "daemon/units.h"

namespace parley::daemon {
namespace {

using base::OperatorError;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_textual(OptionKind kind) {
  return kind == OptionKind::word || kind == OptionKind::text || kind == OptionKind::spec;
}

bool is_choice(std::string_view choices, std::string_view word) {
  while (!choices.empty()) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == word) return true;
    choices = bar == std::string_view::npos ? std::string_view{} : choices.substr(bar + 1);
  }
  return false;
}

[[noreturn]] void refuse(const Option& option, std::string_view found) {
  throw OperatorError(fmt::format("found {}; allowed: {}", found, describe_allowed(option)));
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      quoted += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

/// A value in the unit of its bounds.
std::optional<double> magnitude(const OptionValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* duration = std::get_if<std::chrono::nanoseconds>(&value))
    return std::chrono::duration<double>(*duration).count();
  return std::nullopt;
}

std::string format_bound(const Option& option, double bound) {
  switch (option.kind) {
    case OptionKind::duration:
      return format_duration(std::chrono::nanoseconds(std::llround(bound * 1e9)));
    case OptionKind::size:
      return format_size(std::llround(bound));
    case OptionKind::rate:
      return format_rate(bound);
    case OptionKind::integer:
      return fmt::format("{:.0f}", bound);
    default:
      return fmt::format("{:g}", bound);
  }
}

std::string join_choices(std::string_view choices) {
  std::string text;
  for (const char c : choices) text += c == '|' ? std::string("\", \"") : std::string(1, c);
  return fmt::format("\"{}\"", text);
}

std::string_view noun_of(const Option& option) {
  switch (option.kind) {
    case OptionKind::integer:
      return "a whole number";
    case OptionKind::real:
      return "a number";
    case OptionKind::duration:
      return "a duration such as \"200ms\", \"5s\" or \"2m\"";
    case OptionKind::size:
      return "a size such as \"512KiB\" or \"4MiB\"";
    case OptionKind::rate:
      return "a rate such as \"100Mbit\"";
    default:
      return "";
  }
}

OptionValue parse_kind(const Option& option, std::string_view text) {
  const auto need = [&](auto parsed) -> OptionValue {
    if (!parsed) refuse(option, quote(text));
    return *parsed;
  };
  switch (option.kind) {
    case OptionKind::boolean:
      if (text != "true" && text != "false") refuse(option, quote(text));
      return text == "true";
    case OptionKind::integer:
      return need(parse_number<std::int64_t>(text));
    case OptionKind::real:
      return need(parse_number<double>(text));
    case OptionKind::duration:
      return need(parse_duration(text));
    case OptionKind::size:
      return need(parse_size(text));
    case OptionKind::rate:
      return need(parse_rate(text));
    case OptionKind::word:
    case OptionKind::text:
    case OptionKind::spec:
      break;
  }
  return std::string(text);
}

}  // namespace

std::string describe_allowed(const Option& option) {
  switch (option.kind) {
    case OptionKind::boolean:
      return "true or false";
    case OptionKind::word:
      return "one of " + join_choices(option.choices);
    case OptionKind::text:
      return fmt::format("a text of at most {:.0f} bytes", option.high);
    case OptionKind::spec:
      return fmt::format("a {} such as \"{}\"", name_of(*option.spec), option.example);
    default:
      break;
  }
  std::string text = fmt::format("{} from {} to {}", noun_of(option), format_bound(option, option.low),
                                 format_bound(option, option.high));
  if (!option.choices.empty()) text += fmt::format(", or {}", join_choices(option.choices));
  return text;
}

OptionValue parse_value(const Option& option, std::string_view text) {
  if (!is_textual(option.kind) && is_choice(option.choices, text)) return std::monostate{};
  OptionValue value = parse_kind(option, text);
  check_value(option, value);
  return value;
}

void check_value(const Option& option, const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (option.kind == OptionKind::word && !is_choice(option.choices, *text)) refuse(option, quote(*text));
    constexpr double kLongestSpec = 256;
    const double longest = option.kind == OptionKind::text ? option.high : kLongestSpec;
    if (static_cast<double>(text->size()) > longest)
      throw OperatorError(fmt::format("found a text of {} bytes; at most {:.0f} are allowed", text->size(), longest));
    if (text->find('\0') != std::string::npos) throw OperatorError("found a text with a zero byte in it");
    if (option.kind == OptionKind::spec) static_cast<void>(canonical_spec(*option.spec, *text));
    return;
  }
  const auto number = magnitude(value);
  if (number && (!std::isfinite(*number) || *number < option.low || *number > option.high))
    refuse(option, format_value(option, value));
}

std::string format_value(const Option& option, const OptionValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return std::string(option.choices);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* duration = std::get_if<std::chrono::nanoseconds>(&value)) return format_duration(*duration);
  if (const auto* real = std::get_if<double>(&value))
    return option.kind == OptionKind::rate ? format_rate(*real) : fmt::format("{}", *real);
  const auto whole = std::get<std::int64_t>(value);
  return option.kind == OptionKind::size ? format_size(whole) : fmt::format("{}", whole);
}

std::string format_toml(const Option& option, const OptionValue& value) {
  const std::string text = format_value(option, value);
  const bool bare =
      std::holds_alternative<bool>(value) || option.kind == OptionKind::integer || option.kind == OptionKind::real;
  return bare && !std::holds_alternative<std::monostate>(value) ? text : quote(text);
}

}  // namespace parley::daemon
