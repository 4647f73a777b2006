// Text files of samples: their lines and the numbers in them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "learning/datasets/input_file.h"

namespace parley::learning {

/// Reads a text file line by line. A byte order mark at its start and carriage returns at the ends of lines are
/// dropped.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path);

  /// Sets `line` to the next one, without its end; false at the end of the file. The view is valid until the next call.
  bool next(std::string_view& line);
  std::uint64_t number() const { return number_; }  ///< of the line read last, 1-based
  const std::string& file() const { return input_.name(); }

  /// Throws OperatorError "file:line:column: message"; column 0: not known.
  [[noreturn]] void fail(std::string_view message, std::uint64_t column = 0) const;

 private:
  bool refill();

  InputFile input_;
  std::vector<char> buffer_;
  std::size_t start_ = 0, end_ = 0;  // what has been read and not yet handed out
  std::uint64_t number_ = 0;
};

/// A decimal number that takes up the whole text, such as "-1", "+1", ".5" or "2e-3", and is finite also as a float;
/// nothing otherwise.
std::optional<double> parse_real(std::string_view text);
/// True of texts that would be numbers, were they within range: also "nan", "inf" and "1e999".
bool looks_like_number(std::string_view text);
/// A decimal number without sign.
std::optional<std::uint64_t> parse_count(std::string_view text);
/// `text` as it appears in an error message: quoted, cut to a readable length, unprintable bytes replaced.
std::string quoted_excerpt(std::string_view text);

}  // namespace parley::learning
