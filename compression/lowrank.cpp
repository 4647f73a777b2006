// lowrank: every matrix of the layout as a product of two thin ones.
//
//   payload := part*                       the tensors in their order
//   part    := floats                      a tensor of fewer than two axes, or of no more floats than its factors
//            | exponent:u8 P Q             a matrix of m rows (the first axis) and n columns (the others)
//   P, Q                                   r x m and r x n x f32; exponent 0: a matrix without a normal float, all
//   zeros
//
//   C(M) = P^T Q 2^(exponent - 127),  P = orth(M Q_start),  Q = P M
//
// exponent is the biased one of the largest magnitude. Entries of P are at most 2 in magnitude and of Q at most 2^33;
// the receiver refuses others. Products are limited to the finite floats. What vectors without a shape are taken for
// says coding/matrices.h.
//
// start = warm begins with the Q of the last call, which makes the calls one power iteration; start = cold, the first
// call, and vectors of Q that have become zero begin with random signs. P P^T is a projection, so |C(M) - M|^2 =
// |M|^2 - |Q|^2. Should Q hold less than r/min(m, n) of the energy, the r columns (or rows, if there are fewer rows) of
// most energy are projected on instead, which hold at least that: so delta = min r/min(m, n), for every M and Q_start.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "compression/coding/lanes.h"
#include "compression/coding/matrices.h"
#include "compression/coding/orthonormal.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/matrix.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kChunk = 4096;
constexpr std::uint32_t kLargestP = 0x40000000;  // the bits of 2
constexpr std::uint32_t kLargestQ = 0x50000000;  // the bits of 2^33
constexpr std::uint32_t kSmallestNormal = std::uint32_t{1} << 23;

/// Where a tensor lies, and how it is sent.
struct Part {
  std::size_t offset, m, n;
  std::size_t r;  ///< 0: as it is

  std::size_t floats() const { return m * n; }
  std::size_t bytes() const { return r == 0 ? sizeof(float) * floats() : 1 + sizeof(float) * r * (m + n); }
  std::uint32_t blocks() const {
    return static_cast<std::uint32_t>((r * n + kernels::kGroup - 1) / kernels::kGroup) * kernels::kBlocksPerGroup;
  }
};

Part part_of(const Matrix& matrix, std::size_t rank) {
  const auto& [offset, m, n] = matrix;
  return {offset, m, n, rank * (m + n) < m * n ? rank : 0};
}

struct LowrankState final : State {
  explicit LowrankState(std::size_t size) : own_size(size) {}

  std::span<const float> memory() const override { return start; }
  base::Result<void> restore(std::span<const float> memory) override {
    if (own_size != 0 && !memory.empty() && memory.size() != own_size)
      return base::Refusal{"memory_size", fmt::format("{} floats, expected {}", memory.size(), own_size)};
    if (kernels::max_magnitude_bits(memory.data(), memory.size()) > kLargestQ)
      return base::Refusal{"memory_not_possible", "a factor beyond its bounds"};
    start.assign(memory.begin(), memory.end());
    return {};
  }

  std::size_t own_size;      // of `start`; 0 if it depends on d
  std::vector<float> start;  // Q of all matrices of the last call
  std::vector<float> p, q;
  std::vector<double> scratch;
  std::vector<std::uint32_t> largest;  // bits of the largest magnitude of each part
  std::vector<double> energies;        // of each part
  std::vector<double> chunk_energies;  // of one part
  std::vector<double> lines;           // energies of rows or columns
  std::vector<std::uint32_t> order;
};

