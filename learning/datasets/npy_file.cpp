#include "learning/datasets/npy_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "learning/datasets/rows.h"
#include "learning/datasets/text_file.h"

namespace parley::learning {
namespace {

static_assert(std::endian::native == std::endian::little, "NPY elements are little endian");

struct ElementName {
  std::string_view descr;
  NpyFile::Element element;
  std::size_t size;
};
constexpr ElementName kElements[] = {{"<f4", NpyFile::Element::f4, 4},
                                     {"<f8", NpyFile::Element::f8, 8},
                                     {"|u1", NpyFile::Element::u1, 1},
                                     {"<i4", NpyFile::Element::i4, 4},
                                     {"<i8", NpyFile::Element::i8, 8}};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::size_t>> shape;
};

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, the part of Python's grammar that NumPy writes.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const InputFile& file) : text_(text), file_(file) {}

  Header read() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        header.descr = string();
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
      } else if (key == "shape") {
        header.shape = shape();
      } else {
        fail("a key other than descr, fortran_order and shape");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("more after the dictionary");
    return header;
  }

 private:
  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("no '{}'", c));
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  std::string string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect(quote);
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a string without end");
    std::string found(text_.substr(at_, end - at_));
    at_ = end + 1;
    return found;
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    fail("neither True nor False");
  }
  std::vector<std::size_t> shape() {
    std::vector<std::size_t> extents;
    expect('(');
    while (!accept(')')) {
      skip_space();
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      const auto extent = parse_count(text_.substr(start, at_ - start));
      if (!extent || *extent == 0) fail("a shape that is not made of positive numbers");
      extents.push_back(static_cast<std::size_t>(*extent));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }
  [[noreturn]] void fail(std::string_view found) const {
    file_.fail(
        fmt::format("the NPY header has {}, at its character {}: {}", found, at_, quoted_excerpt(text_.substr(at_))));
  }

  std::string_view text_;
  const InputFile& file_;
  std::size_t at_ = 0;
};

template <class T>
void convert(std::span<const std::byte> from, std::span<double> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    T value;
    std::memcpy(&value, from.data() + i * sizeof(T), sizeof(T));
    to[i] = static_cast<double>(value);
  }
}

const ElementName& name_of(NpyFile::Element element) {
  return *std::find_if(std::begin(kElements), std::end(kElements),
                       [&](const ElementName& known) { return known.element == element; });
}

}  // namespace

NpyFile::NpyFile(const std::filesystem::path& path) : input_(path) {
  const std::string text = read_header();
  const Header header = HeaderReader(text, input_).read();
  if (!header.descr || !header.fortran_order || !header.shape) {
    input_.fail("the NPY header needs descr, fortran_order and shape");
  }
  const auto known = std::find_if(std::begin(kElements), std::end(kElements),
                                  [&](const ElementName& name) { return name.descr == *header.descr; });
  if (known == std::end(kElements)) {
    input_.fail(
        fmt::format("found elements of type {}; needed <f4, <f8, |u1, <i4 or <i8", quoted_excerpt(*header.descr)));
  }
  if (*header.fortran_order) {
    input_.fail("found an array in Fortran order; needed C order: store numpy.ascontiguousarray(a)");
  }
  if (header.shape->empty()) input_.fail("found a scalar; needed an array with one row per sample");
  element_ = known->element;
  shape_ = *header.shape;
  for (std::size_t axis = 1; axis < shape_.size(); ++axis) {
    if (shape_[axis] > kMostFeatures / row_size_) {
      input_.fail(fmt::format("found more than {} elements for a sample", kMostFeatures));
    }
    row_size_ *= shape_[axis];
  }
  const std::size_t row_bytes = row_size_ * known->size;
  if (rows() > (input_.most_bytes() - std::min(input_.most_bytes(), input_.offset())) / row_bytes) {
    input_.fail(fmt::format("the header promises {} rows of {} bytes, more than the file can hold; copy the file again",
                            rows(), row_bytes));
  }
}

std::string NpyFile::read_header() {
  constexpr std::string_view kMagic = "\x93NUMPY";
  // NumPy itself refuses to read headers above 10,000 characters.
  constexpr std::size_t kLongest = 65535;
  std::array<char, 8> start{};
  input_.read_exactly(std::as_writable_bytes(std::span(start)), "the NPY header");
  if (std::string_view(start.data(), kMagic.size()) != kMagic) {
    input_.fail_at(0, fmt::format("found {}; needed \\x93NUMPY, the start of an NPY file",
                                  quoted_excerpt(std::string_view(start.data(), kMagic.size()))));
  }
  const int version = static_cast<unsigned char>(start[6]);
  if (version < 1 || version > 3)
    input_.fail_at(6, fmt::format("found version {} of the format; needed 1, 2 or 3", version));
  std::array<std::uint8_t, 4> little_endian{};
  const std::size_t width = version == 1 ? 2 : 4;
  input_.read_exactly(std::as_writable_bytes(std::span(little_endian).first(width)), "the NPY header");
  std::uint32_t length = 0;
  for (std::size_t i = width; i > 0; --i) length = length << 8 | little_endian[i - 1];
  if (length > kLongest)
    input_.fail_at(8, fmt::format("found a header of {} bytes; needed at most {}", length, kLongest));
  std::string text(length, '\0');
  input_.read_exactly(std::as_writable_bytes(std::span(text)), "the NPY header");
  return text;
}

void NpyFile::skip_rows(std::size_t count) {
  input_.skip(std::uint64_t{count} * row_size_ * name_of(element_).size, "the array");
}

void NpyFile::read_row(std::span<double> out) {
  PARLEY_CHECK(out.size() == row_size_, out.size(), row_size_);
  const std::uint64_t start = input_.offset();
  const std::size_t size = name_of(element_).size;
  row_.resize(row_size_ * size);
  input_.read_exactly(row_, "the array");
  switch (element_) {
    case Element::f4:
      convert<float>(row_, out);
      break;
    case Element::f8:
      convert<double>(row_, out);
      break;
    case Element::u1:
      convert<std::uint8_t>(row_, out);
      break;
    case Element::i4:
      convert<std::int32_t>(row_, out);
      break;
    case Element::i8:
      convert<std::int64_t>(row_, out);
      break;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::isfinite(static_cast<float>(out[i]))) continue;
    input_.fail_at(start + i * size, fmt::format("found {}; needed a number that is finite as a 4 byte float", out[i]));
  }
}

void NpyFile::read_row(std::span<std::uint8_t> out) {
  PARLEY_CHECK(element_ == Element::u1 && out.size() == row_size_, out.size(), row_size_);
  input_.read_exactly(std::as_writable_bytes(out), "the array");
}

}  // namespace parley::learning
