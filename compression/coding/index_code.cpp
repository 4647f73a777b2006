#include "compression/coding/index_code.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "compression/coding/bit_stream.h"
#include "compression/coding/refusal.h"

namespace parley::compression {
namespace {

constexpr unsigned kGapCodes = 32;  // 0..31
constexpr unsigned kPacked = 32;
constexpr unsigned kAll = 33;
constexpr unsigned kBytes = 34;
constexpr unsigned kRuns = 35;
constexpr unsigned kCountFollows = 128;

constexpr std::size_t kRun = 128;
constexpr unsigned kParameterBits = 5;

unsigned index_width(std::size_t d) {
  return static_cast<unsigned>(std::bit_width(d - 1));
}

/// Indices and the smallest that the first of them could be.
struct Run {
  std::span<const std::uint32_t> indices;  // at least one
  std::uint32_t next;
};

/// Calls body(run) for every run of `indices` until it returns false. Returns whether it never did.
template <class Indices, class Body>
bool for_each_run(Indices indices, Body body) {
  std::uint32_t next = 0;
  for (std::size_t j = 0; j < indices.size(); j += kRun) {
    const auto part = indices.subspan(j, std::min(kRun, indices.size() - j));
    if (!body(part, next)) return false;
    next = part.back() + 1;
  }
  return true;
}

struct Choice {
  unsigned code;
  std::uint64_t bits;

