#include "compression/coding/elias.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace parley::compression {
namespace {

constexpr unsigned gamma_bits(std::uint32_t n) {
  return 2 * static_cast<unsigned>(std::bit_width(n)) - 1;
}

void put_gamma(BitWriter& to, std::uint32_t n) {
  const auto extra = static_cast<unsigned>(std::bit_width(n)) - 1;
  const std::uint32_t low = n ^ (std::uint32_t{1} << extra);
  if (extra < 16) {
    to.put((std::uint32_t{1} << extra) | (low << (extra + 1)), 2 * extra + 1);
  } else {
    to.put(std::uint32_t{1} << extra, extra + 1);
    to.put(low, extra);
  }
}

/// 0 if there is no number up to `most`.
std::uint32_t get_gamma(BitReader& from, std::uint32_t most) {
  const auto limit = static_cast<std::uint32_t>(std::bit_width(most)) - 1;
  const std::uint32_t extra = from.get_unary(limit);
  if (extra > limit) return 0;
  const std::uint32_t n = (std::uint32_t{1} << extra) | from.get(extra);
  return n <= most ? n : 0;
}

/// Calls use(i, level) for the levels that are not 0. Passes over four zeros at once.
template <class Use>
void for_each_nonzero(const std::int16_t* levels, std::size_t n, Use use) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    std::uint64_t four;
    std::memcpy(&four, levels + i, sizeof four);
    while (four != 0) {
      const auto j = static_cast<std::size_t>(std::countr_zero(four)) / 16;
      use(i + j, levels[i + j]);
      four &= ~(std::uint64_t{0xFFFF} << (16 * j));
    }
  }
  for (; i < n; ++i) {
    if (levels[i] != 0) use(i, levels[i]);
  }
}

std::uint32_t magnitude(std::int16_t level) {
  return static_cast<std::uint32_t>(std::abs(static_cast<int>(level)));
}

LevelSize shortest(std::size_t sparse, std::size_t dense, std::size_t fixed) {
  LevelSize best{LevelForm::sparse, 2 + sparse};
  if (2 + dense < best.bits) best = {LevelForm::dense, 2 + dense};
  if (2 + fixed < best.bits) best = {LevelForm::fixed, 2 + fixed};
  return best;
}

bool get_sparse(BitReader& from, std::size_t n, unsigned s, std::int16_t* levels) {
  std::fill_n(levels, n, std::int16_t{0});
  for (std::size_t i = 0;; ++i) {
    const std::uint32_t gap = get_gamma(from, static_cast<std::uint32_t>(n - i + 1));
    if (gap == 0) return false;
    i += gap - 1;
    if (i == n) return true;
    const bool negative = from.get(1) != 0;
    const auto level = static_cast<std::int16_t>(get_gamma(from, s));
    if (level == 0) return false;
    levels[i] = negative ? static_cast<std::int16_t>(-level) : level;
  }
}

bool get_dense(BitReader& from, std::size_t n, unsigned s, std::int16_t* levels) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t code = get_gamma(from, s + 1);
    if (code == 0) return false;
    const auto level = static_cast<std::int16_t>(code - 1);
    levels[i] = level != 0 && from.get(1) != 0 ? static_cast<std::int16_t>(-level) : level;
  }
  return true;
}

bool get_fixed(BitReader& from, std::size_t n, const LevelAlphabet& alphabet, std::int16_t* levels) {
  const unsigned unused = 32 - alphabet.width;
  for (std::size_t i = 0; i < n; ++i) {
    const int level = static_cast<std::int32_t>(from.get(alphabet.width) << unused) >> unused;
    if (std::abs(level) > static_cast<int>(alphabet.s)) return false;
    levels[i] = static_cast<std::int16_t>(level);
  }
  return true;
}

}  // namespace

LevelSize elias_size(const std::int16_t* levels, std::size_t n, const LevelAlphabet& alphabet) {
  std::size_t sparse = 0, dense = n, next = 0;  // a zero takes a bit in the dense form
  for_each_nonzero(levels, n, [&](std::size_t i, std::int16_t level) {
    const std::uint32_t l = magnitude(level);
    sparse += gamma_bits(static_cast<std::uint32_t>(i - next + 1)) + 1 + gamma_bits(l);
    dense += gamma_bits(l + 1);
    next = i + 1;
  });
  sparse += gamma_bits(static_cast<std::uint32_t>(n - next + 1));
  return shortest(sparse, dense, n * alphabet.width);
}

void put_levels(BitWriter& to, const std::int16_t* levels, std::size_t n, const LevelAlphabet& alphabet) {
  const LevelForm form = elias_size(levels, n, alphabet).form;
  to.put(static_cast<std::uint32_t>(form), 2);
  if (form == LevelForm::sparse) {
    std::size_t next = 0;
    for_each_nonzero(levels, n, [&](std::size_t i, std::int16_t level) {
      put_gamma(to, static_cast<std::uint32_t>(i - next + 1));
      to.put(level < 0 ? 1 : 0, 1);
      put_gamma(to, magnitude(level));
      next = i + 1;
    });
    put_gamma(to, static_cast<std::uint32_t>(n - next + 1));
  } else if (form == LevelForm::dense) {
    for (std::size_t i = 0; i < n; ++i) {
      put_gamma(to, magnitude(levels[i]) + 1);
      if (levels[i] != 0) to.put(levels[i] < 0 ? 1 : 0, 1);
    }
  } else {
    const std::uint32_t mask = (std::uint32_t{1} << alphabet.width) - 1;
    for (std::size_t i = 0; i < n; ++i) to.put(static_cast<std::uint32_t>(levels[i]) & mask, alphabet.width);
  }
}

bool get_levels(BitReader& from, std::size_t n, const LevelAlphabet& alphabet, std::int16_t* levels) {
  const std::uint32_t form = from.get(2);
  bool known = false;
  if (form == static_cast<std::uint32_t>(LevelForm::sparse)) known = get_sparse(from, n, alphabet.s, levels);
  if (form == static_cast<std::uint32_t>(LevelForm::dense)) known = get_dense(from, n, alphabet.s, levels);
  if (form == static_cast<std::uint32_t>(LevelForm::fixed)) known = get_fixed(from, n, alphabet, levels);
  return known && static_cast<std::uint32_t>(elias_size(levels, n, alphabet).form) == form;
}

double expected_elias_bits(const double* probabilities, const LevelAlphabet& alphabet) {
  const double density = 1 - probabilities[0];
  double dense = 1, sparse = density;
  for (unsigned l = 1; l <= alphabet.s; ++l) {
    dense += probabilities[l] * gamma_bits(l + 1);
    sparse += probabilities[l] * gamma_bits(l);
  }
  // Gaps are geometric: a gap of at least 2^k - 1 zeros, which costs two bits more, has probability p0^(2^k - 1).
  double gap = 1, tail = probabilities[0];
  for (double zeros = 1; density > 0 && tail > 1e-12 && zeros < 0x1p31; zeros = 2 * zeros + 1) {
    gap += 2 * tail;
    tail *= tail * probabilities[0];
  }
  sparse += density * gap;
  return std::min({sparse, dense, static_cast<double>(alphabet.width)});
}

}  // namespace parley::compression
