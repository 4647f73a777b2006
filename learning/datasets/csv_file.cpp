#include "learning/datasets/csv_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "learning/datasets/rows.h"

namespace parley::learning {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

CsvFile::CsvFile(const std::filesystem::path& path, Header header, std::string_view target) : lines_(path) {
  if (!next_line()) lines_.fail("found an empty file; needed records of comma separated values");
  split();
  columns_ = fields_.size();
  if (columns_ < 2) lines_.fail("found one column; needed at least one feature and the target, separated by commas");
  if (columns_ > kMostFeatures) lines_.fail(fmt::format("found more than {} columns", kMostFeatures));
  const bool has_header = header == Header::present || (header == Header::automatic && looks_like_header(target));
  target_ = find_target(target, has_header);
  line_is_pending_ = !has_header;
  for (std::size_t column = 0; has_header && column < columns_; ++column) {
    if (column != target_) feature_names_.emplace_back(fields_[column]);
  }
}

bool CsvFile::next_line() {
  if (line_is_pending_) {
    line_is_pending_ = false;
    return true;
  }
  do {
    if (!lines_.next(line_)) return false;
  } while (trimmed(line_).empty());
  return true;
}

bool CsvFile::skip() {
  return next_line();
}

bool CsvFile::next() {
  if (!next_line()) return false;
  split();
  if (fields_.size() != columns_) {
    lines_.fail(fmt::format("found {} fields; needed {}, as in the first line", fields_.size(), columns_));
  }
  return true;
}

void CsvFile::split() {
  fields_.clear();
  unquoted_.clear();
  unquoted_.reserve(line_.size());  // never moves below, so that fields may point into it
  std::string_view rest = line_;
  while (true) {
    const std::string_view from_quote = trimmed(rest);
    if (!from_quote.starts_with('"')) {
      const std::size_t comma = rest.find(',');
      fields_.push_back(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos) return;
      rest.remove_prefix(comma + 1);
      continue;
    }
    rest = from_quote.substr(1);
    const std::size_t start = unquoted_.size();
    while (true) {
      const std::size_t quote = rest.find('"');
      if (quote == std::string_view::npos) lines_.fail("found a quote that is not closed on its line");
      unquoted_ += rest.substr(0, quote);
      rest.remove_prefix(quote + 1);
      if (!rest.starts_with('"')) break;
      unquoted_ += '"';
      rest.remove_prefix(1);
    }
    fields_.push_back(std::string_view(unquoted_).substr(start));
    rest = trimmed(rest);
    if (rest.empty()) return;
    if (rest.front() != ',')
      lines_.fail(fmt::format("found {} after a closing quote; needed a comma", quoted_excerpt(rest)));
    rest.remove_prefix(1);
  }
}

bool CsvFile::looks_like_header(std::string_view target) const {
  if (std::find(fields_.begin(), fields_.end(), target) != fields_.end() && !parse_count(target)) return true;
  std::size_t skipped = columns_ - 1;
  if (const auto number = parse_count(target)) skipped = static_cast<std::size_t>(*number);
  for (std::size_t column = 0; column < columns_; ++column) {
    if (column != skipped && !parse_real(fields_[column])) return true;
  }
  return false;
}

std::size_t CsvFile::find_target(std::string_view target, bool has_header) const {
  const auto named = std::find(fields_.begin(), fields_.end(), target);
  if (has_header && named != fields_.end()) return static_cast<std::size_t>(named - fields_.begin());
  if (target == "last") return columns_ - 1;
  const auto number = parse_count(target);
  if (number && *number < columns_) return static_cast<std::size_t>(*number);
  if (number) lines_.fail(fmt::format("found {} columns; target={} needs to be below that", columns_, *number));
  if (!has_header)
    lines_.fail(fmt::format("found no header; target={} needs one, or give the column's 0-based number", target));
  const auto shown = std::min<std::ptrdiff_t>(20, std::ssize(fields_));
  lines_.fail(fmt::format("found no column {}; there are: {}{}", quoted_excerpt(target),
                          fmt::join(fields_.begin(), fields_.begin() + shown, ", "),
                          shown < std::ssize(fields_) ? ", ..." : ""));
}

void CsvFile::append_features(std::vector<float>& out) const {
  for (std::size_t column = 0; column < columns_; ++column) {
    if (column == target_) continue;
    const auto number = parse_real(fields_[column]);
    if (!number) {
      lines_.fail(
          fmt::format("in column {}: found {}; needed a finite number", column, quoted_excerpt(fields_[column])));
    }
    out.push_back(static_cast<float>(*number));
  }
}

}  // namespace parley::learning
