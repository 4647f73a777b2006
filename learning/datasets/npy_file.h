// Arrays as NumPy stores them: "\x93NUMPY", a version, a header that is a Python dictionary, then the elements.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "learning/datasets/input_file.h"

namespace parley::learning {

/// An array of m rows, read from front to back. Little endian, C order, versions 1 to 3 of the format; elements of 4 or
/// 8 byte floats, unsigned bytes, or 4 or 8 byte integers. Every failure throws base::OperatorError.
class NpyFile {
 public:
  enum class Element { f4, f8, u1, i4, i8 };

  /// Reads and checks the header, also against the size of the file.
  explicit NpyFile(const std::filesystem::path& path);

  Element element() const { return element_; }
  const std::vector<std::size_t>& shape() const { return shape_; }  ///< m first
  std::size_t rows() const { return shape_[0]; }
  std::size_t row_size() const { return row_size_; }  ///< elements in a row: the product of the other extents

  void skip_rows(std::size_t count);
  /// Reads a row as numbers, which are checked to be finite also as floats. Checked: out.size() == row_size().
  void read_row(std::span<double> out);
  /// Reads a row of unsigned bytes. Checked: element() == u1, out.size() == row_size().
  void read_row(std::span<std::uint8_t> out);
  /// Fails unless the file ends after the last row.
  void expect_end() { input_.expect_end("the last element"); }

  const InputFile& input() const { return input_; }

 private:
  std::string read_header();

  InputFile input_;
  Element element_ = Element::f4;
  std::vector<std::size_t> shape_;
  std::size_t row_size_ = 1;
  std::vector<std::byte> row_;
};

}  // namespace parley::learning
