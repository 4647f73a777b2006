// Columns of text, aligned, for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace parley::daemon {

/// Rows of cells. Every column but the last is as wide as its widest cell; the last is wrapped at spaces so that lines
/// stay within `width` where the other columns leave it room.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}
  /// Checked: as many cells as the header has.
  void add(std::vector<std::string> row);
  std::string text(std::size_t width = 100) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// `text` in lines of at most `width` bytes, broken at spaces; a longer word has a line of its own.
std::vector<std::string> wrap(const std::string& text, std::size_t width);

}  // namespace parley::daemon