  void consider(unsigned other, std::uint64_t its_bits) {
    if (its_bits < bits || (its_bits == bits && other < code)) *this = {other, its_bits};
  }
};

/// sum over the gaps of gap >> b. All gaps together are below d, so that 32 bits suffice.
std::uint32_t sum_of_quotients(const Run& run, unsigned b) {
  const std::span<const std::uint32_t> indices = run.indices;
  std::uint32_t sum = (indices[0] - run.next) >> b;
  for (std::size_t j = 1; j < indices.size(); ++j) sum += (indices[j] - indices[j - 1] - 1) >> b;
  return sum;
}

/// The best parameter of gap codes.
Choice choose_parameter(const Run& run) {
  const std::uint64_t count = run.indices.size();
  const std::uint64_t gaps = std::uint64_t{run.indices.back()} + 1 - run.next - count;
  Choice best{0, count + gaps};
  const auto consider = [&](unsigned b) {
    // A quotient is within (2^b - 1) / 2^b of gap / 2^b, so most parameters are ruled out without a look at the gaps.
    const std::uint64_t slack = count * ((std::uint64_t{1} << b) - 1);
    const std::uint64_t least = count * (b + 1) + (gaps > slack ? (gaps - slack) >> b : 0);
    if (least < best.bits || (least == best.bits && b < best.code))
      best.consider(b, count * (b + 1) + sum_of_quotients(run, b));
  };
  // First the one that is best for gaps of a geometric distribution: it rules out most others.
  const auto middle = static_cast<unsigned>(std::bit_width(gaps * 7 / 10 / count));
  const unsigned first = middle > 0 ? std::min(middle - 1, kGapCodes - 1) : 0;
  consider(first);
  for (unsigned b = first + 1; b < kGapCodes; ++b) consider(b);
  for (unsigned b = first; b-- > 1;) consider(b);
  return best;
}

/// The bytes of all gaps in code 34.
std::uint64_t byte_count(std::span<const std::uint32_t> indices) {
  const auto bytes_of = [](std::uint32_t gap) -> std::uint32_t {
    return 1u + (gap >> 7 != 0) + (gap >> 14 != 0) + (gap >> 21 != 0) + (gap >> 28 != 0);
  };
  std::uint64_t bytes = bytes_of(indices[0]);
  for (std::size_t j = 1; j < indices.size(); ++j) bytes += bytes_of(indices[j] - indices[j - 1] - 1);
  return bytes;
}

/// The code of the fewest bits; of equals, the smallest number.
Choice choose(std::span<const std::uint32_t> indices, std::size_t d) {
  const std::uint64_t count = indices.size();
  if (count == 0) return {0, 0};
  Choice best = choose_parameter({indices, 0});
  best.consider(kPacked, count * index_width(d));
  if (count == d) best.consider(kAll, 0);
  if (8 * count < best.bits) best.consider(kBytes, 8 * byte_count(indices));
  if (count > kRun) {
    std::uint64_t bits = 0;
    for_each_run(indices, [&](std::span<const std::uint32_t> part, std::uint32_t next) {
      bits += kParameterBits + choose_parameter({part, next}).bits;
      return bits < best.bits;
    });
    best.consider(kRuns, bits);
  }
  return best;
}

void write_gaps(const Run& run, unsigned b, BitWriter& out) {
  const std::uint32_t low = (std::uint32_t{1} << b) - 1;
  std::uint32_t next = run.next;
  for (const std::uint32_t index : run.indices) {
    const std::uint32_t gap = index - next;
    const std::uint32_t zeros = gap >> b;
    if (zeros + b < 32) {
      out.put((((gap & low) << 1) | 1) << zeros, zeros + 1 + b);
    } else {
      out.put_unary(zeros);
      out.put(gap & low, b);
    }
    next = index + 1;
  }
}

void write_bytes(std::span<const std::uint32_t> indices, BitWriter& out) {
  std::uint32_t next = 0;
  for (const std::uint32_t index : indices) {
    std::uint32_t gap = index - next;
    for (; gap >= 128; gap >>= 7) out.put(128 | (gap & 127), 8);
    out.put(gap, 8);
    next = index + 1;
  }
}

void write(std::span<const std::uint32_t> indices, std::size_t d, unsigned code, BitWriter& out) {
  if (code == kPacked) {
    for (const std::uint32_t index : indices) out.put(index, index_width(d));
  } else if (code == kBytes) {
    write_bytes(indices, out);
  } else if (code == kRuns) {
    for_each_run(indices, [&](std::span<const std::uint32_t> part, std::uint32_t next) {
      const unsigned b = choose_parameter({part, next}).code;
      out.put(b, kParameterBits);
      write_gaps({part, next}, b, out);
      return true;
    });
  } else if (code != kAll) {
    write_gaps({indices, 0}, code, out);
  }
}

/// Reads gap codes of indices from `next` on.
base::Result<void> read_gaps(BitReader& in, unsigned b, std::size_t d, std::uint64_t next,
                             std::span<std::uint32_t> indices) {
  for (std::size_t j = 0; j < indices.size(); ++j) {
    if (next >= d) return wrong_index(j);
    const auto room = static_cast<std::uint32_t>(d - 1 - next);  // the largest gap
    const std::uint64_t quotient = in.get_unary(room >> b);
    const std::uint64_t index = next + (quotient << b) + in.get(b);
    if (!in.good() || index >= d) return wrong_index(j);
    indices[j] = static_cast<std::uint32_t>(index);
    next = index + 1;
  }
  return {};
}

base::Result<void> read_runs(BitReader& in, std::size_t d, std::span<std::uint32_t> indices) {
  base::Result<void> result;
  for_each_run(indices, [&](std::span<std::uint32_t> part, std::uint32_t next) {
    const unsigned b = in.get(kParameterBits);
    result = read_gaps(in, b, d, next, part);
    if (result && choose_parameter({part, next}).code != b) result = not_canonical("a run of indices");
    return result.ok();
  });
  return result;
}

base::Result<void> read_bytes(BitReader& in, std::size_t d, std::span<std::uint32_t> indices) {
  std::uint64_t next = 0;
  for (std::size_t j = 0; j < indices.size(); ++j) {
    std::uint64_t gap = 0;
    std::uint32_t byte = 128;
    for (unsigned shift = 0; (byte & 128) != 0; shift += 7) {
      if (shift > 28) return wrong_index(j);
      byte = in.get(8);
      gap |= std::uint64_t{byte & 127} << shift;
      if (shift > 0 && byte == 0) return not_canonical("a gap between indices");
    }
    if (!in.good() || next + gap >= d) return wrong_index(j);
    indices[j] = static_cast<std::uint32_t>(next + gap);
    next += gap + 1;
  }
  return {};
}

base::Result<void> read_packed(BitReader& in, std::size_t d, std::span<std::uint32_t> indices) {
  const unsigned width = index_width(d);
  for (std::size_t j = 0; j < indices.size(); ++j) {
    indices[j] = in.get(width);
    if (!in.good() || indices[j] >= d || (j > 0 && indices[j] <= indices[j - 1])) return wrong_index(j);
  }
  return {};
}

base::Result<void> read(BitReader& in, unsigned code, std::size_t d, std::span<std::uint32_t> indices) {
  if (code == kPacked) return read_packed(in, d, indices);
  if (code == kBytes) return read_bytes(in, d, indices);
  if (code == kRuns) return read_runs(in, d, indices);
  if (code < kGapCodes) return read_gaps(in, code, d, 0, indices);
  for (std::size_t j = 0; j < indices.size(); ++j) indices[j] = static_cast<std::uint32_t>(j);
  return {};
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
  write(indices, d, choice.code, out);
  return static_cast<std::size_t>(out.finish() - to);
}

base::Result<DecodedIndices> decode_indices(std::span<const std::byte> from, std::size_t d, std::size_t k,
                                            std::span<std::uint32_t> indices) {
  if (from.empty()) return truncated(0);
  const unsigned tag = load<std::uint8_t>(from.data());
  const unsigned code = tag & ~kCountFollows;
  const bool fewer = (tag & kCountFollows) != 0;
  if (code > kRuns) return wrong_code(0);
  const std::size_t header = fewer ? 1 + sizeof(std::uint32_t) : 1;
  if (from.size() < header) return truncated(from.size());
  const std::size_t count = fewer ? load<std::uint32_t>(from.data() + 1) : k;
  if (count > k || (fewer && count == k)) return not_canonical("the number of kept values");
  if (code == kAll && count != d) return not_canonical("the set of indices");
  indices = indices.first(count);

  BitReader in(from.subspan(header));
  const auto possible = read(in, code, d, indices);
  if (!in.good()) return truncated(from.size());
  if (!possible) return possible.refusal();
  if (!in.align()) return not_canonical("the padding");
  if (choose(indices, d).code != code) return not_canonical("the set of indices");
  return DecodedIndices{count, header + in.position()};
}

}  // namespace parley::compression
