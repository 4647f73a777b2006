#include "compression/coding/kept_count.h"

#include <algorithm>
#include <cmath>

namespace parley::compression {

std::size_t share_of(double share, std::size_t d) {
  if (d == 0) return 0;
  const double wanted = std::ceil(share * static_cast<double>(d) - 1e-9);
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(wanted, 1.0)), 1, d);
}

KeptCount::KeptCount(const base::Arguments& arguments) {
  if (arguments.given("ratio") && arguments.given("k"))
    throw base::OperatorError(fmt::format("in \"{}\": give ratio or k, not both", arguments.canonical()));
  if (arguments.given("ratio")) ratio_ = arguments.real("ratio");
  if (arguments.given("k")) k_ = static_cast<std::size_t>(arguments.integer("k"));
}

std::size_t KeptCount::of(std::size_t d) const {
  return k_ ? std::min(*k_, d) : share_of(ratio_, d);
}

std::string KeptCount::text() const {
  return k_ ? fmt::format("k={}", *k_) : fmt::format("ratio={}", ratio_);
}

}  // namespace parley::compression
