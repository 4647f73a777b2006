#include "base/spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace parley::base {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_name_character(char c) {
  return is_lower(c) || is_digit(c) || c == '_' || c == '-';
}
bool is_word_character(char c) {
  return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') ||
         std::string_view("_.+/:-").find(c) != std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() && is_lower(text.front()) && std::all_of(text.begin(), text.end(), is_name_character);
}

/// Reads specs from left to right; every error names the column.
class SpecReader {
 public:
  explicit SpecReader(std::string_view text) : text_(text) {}

  Spec spec() {
    Spec spec{name(), {}};
    if (!accept('(')) return spec;
    if (accept(')')) return spec;
    do {
      spec.arguments.push_back(argument());
    } while (accept(','));
    if (!accept(')')) fail("expected \",\" or \")\"");
    return spec;
  }

  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect_end() {
    skip_space();
    if (at_ != text_.size()) fail("expected the end");
  }

 private:
  std::string name() {
    skip_space();
    const std::size_t start = at_;
    if (at_ < text_.size() && is_lower(text_[at_])) {
      while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    }
    if (at_ == start) fail("expected a name in lower case");
    return std::string(text_.substr(start, at_ - start));
  }

  SpecArgument argument() {
    skip_space();
    const std::size_t start = at_;
    SpecArgument first = value();
    if (first.quoted || !accept('=')) return first;
    if (!is_name(first.value)) {
      at_ = start;
      fail("expected a parameter's name in lower case before \"=\"");
    }
    SpecArgument named = value();
    named.name = std::move(first.value);
    return named;
  }

  SpecArgument value() {
    if (accept('"')) return quoted();
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word_character(text_[at_])) ++at_;
    if (at_ == start) fail("expected a value");
    return {.name = {}, .value = std::string(text_.substr(start, at_ - start)), .quoted = false};
  }

  SpecArgument quoted() {
    SpecArgument argument{.name = {}, .value = {}, .quoted = true};
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return argument;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      argument.value += text_[at_];
    }
    fail("expected a closing quote");
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  [[noreturn]] void fail(std::string_view expected) const {
    const std::string found = at_ < text_.size() ? fmt::format("\"{}\"", text_[at_]) : "the end";
    throw OperatorError(fmt::format("in \"{}\", column {}: {}, found {}", text_, at_ + 1, expected, found));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string quote(std::string_view value) {
  std::string text = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

bool is_choice(const Parameter& parameter, std::string_view value) {
  std::string_view rest = parameter.choices;
  while (!rest.empty()) {
    const std::size_t bar = rest.find('|');
    if (rest.substr(0, bar) == value) return true;
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  return false;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string allowed(const Parameter& parameter) {
  if (parameter.kind == ParameterKind::word) return fmt::format("one of {}", parameter.choices);
  const std::string_view kind = parameter.kind == ParameterKind::integer ? "a whole number" : "a number";
  std::string text = fmt::format("{} from {} to {}", kind, parameter.low, parameter.high);
  if (!parameter.choices.empty()) text += fmt::format(", or {}", parameter.choices);
  return text;
}

bool is_valid(const Parameter& parameter, std::string_view value) {
  if (is_choice(parameter, value)) return true;
  if (parameter.kind == ParameterKind::word) return parameter.choices.empty();
  std::optional<double> number;
  if (parameter.kind == ParameterKind::integer) {
    const auto whole = parse_number<std::int64_t>(value);
    if (whole) number = static_cast<double>(*whole);
  } else {
    number = parse_number<double>(value);
  }
  return number && std::isfinite(*number) && *number >= parameter.low && *number <= parameter.high;
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1 each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string Spec::text() const {
  if (arguments.empty()) return name;
  std::string text = name + '(';
  for (const SpecArgument& argument : arguments) {
    if (text.back() != '(') text += ", ";
    if (!argument.name.empty()) text += argument.name + '=';
    text += argument.quoted ? quote(argument.value) : argument.value;
  }
  return text + ')';
}

Spec parse_spec(std::string_view text) {
  SpecReader reader(text);
  Spec spec = reader.spec();
  reader.expect_end();
  return spec;
}

std::vector<Spec> parse_pipeline(std::string_view text) {
  SpecReader reader(text);
  std::vector<Spec> stages;
  do {
    stages.push_back(reader.spec());
  } while (reader.accept('|'));
  reader.expect_end();
  return stages;
}

Arguments::Arguments(const Spec& spec, std::span<const Parameter> parameters)
    : name_(spec.name), parameters_(parameters), values_(parameters.size()) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name);
  for (std::size_t i = 0; i < spec.arguments.size(); ++i) {
    const SpecArgument& argument = spec.arguments[i];
    std::size_t at = i;
    if (!argument.name.empty()) {
      at = static_cast<std::size_t>(std::find(names.begin(), names.end(), argument.name) - names.begin());
      if (at == names.size())
        throw OperatorError(fmt::format("in \"{}\": {}", spec.text(), unknown_name("parameter", argument.name, names)));
    } else if (i >= parameters.size()) {
      throw OperatorError(fmt::format("in \"{}\": {} takes at most {} arguments, found {}", spec.text(), spec.name,
                                      parameters.size(), spec.arguments.size()));
    }
    if (values_[at]) throw OperatorError(fmt::format("in \"{}\": {} is given twice", spec.text(), names[at]));
    if (!is_valid(parameters[at], argument.value)) {
      throw OperatorError(fmt::format("in \"{}\": {} = {}; allowed: {}", spec.text(), names[at], argument.value,
                                      allowed(parameters[at])));
    }
    values_[at] = argument.value;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (values_[i]) continue;
    if (parameters[i].required)
      throw OperatorError(
          fmt::format("in \"{}\": {} needs {} ({})", spec.text(), spec.name, names[i], parameters[i].help));
    if (!parameters[i].fallback.empty()) values_[i] = parameters[i].fallback;
  }
}

std::size_t Arguments::position(std::string_view name) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name == name) return i;
  }
  PARLEY_CHECK(false, name_, name);
  return 0;
}

