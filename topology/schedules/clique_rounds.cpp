#include "topology/schedules/clique_rounds.h"

#include <algorithm>

#include "base/error.h"

namespace parley::topology {
namespace {

/// Writes m as a product of `count` factors in descending order, each at most `most`, if it can be done.
bool factorise(std::size_t m, std::size_t most, std::size_t count, std::vector<std::size_t>& factors) {
  if (count == 0) return m == 1;
  std::size_t reach = 1;  // what `count` factors can make at most, as far as that matters
  for (std::size_t i = 0; i < count && reach < m; ++i) reach *= std::min(most, m);
  if (reach < m) return false;
  for (std::size_t factor = std::min(most, m); factor >= 2; --factor) {
    if (m % factor != 0) continue;
    factors.push_back(factor);
    if (factorise(m / factor, factor, count - 1, factors)) return true;
    factors.pop_back();
  }
  return false;
}

}  // namespace

std::size_t smooth_part(std::size_t m, std::size_t most) {
  PARLEY_CHECK(m >= 1);
  std::size_t smooth = 1, left = m;
  for (std::size_t prime = 2; prime <= most && prime <= left; ++prime) {
    for (; left % prime == 0; left /= prime)
      smooth *= prime;  // what divides `left` here is prime: smaller ones are gone
  }
  return smooth;
}

std::optional<CliqueRounds> CliqueRounds::on(std::size_t m, std::size_t most) {
  if (smooth_part(m, most) != m) return std::nullopt;
  std::vector<std::size_t> factors;
  for (std::size_t count = 0; !factorise(m, most, count, factors); ++count) {
  }
  return CliqueRounds(std::move(factors));
}

CliqueRounds::CliqueRounds(std::vector<std::size_t> factors) : factors_(std::move(factors)) {
  std::size_t stride = 1;
  for (const std::size_t factor : factors_) {
    strides_.push_back(stride);
    stride *= factor;
  }
}

std::size_t CliqueRounds::factor(std::size_t round) const {
  PARLEY_CHECK(round < factors_.size(), round, factors_.size());
  return factors_[round];
}

std::vector<std::size_t> CliqueRounds::others(std::size_t place, std::size_t round) const {
  const std::size_t own = place / strides_[round] % factor(round);
  const std::size_t first = place - own * strides_[round];
  std::vector<std::size_t> places;
  for (std::size_t digit = 0; digit < factors_[round]; ++digit) {
    if (digit != own) places.push_back(first + digit * strides_[round]);
  }
  return places;
}

}  // namespace parley::topology
