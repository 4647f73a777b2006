#include "compression/coding/refusal.h"

#include <fmt/format.h>

#include <cmath>

namespace parley::compression {

base::Refusal not_finite(std::span<const float> x) {
  std::size_t i = 0;
  while (i < x.size() && std::isfinite(x[i])) ++i;
  PARLEY_CHECK(i < x.size(), x.size());
  return {"not_finite", fmt::format("x[{}] is {} (of {} coordinates)", i, x[i], x.size())};
}

base::Refusal wrong_size(std::size_t found, std::size_t expected) {
  return {"payload_size", fmt::format("{} bytes, expected {}", found, expected)};
}

base::Refusal truncated(std::size_t size) {
  return {"payload_truncated", fmt::format("{} bytes are too few for what they announce", size)};
}

base::Refusal wrong_scale(std::size_t block) {
  return {"payload_scale", fmt::format("the scale of block {} is not a possible one", block)};
}

base::Refusal wrong_code(std::size_t block) {
  return {"payload_code", fmt::format("block {} holds a code that is not in use", block)};
}

base::Refusal wrong_index(std::size_t position) {
  return {"payload_index", fmt::format("kept value {} has an index that is out of range", position)};
}

base::Refusal not_canonical(std::string_view what) {
  return {"payload_not_canonical", fmt::format("{} is not coded as the sender would", what)};
}

}  // namespace parley::compression
