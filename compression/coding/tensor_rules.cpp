#include "compression/coding/tensor_rules.h"

#include <algorithm>

namespace parley::compression {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == kNone ? std::string_view() : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
  // The last star takes as little as it can, and more whenever what follows it fails.
  std::size_t p = 0, n = 0, star = kNone, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != kNone) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

std::vector<TensorRule> parse_tensor_rules(std::string_view text) {
  std::vector<TensorRule> rules;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view rule = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (rule.empty()) continue;
    const std::size_t equals = std::min(rule.find('='), rule.size());
    const std::string_view pattern = trimmed(rule.substr(0, equals));
    const std::string_view spec = trimmed(rule.substr(std::min(equals + 1, rule.size())));
    if (pattern.empty() || spec.empty())
      throw base::OperatorError(
          fmt::format("in the rule \"{}\": expected PATTERN=OPERATOR, as in \"*.bias=identity\"", rule));
    rules.push_back({pattern, spec});
  }
  return rules;
}

}  // namespace parley::compression