bool Arguments::given(std::string_view name) const {
  return values_[position(name)].has_value();
}

const std::string& Arguments::value(std::string_view name, bool number) const {
  const std::size_t at = position(name);
  PARLEY_CHECK(values_[at].has_value(), name_, name);
  PARLEY_CHECK((parameters_[at].kind != ParameterKind::word) == number, name_, name);
  return *values_[at];
}

std::int64_t Arguments::integer(std::string_view name) const {
  const auto number = parse_number<std::int64_t>(value(name, true));
  PARLEY_CHECK(number.has_value(), name_, name);
  return *number;
}

double Arguments::real(std::string_view name) const {
  const auto number = parse_number<double>(value(name, true));
  PARLEY_CHECK(number.has_value(), name_, name);
  return *number;
}

const std::string& Arguments::word(std::string_view name) const {
  return value(name, false);
}

bool Arguments::is(std::string_view name, std::string_view wanted) const {
  const auto& held = values_[position(name)];
  return held.has_value() && *held == wanted;
}

std::string Arguments::canonical() const {
  Spec spec{name_, {}};
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!values_[i]) continue;
    const bool plain = !values_[i]->empty() && std::all_of(values_[i]->begin(), values_[i]->end(), is_word_character);
    std::string value = *values_[i];
    if (parameters_[i].kind != ParameterKind::word && !is_choice(parameters_[i], value)) {
      // One text for one number: 007 is 7, 1e-2 is 0.01, and adding zero turns -0 into 0.
      value = parameters_[i].kind == ParameterKind::integer ? fmt::format("{}", *parse_number<std::int64_t>(value))
                                                            : fmt::format("{}", *parse_number<double>(value) + 0.0);
    }
    spec.arguments.push_back({std::string(parameters_[i].name), std::move(value), !plain});
  }
  return spec.text();
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongestCompared = 64;  // bounds the work on hostile input
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  if (word.size() > kLongestCompared) return best;
  for (std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string unknown_name(std::string_view what, std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest(word, known);
  return fmt::format("unknown {} \"{}\"; {}known: {}", what, word,
                     near ? fmt::format("did you mean \"{}\"? ", *near) : std::string(),
                     known.empty() ? "none" : fmt::to_string(fmt::join(known, ", ")));
}

}  // namespace parley::base
