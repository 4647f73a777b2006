#include "wire/text.h"

#include <algorithm>
#include <cstdint>

namespace parley::wire {
namespace {

/// Bytes of the presentable character that starts at `text[0]`; 0 if none does. Precondition: text is not empty.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  if (length == 0 || lead > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
    code = (code << 6U) | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kFirstOfLength[] = {0, 0, 0xa0, 0x800, 0x10000};  // below 0xa0: the C1 control characters
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= kFirstOfLength[length] && code <= 0x10ffff && !surrogate ? length : 0;
}

}  // namespace

bool is_presentable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_bytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string presentable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(character_bytes(text), 1);
    if (out.size() + length > max_bytes) break;
    if (character_bytes(text) == 0)
      out += '?';
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace parley::wire
