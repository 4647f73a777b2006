#include "daemon/text_table.h"

#include <algorithm>

#include "base/error.h"

namespace parley::daemon {

std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    at = end + 1;
  }
  return lines;
}

void TextTable::add(std::vector<std::string> row) {
  PARLEY_CHECK(row.size() == header_.size(), row.size(), header_.size());
  rows_.push_back(std::move(row));
}

std::string TextTable::text(std::size_t width) const {
  constexpr std::size_t kGap = 2;
  constexpr std::size_t kNarrowest = 24;  // a last column narrower than this is harder to read than a long line
  std::vector<std::size_t> widths(header_.size());
  for (std::size_t column = 0; column < header_.size(); ++column) {
    widths[column] = header_[column].size();
    for (const auto& row : rows_) widths[column] = std::max(widths[column], row[column].size());
  }
  std::size_t indent = 0;
  for (std::size_t column = 0; column + 1 < widths.size(); ++column) indent += widths[column] + kGap;
  const std::size_t last = width > indent + kNarrowest ? width - indent : kNarrowest;

  std::string text;
  const auto append = [&](const std::vector<std::string>& row) {
    for (std::size_t column = 0; column + 1 < row.size(); ++column)
      text += row[column] + std::string(widths[column] + kGap - row[column].size(), ' ');
    const auto lines = wrap(row.back(), last);
    for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : std::string(indent, ' ')) + lines[i] + '\n';
  };
  append(header_);
  for (const auto& row : rows_) append(row);
  return text;
}

}  // namespace parley::daemon