class Lowrank final : public Compressor {
 public:
  Lowrank(std::string spec, std::size_t rank, bool warm, const base::ParameterLayout& layout)
      : spec_(std::move(spec)), rank_(rank), warm_(warm), matrices_(layout) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return lowrank_row().wire_id; }
  Properties properties(std::size_t d) const override;

  std::size_t max_payload_size(std::size_t d) const override {
    std::size_t bytes = 0;
    for_each_part(d, [&](const Part& part) { bytes += part.bytes(); });
    return bytes;
  }

  std::unique_ptr<State> make_state() const override {
    std::size_t size = 0;
    if (matrices_.size() != 0) for_each_part(matrices_.size(), [&](const Part& part) { size += part.r * part.n; });
    return std::make_unique<LowrankState>(size);
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  /// Calls body(part) for all parts of a vector of d floats, in order.
  template <class Body>
  void for_each_part(std::size_t d, Body body) const {
    matrices_.for_each(d, [&](const Matrix& matrix) { body(part_of(matrix, rank_)); });
  }

  std::string spec_;
  std::size_t rank_;
  bool warm_;
  Matrices matrices_;
};

Properties Lowrank::properties(std::size_t d) const {
  Properties properties{.unbiased = true, .delta = 1};
  for_each_part(d, [&](const Part& part) {
    if (part.r == 0) return;
    properties.unbiased = false;
    properties.delta =
        std::min(properties.delta, static_cast<double>(part.r) / static_cast<double>(std::min(part.m, part.n)));
  });
  if (d > 0) properties.bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 4 * properties.delta);
  return properties;
}

/// Fills what is zero of the r vectors of n floats with random signs.
void fill_zero_vectors(const Part& part, const base::PhiloxInput& key, std::uint32_t first_block, float* start) {
  std::array<std::uint32_t, kernels::kGroup> words;
  for (std::size_t k = 0; k < part.r; ++k) {
    float* vector = start + k * part.n;
    if (kernels::max_magnitude_bits(vector, part.n) != 0) continue;
    for (std::size_t j = 0; j < part.n; ++j) {
      const std::size_t i = k * part.n + j;
      if (j == 0 || i % words.size() == 0)
        kernels::random_words(key,
                              first_block + static_cast<std::uint32_t>(i / words.size()) * kernels::kBlocksPerGroup, 1,
                              words.data());
      vector[j] = (words[i % words.size()] & 1) != 0 ? -1.0f : 1.0f;
    }
  }
}

/// P that projects on the r columns of most energy, or on the r rows if there are fewer rows than columns.
void start_from_heaviest(const float* x, const Part& part, float u, LowrankState& own) {
  const bool rows = part.m < part.n;
  const std::size_t lines = std::min(part.m, part.n);
  std::fill_n(own.lines.begin(), lines, 0.0);
  for (std::size_t i = 0; i < part.m; ++i)
    for (std::size_t j = 0; j < part.n; ++j)
      own.lines[rows ? i : j] += std::pow(static_cast<double>(x[i * part.n + j]), 2);
  std::iota(own.order.begin(), own.order.begin() + static_cast<std::ptrdiff_t>(lines), 0u);
  std::partial_sort(own.order.begin(), own.order.begin() + static_cast<std::ptrdiff_t>(part.r),
                    own.order.begin() + static_cast<std::ptrdiff_t>(lines), [&](std::uint32_t a, std::uint32_t b) {
                      return own.lines[a] != own.lines[b] ? own.lines[a] > own.lines[b] : a < b;
                    });
  std::fill_n(own.p.begin(), part.r * part.m, 0.0f);
  for (std::size_t k = 0; k < part.r; ++k) {
    float* p = own.p.data() + k * part.m;
    if (rows) {
      p[own.order[k]] = 1;
    } else {
      for (std::size_t i = 0; i < part.m; ++i) p[i] = x[i * part.n + own.order[k]] * u;
    }
  }
}

/// Calls body(rows) for ranges of a matrix's rows.
template <class Body>
void for_each_rows(const State& state, const Part& part, Body body) {
  const std::size_t step = std::max<std::size_t>(1, kPiece / part.n);
  for_each_task(state, part.floats(), (part.m + step - 1) / step, [&](std::size_t task, std::size_t) {
    body(kernels::Range{task * step, std::min((task + 1) * step, part.m)});
  });
}

