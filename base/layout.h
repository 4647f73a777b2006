// How the one flat vector of parameters is divided into named tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace parley::base {

/// One tensor of a model: row-major, contiguous, at [offset, offset + size()) of the flat vector.
struct Tensor {
  std::string name;                ///< such as "hidden.weight"; unique within a layout
  std::vector<std::size_t> shape;  ///< every extent at least 1; empty for a scalar
  std::size_t offset = 0;          ///< in floats, from the start of the flat vector

  std::size_t size() const;  ///< number of floats: the product of the shape
};

/// The tensors of a model in the order in which they lie in the flat vector of d floats, without gaps.
class ParameterLayout {
 public:
  ParameterLayout() = default;
  /// A single tensor of one axis, for vectors that have no structure.
  static ParameterLayout flat(std::size_t d, std::string name = "x");

  /// Appends a tensor. Checked: the name is new, every extent is at least 1.
  void add(std::string name, std::vector<std::size_t> shape);

  std::size_t size() const { return size_; }  ///< d, the number of parameters
  std::span<const Tensor> tensors() const { return tensors_; }
  /// The tensor that holds coordinate i. Checked: i < size().
  const Tensor& tensor_of(std::size_t i) const;

  /// 64-bit hash of names and shapes: peers whose fingerprints differ do not train the same model.
  std::uint64_t fingerprint() const;

 private:
  std::vector<Tensor> tensors_;
  std::size_t size_ = 0;
};

}  // namespace parley::base
