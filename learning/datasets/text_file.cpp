#include "learning/datasets/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <span>

#include "base/error.h"

namespace parley::learning {
namespace {

constexpr std::size_t kFirstBuffer = 65536;
// Far above any real line (a million columns of ten characters), and a bound on what a file without lines can cost.
constexpr std::size_t kLongestLine = std::size_t{64} << 20;

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// std::from_chars does not know a leading plus.
std::string_view without_plus(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return text;
}

}  // namespace

LineReader::LineReader(const std::filesystem::path& path) : input_(path), buffer_(kFirstBuffer) {}

bool LineReader::refill() {
  std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
  end_ -= start_;
  start_ = 0;
  if (end_ == buffer_.size()) {
    if (buffer_.size() >= kLongestLine) fail(fmt::format("the line is longer than {} bytes", kLongestLine));
    buffer_.resize(2 * buffer_.size());
  }
  const std::size_t got = input_.read(std::as_writable_bytes(std::span(buffer_).subspan(end_)));
  end_ += got;
  return got > 0;
}

bool LineReader::next(std::string_view& line) {
  ++number_;
  std::size_t searched = 0;
  while (true) {
    const char* begin = buffer_.data() + start_;
    const void* found = std::memchr(begin + searched, '\n', end_ - start_ - searched);
    std::size_t length = end_ - start_;
    if (found != nullptr) {
      length = static_cast<std::size_t>(static_cast<const char*>(found) - begin);
      line = std::string_view(begin, length);
      start_ += length + 1;
    } else {
      searched = length;
      if (refill()) continue;
      if (length == 0) return false;
      line = std::string_view(buffer_.data() + start_, length);
      start_ = end_;
    }
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (number_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

void LineReader::fail(std::string_view message, std::uint64_t column) const {
  throw base::OperatorError(base::Place{.file = input_.name(),
                                        .line = static_cast<std::int64_t>(number_),
                                        .column = static_cast<std::int64_t>(column),
                                        .key = {}},
                            std::string(message));
}

std::optional<double> parse_real(std::string_view text) {
  text = without_plus(text);
  const auto value = parse_whole<double>(text);
  if (!value || !std::isfinite(static_cast<float>(*value))) return std::nullopt;
  return value;
}

bool looks_like_number(std::string_view text) {
  text = without_plus(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return parse_whole<std::uint64_t>(text);
}

std::string quoted_excerpt(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string shown(text.substr(0, kLongest));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return fmt::format("\"{}\"{}", shown, text.size() > kLongest ? "..." : "");
}

}  // namespace parley::learning