/// Calls body(columns) for ranges of a matrix's columns, wide enough for their floats to lie together; for all at once
/// where nobody shares them.
template <class Body>
void for_each_columns(const State& state, const Part& part, Body body) {
  constexpr std::size_t kStep = 512;
  if (lanes_of(state) == 1) return body(kernels::Range{0, part.n});
  for_each_task(state, part.floats(), (part.n + kStep - 1) / kStep, [&](std::size_t task, std::size_t) {
    body(kernels::Range{task * kStep, std::min((task + 1) * kStep, part.n)});
  });
}

/// P and Q, of which Q is the start before, and the next start afterwards.
void factorise(const float* x, const Part& part, double energy, float u, float* start, LowrankState& own) {
  const std::span<float> p(own.p.data(), part.r * part.m);
  for_each_rows(own, part, [&](kernels::Range rows) {
    kernels::multiply_rows(x, part.m, part.n, rows, u, start, part.r, p.data());
  });
  orthonormalise(p, part.m, own.scratch);
  const auto project = [&] {
    for_each_columns(own, part, [&](kernels::Range columns) {
      kernels::multiply_columns(x, part.m, part.n, columns, u, p.data(), part.r, start);
    });
  };
  project();
  const double scaled = energy * static_cast<double>(u) * static_cast<double>(u);
  const double share = static_cast<double>(part.r) / static_cast<double>(std::min(part.m, part.n));
  if (kernels::sum_of_squares(start, part.r * part.n) >= share * scaled) return;
  start_from_heaviest(x, part, u, own);
  orthonormalise(p, part.m, own.scratch);
  project();
}

/// The bits of the largest magnitude and the sum of squares, chunk by chunk.
void measure(const float* x, const Part& part, std::uint32_t& largest, double& energy, LowrankState& own) {
  own.chunk_energies.resize(std::max(own.chunk_energies.size(), (part.floats() + kChunk - 1) / kChunk));
  largest = largest_of_pieces(own, part.floats(), kChunk, [&](std::size_t first, std::size_t length) {
    std::uint32_t here = 0;
    // The second look at a chunk finds it in the cache.
    for (std::size_t i = first; i < first + length; i += kChunk) {
      const std::size_t n = std::min(kChunk, first + length - i);
      here = std::max(here, kernels::max_magnitude_bits(x + i, n));
      if (part.r > 0) own.chunk_energies[i / kChunk] = kernels::sum_of_squares(x + i, n);
    }
    return here;
  });
  energy = 0;
  for (std::size_t i = 0; part.r > 0 && i < part.floats(); i += kChunk) energy += own.chunk_energies[i / kChunk];
}

base::Result<std::size_t> Lowrank::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                          std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& own = own_state<LowrankState>(state);
  std::size_t parts = 0, starts = 0, longest_p = 0, lines = 0;
  for_each_part(x.size(), [&](const Part& part) {
    ++parts;
    starts += part.r * part.n;
    longest_p = std::max(longest_p, part.r * part.m);
    lines = std::max(lines, std::min(part.m, part.n));
  });
  own.largest.assign(parts, 0);
  own.energies.assign(parts, 0);
  std::size_t at = 0;
  for_each_part(x.size(), [&](const Part& part) {
    measure(x.data() + part.offset, part, own.largest[at], own.energies[at], own);
    ++at;
  });
  if (std::any_of(own.largest.begin(), own.largest.end(), [](auto bits) { return bits >= kernels::kInfinityBits; }))
    return not_finite(x);

  if (!warm_ || own.start.size() != starts) own.start.assign(starts, 0.0f);
  own.p.resize(std::max(own.p.size(), longest_p));
  own.scratch.resize(std::max(own.scratch.size(), longest_p));
  own.lines.resize(std::max(own.lines.size(), lines));
  own.order.resize(std::max(own.order.size(), lines));
  const base::PhiloxInput philox = base::philox_input(key);
  std::uint32_t block = 0;
  std::byte* to = out.data();
  float* start = own.start.data();
  at = 0;
  for_each_part(x.size(), [&](const Part& part) {
    const float* from = x.data() + part.offset;
    const std::uint32_t largest = own.largest[at];
    const double energy = own.energies[at++];
    if (part.r == 0) {
      for_each_piece(state, part.floats(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
        kernels::copy_f32(from + first, length, to + sizeof(float) * first, part.floats());
      });
    } else if (largest < kSmallestNormal) {
      std::fill_n(to, part.bytes(), std::byte{0});
    } else {
      const auto exponent = static_cast<std::uint8_t>(largest >> 23);
      fill_zero_vectors(part, philox, block, start);
      factorise(from, part, energy, std::ldexp(1.0f, 127 - exponent), start, own);
      store(to, exponent);
      kernels::copy_f32(own.p.data(), part.r * part.m, to + 1);
      kernels::copy_f32(start, part.r * part.n, to + 1 + sizeof(float) * part.r * part.m);
    }
    to += part.bytes();
    start += part.r * part.n;
    block += part.blocks();
  });
  return max_payload_size(x.size());
}

