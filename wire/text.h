// Text that came from somewhere else and will be shown to a person: on a terminal, in a log, in JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::wire {

/// True for well-formed UTF-8 without control characters: nothing in it moves a cursor or breaks a line.
bool is_presentable(std::string_view text);

/// The text with '?' for each byte that is not presentable, cut at a character boundary to at most `max_bytes`.
/// Presentable text of up to `max_bytes` is returned unchanged.
std::string presentable(std::string_view text, std::size_t max_bytes);

}  // namespace parley::wire
