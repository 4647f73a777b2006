// Texts that cross the wire and end in logs and on terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::wire {

/// True if the text is well-formed UTF-8 and has no control characters, which could forge log lines or move a cursor.
bool is_clean(std::string_view text);

/// The text with every offending byte replaced by '?', cut to at most `limit` bytes between two characters.
std::string cleaned(std::string_view text, std::size_t limit);

/// At most about 120 bytes of a clean text around the byte `at`, with "..." where something was left out.
std::string excerpt(std::string_view text, std::size_t at);

}  // namespace parley::wire