base::Result<void> check_factors(const std::byte* from, const Part& part, std::size_t index) {
  const std::size_t p_floats = part.r * part.m, q_floats = part.r * part.n;
  const auto exponent = load<std::uint8_t>(from);
  if (exponent == 0) return all_zero(from, part.bytes()) ? base::Result<void>() : wrong_code(index);
  if (exponent > 254) return wrong_scale(index);
  const std::byte* q = from + 1 + sizeof(float) * p_floats;
  if (kernels::max_magnitude_bits(from + 1, p_floats) > kLargestP ||
      kernels::max_magnitude_bits(q, q_floats) > kLargestQ)
    return wrong_code(index);
  return {};
}

base::Result<void> Lowrank::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                       State& state, std::span<float> y) const {
  if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
  auto& own = own_state<LowrankState>(state);
  const std::byte* from = payload.data();
  base::Result<void> checked;
  std::size_t index = 0, p_floats = 0, q_floats = 0;
  for_each_part(y.size(), [&](const Part& part) {
    if (!checked) return;
    if (part.r > 0) {
      checked = check_factors(from, part, index);
    } else if (kernels::max_magnitude_bits(from, part.floats()) >= kernels::kInfinityBits) {
      checked = wrong_code(index);
    }
    from += part.bytes();
    ++index;
    p_floats = std::max(p_floats, part.r * part.m);
    q_floats = std::max(q_floats, part.r * part.n);
  });
  if (!checked) return checked;
  own.p.resize(std::max(own.p.size(), p_floats));
  own.q.resize(std::max(own.q.size(), q_floats));
  from = payload.data();
  for_each_part(y.size(), [&](const Part& part) {
    float* to = y.data() + part.offset;
    const auto exponent = load<std::uint8_t>(from);
    if (part.r == 0) {
      for_each_piece(state, part.floats(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
        kernels::add_f32(from + sizeof(float) * first, length, scale, to + first);
      });
    } else if (exponent > 0) {
      const std::size_t floats = part.r * part.m;
      std::memcpy(own.p.data(), from + 1, sizeof(float) * floats);
      std::memcpy(own.q.data(), from + 1 + sizeof(float) * floats, sizeof(float) * part.r * part.n);
      const float back = std::ldexp(1.0f, exponent - 127);
      for_each_rows(state, part, [&](kernels::Range rows) {
        kernels::add_outer_rows(own.p.data(), own.q.data(), part.m, part.n, rows, part.r, back, scale, to);
      });
    }
    from += part.bytes();
  });
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "rank",
     .kind = base::ParameterKind::integer,
     .fallback = "2",
     .low = 1,
     .high = 64,
     .help = "columns of the factors"},
    {.name = "start",
     .kind = base::ParameterKind::word,
     .fallback = "warm",
     .choices = "warm|cold",
     .help = "warm goes on from the factors of the last call, cold begins at random in every call"},
};

}  // namespace

Row lowrank_row() {
  return {.name = "lowrank",
          .wire_id = 52,
          .summary = "every matrix as a product of two thin ones, by a power iteration that goes on from call to call",
          .source = "Vogels et al. 2019; Vogels et al. 2020",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Lowrank>(arguments.canonical(), static_cast<std::size_t>(arguments.integer("rank")),
                                             arguments.is("start", "warm"), blueprint.layout);
          }};
}

}  // namespace parley::compression
