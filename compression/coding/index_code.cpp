#include "compression/coding/index_code.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "compression/coding/bit_stream.h"
#include "compression/coding/refusal.h"

namespace parley::compression {
namespace {

constexpr unsigned kGapCodes = 32;  // 0..31
constexpr unsigned kPacked = 32;
constexpr unsigned kAll = 33;
constexpr unsigned kCountFollows = 128;

unsigned index_width(std::size_t d) {
  return static_cast<unsigned>(std::bit_width(d - 1));
}

struct Choice {
  unsigned code;
  std::uint64_t bits;
};

/// sum over the gaps of gap >> b. There is at least one index.
std::uint64_t sum_of_quotients(std::span<const std::uint32_t> indices, unsigned b) {
  std::uint64_t sum = indices[0] >> b;
  for (std::size_t j = 1; j < indices.size(); ++j) sum += (indices[j] - indices[j - 1] - 1) >> b;
  return sum;
}

/// The code of the fewest bits; of equals, the smallest number.
Choice choose(std::span<const std::uint32_t> indices, std::size_t d) {
  const std::uint64_t count = indices.size();
  if (count == 0) return {0, 0};
  Choice best{kPacked, count * index_width(d)};
  if (count == d && best.bits > 0) return {kAll, 0};
  const std::uint64_t gaps = std::uint64_t{indices.back()} + 1 - count;
  for (unsigned b = 0; b < kGapCodes; ++b) {
    // A quotient is within (2^b - 1) / 2^b of gap / 2^b, so most parameters are ruled out without a look at the gaps.
    const std::uint64_t slack = count * ((std::uint64_t{1} << b) - 1);
    const std::uint64_t least = count * (b + 1) + (gaps > slack ? (gaps - slack) >> b : 0);
    if (least > best.bits || (least == best.bits && best.code < kGapCodes)) continue;
    const std::uint64_t bits = count * (b + 1) + sum_of_quotients(indices, b);
    if (bits < best.bits || (bits == best.bits && best.code > b)) best = {b, bits};
  }
  return best;
}

void write_gaps(std::span<const std::uint32_t> indices, unsigned b, BitWriter& out) {
  const std::uint32_t low = (std::uint32_t{1} << b) - 1;
  std::uint32_t next = 0;
  for (const std::uint32_t index : indices) {
    const std::uint32_t gap = index - next;
    out.put_unary(gap >> b);
    out.put(gap & low, b);
    next = index + 1;
  }
}

/// How many indices came out before one was not below d or not above its predecessor.
std::size_t read_gaps(BitReader& in, unsigned b, std::size_t d, std::span<std::uint32_t> indices) {
  std::uint64_t next = 0;
  for (std::size_t j = 0; j < indices.size(); ++j) {
    if (next >= d) return j;
    const auto room = static_cast<std::uint32_t>(d - 1 - next);  // the largest gap
    const std::uint64_t quotient = in.get_unary(room >> b);
    const std::uint64_t index = next + (quotient << b) + in.get(b);
    if (!in.good() || index >= d) return j;
    indices[j] = static_cast<std::uint32_t>(index);
    next = index + 1;
  }
  return indices.size();
}

std::size_t read_packed(BitReader& in, std::size_t d, std::span<std::uint32_t> indices) {
  const unsigned width = index_width(d);
  for (std::size_t j = 0; j < indices.size(); ++j) {
    indices[j] = in.get(width);
    if (!in.good() || indices[j] >= d || (j > 0 && indices[j] <= indices[j - 1])) return j;
  }
  return indices.size();
}

}  // namespace

std::size_t max_indices_size(std::size_t d, std::size_t k) {
  if (d == 0) return 0;
  return 1 + sizeof(std::uint32_t) + (std::min(k * index_width(d), d) + 7) / 8;
}

double expected_index_bits(std::size_t d, std::size_t k) {
  if (k == 0 || k >= d) return 0;
  const double kept = static_cast<double>(k);
  const double stay = 1 - kept / static_cast<double>(d);  // a gap goes on with this probability
  double best = kept * index_width(d);
  for (unsigned b = 0; b < kGapCodes; ++b) {
    const double carry = std::pow(stay, std::ldexp(1.0, static_cast<int>(b)));
    best = std::min(best, kept * (b + 1 + carry / (1 - carry)));
  }
  return best;
}

std::size_t encode_indices(std::span<const std::uint32_t> indices, std::size_t d, std::size_t k, std::byte* to) {
  const Choice choice = choose(indices, d);
  const bool fewer = indices.size() < k;
  std::byte* at = to;
  store(at++, static_cast<std::uint8_t>(choice.code | (fewer ? kCountFollows : 0)));
  if (fewer) {
    store(at, static_cast<std::uint32_t>(indices.size()));
    at += sizeof(std::uint32_t);
  }
  BitWriter out(at);
  if (choice.code == kPacked) {
    for (const std::uint32_t index : indices) out.put(index, index_width(d));
  } else if (choice.code != kAll) {
    write_gaps(indices, choice.code, out);
  }
  return static_cast<std::size_t>(out.finish() - to);
}

base::Result<DecodedIndices> decode_indices(std::span<const std::byte> from, std::size_t d, std::size_t k,
                                            std::span<std::uint32_t> indices) {
  if (from.empty()) return truncated(0);
  const unsigned tag = load<std::uint8_t>(from.data());
  const unsigned code = tag & ~kCountFollows;
  const bool fewer = (tag & kCountFollows) != 0;
  if (code > kAll) return wrong_code(0);
  const std::size_t header = fewer ? 1 + sizeof(std::uint32_t) : 1;
  if (from.size() < header) return truncated(from.size());
  const std::size_t count = fewer ? load<std::uint32_t>(from.data() + 1) : k;
  if (count > k || (fewer && count == k)) return not_canonical("the number of kept values");
  if (code == kAll && count != d) return not_canonical("the set of indices");
  indices = indices.first(count);

  BitReader in(from.subspan(header));
  std::size_t read = count;
  if (code == kAll) {
    for (std::size_t j = 0; j < count; ++j) indices[j] = static_cast<std::uint32_t>(j);
  } else {
    read = code == kPacked ? read_packed(in, d, indices) : read_gaps(in, code, d, indices);
  }
  if (!in.good()) return truncated(from.size());
  if (read < count) return wrong_index(read);
  if (!in.align()) return not_canonical("the padding");
  if (choose(indices, d).code != code) return not_canonical("the set of indices");
  return DecodedIndices{count, header + in.position()};
}

}  // namespace parley::compression
