// The records of a CSV file (RFC 4180, except that a quoted field ends on the line where it begins).
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "learning/datasets/text_file.h"

namespace parley::learning {

enum class Header { automatic, present, absent };

/// Reads records one by one. All have as many fields as the first line, of which one is the target. Empty lines are
/// skipped. Every failure throws base::OperatorError with the file and line.
class CsvFile {
 public:
  /// `target` is the name of a column, its 0-based number, or "last". With Header::automatic the first line is a header
  /// if a field of it, other than the target, is not a number.
  CsvFile(const std::filesystem::path& path, Header header, std::string_view target);

  /// Moves to the next record; false at the end.
  bool next();
  /// The same, without looking into the record: only skip() or next() may follow.
  bool skip();

  std::string_view target_field() const { return fields_[target_]; }
  /// Appends the other fields, as numbers, to `out`.
  void append_features(std::vector<float>& out) const;

  std::size_t feature_count() const { return columns_ - 1; }
  /// The names of the other columns; empty without a header.
  const std::vector<std::string>& feature_names() const { return feature_names_; }
  const LineReader& lines() const { return lines_; }

 private:
  bool next_line();
  void split();
  std::size_t find_target(std::string_view target, bool has_header) const;
  bool looks_like_header(std::string_view target) const;

  LineReader lines_;
  std::string_view line_;
  bool line_is_pending_ = false;  // line_ has been read and not yet handed out
  std::vector<std::string_view> fields_;
  std::string unquoted_;  // what fields_ point to where quotes had to be taken off
  std::size_t columns_ = 0;
  std::size_t target_ = 0;
  std::vector<std::string> feature_names_;
};

}  // namespace parley::learning
