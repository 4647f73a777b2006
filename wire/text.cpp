#include "wire/text.h"

#include <algorithm>
#include <cstdint>

namespace parley::wire {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Length of the well-formed printable character that `text` starts with; 0 if there is none (Unicode 15, table 3-7).
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (first == 0xC2 && second < 0xA0) return 0;  // C1 control characters
  if (first == 0xE0 && second < 0xA0) return 0;  // longer than need be
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;  // longer than need be
  if (first == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
  return length;
}

}  // namespace

bool is_clean(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string cleaned(std::string_view text, std::size_t limit) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::size_t taken = std::max<std::size_t>(length, 1);
    if (clean.size() + taken > limit) break;
    if (length == 0)
      clean += '?';
    else
      clean += text.substr(0, length);
    text.remove_prefix(taken);
  }
  return clean;
}

std::string excerpt(std::string_view text, std::size_t at) {
  constexpr std::size_t kBefore = 40, kLength = 120;
  if (text.size() <= kLength) return std::string(text);
  std::size_t begin = at > kBefore ? std::min(at - kBefore, text.size() - kLength) : 0;
  while (begin > 0 && is_continuation(text[begin])) --begin;
  std::size_t end = std::min(begin + kLength, text.size());
  while (end < text.size() && is_continuation(text[end])) ++end;
  return (begin > 0 ? "..." : "") + std::string(text.substr(begin, end - begin)) + (end < text.size() ? "..." : "");
}

}  // namespace parley::wire
