#include "compression/coding/blocks.h"

#include <limits>

namespace parley::compression {

Blocks::Blocks(const base::Arguments& arguments, std::string_view name, const base::ParameterLayout& layout) {
  const bool rows = arguments.is(name, "row");
  if (!rows && !arguments.is(name, "tensor")) {
    block_ = static_cast<std::size_t>(arguments.integer(name));
    return;
  }
  block_ = std::numeric_limits<std::size_t>::max();
  for (const base::Tensor& tensor : layout.tensors())
    runs_.push_back({tensor.size(), rows && tensor.shape.size() > 1 ? tensor.shape.back() : tensor.size()});
  size_ = layout.size();
}

std::size_t Blocks::longest(std::size_t d) const {
  std::size_t longest = 1;
  for_each_run(d, [&](std::size_t, std::size_t length, std::size_t block) {
    longest = std::max(longest, std::min(length, block));
  });
  return longest;
}

}  // namespace parley::compression
