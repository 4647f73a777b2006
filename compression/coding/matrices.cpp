#include "compression/coding/matrices.h"

#include <cmath>

namespace parley::compression {

Matrices::Matrices(const base::ParameterLayout& layout) {
  const auto tensors = layout.tensors();
  if (tensors.empty() || (tensors.size() == 1 && tensors[0].shape.size() < 2)) return;
  d_ = layout.size();
  for (const base::Tensor& tensor : tensors) {
    const std::size_t m = tensor.shape.empty() ? 1 : tensor.shape[0];
    matrices_.push_back({tensor.offset, m, tensor.size() / m});
  }
}

/// floor(sqrt(d)), d < 2^52
std::size_t Matrices::root(std::size_t d) {
  return static_cast<std::size_t>(std::sqrt(static_cast<double>(d)));
}

}  // namespace parley::compression
