#include "base/layout.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.h"

namespace parley::base {

std::size_t Tensor::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

ParameterLayout ParameterLayout::flat(std::size_t d, std::string name) {
  ParameterLayout layout;
  if (d > 0) layout.add(std::move(name), {d});
  return layout;
}

void ParameterLayout::add(std::string name, std::vector<std::size_t> shape) {
  for (const Tensor& tensor : tensors_) PARLEY_CHECK(tensor.name != name, name);
  for (std::size_t extent : shape) PARLEY_CHECK(extent > 0, name);
  tensors_.push_back(Tensor{std::move(name), std::move(shape), size_});
  size_ += tensors_.back().size();
}

const Tensor& ParameterLayout::tensor_of(std::size_t i) const {
  PARLEY_CHECK(i < size_, i, size_);
  const auto after = std::upper_bound(tensors_.begin(), tensors_.end(), i,
                                      [](std::size_t index, const Tensor& tensor) { return index < tensor.offset; });
  return *std::prev(after);
}

std::uint64_t ParameterLayout::fingerprint() const {
  std::string canonical;
  for (const Tensor& tensor : tensors_) {
    canonical += fmt::format("{}:{}", tensor.name.size(), tensor.name);  // so that no name can look like a shape
    for (std::size_t extent : tensor.shape) canonical += fmt::format(",{}", extent);
    canonical += ';';
  }
  return XXH3_64bits(canonical.data(), canonical.size());
}

}  // namespace parley::base
