// wage: whole multiples of a power of two for each block, as WAGE keeps its weights, activations and errors.
//
//   payload := block*                               every block of `block` coordinates, the last one shorter, or every
//                                                   row or tensor
//   block   := exponent:u8 ceil(len*bits/8) x u8    codes of `bits` bits, two's complement, least significant bit
//   first;
//                                                   pad bits are zero
//
//   Shift = 2^(exponent - 127),  sigma = 2^(1-bits),  L = 2^(bits-1) - 1
//   level_i = round(x_i / (Shift sigma)), clamped to -L .. L,  C(x)_i = level_i sigma Shift
//
// shift = nearest: Shift = 2^round(log2 |x|_inf), the paper's, which cuts what is above (1 - sigma) Shift: the largest
// magnitude may be sqrt(2) Shift. shift = up: 2^ceil(log2 |x|_inf), which cuts sigma Shift at most. rounding = nearest:
// ties to even. rounding = stochastic: away from zero with the probability of the rest, as the paper treats gradients;
// words as in qsgd. A block whose sigma Shift would not be a normal float has exponent 0 and zero codes.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "compression/coding/blockwise.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/rounding.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

/// Coordinates whose levels are held between rounding and packing: whole groups, so that chunks end on a byte.
constexpr std::size_t kChunk = 8 * kernels::kGroup;
using Levels = std::array<std::int16_t, kChunk>;

struct Parameters {
  unsigned bits;
  bool stochastic;
  bool up;
};

class Wage final : public Blockwise {
 public:
  Wage(std::string spec, Blocks blocks, const Parameters& parameters)
      : Blockwise(std::move(spec), std::move(blocks)),
        parameters_(parameters),
        top_((std::int32_t{1} << (parameters.bits - 1)) - 1) {}

  std::uint8_t wire_id() const override { return wage_row().wire_id; }
  Properties properties(std::size_t d) const override;

 private:
  std::size_t code_bytes(std::size_t n) const { return (n * parameters_.bits + 7) / 8; }
  std::size_t block_size(std::size_t n) const override { return 1 + code_bytes(n); }
  Stretch block_stretch(std::size_t n) const override { return {1, n, static_cast<unsigned>(parameters_.bits)}; }
  bool encode_block(const float* x, std::size_t n, const BlockWords& words, State& state, std::byte* to) const override;
  base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const override;
  void add_block(const std::byte* from, std::size_t n, float scale, float* y) const override;

  /// The exponent of a block with this largest magnitude, 0 if it is negligible. At most 255: Shift may be 2^128, which
  /// is no float, but its multiples by sigma are.
  unsigned exponent_of(std::uint32_t largest_bits) const;
  unsigned smallest_exponent() const { return parameters_.bits; }
  float unit(unsigned exponent) const { return std::ldexp(1.0f, static_cast<int>(exponent - parameters_.bits) - 126); }
  double lost(std::size_t n) const;

  Parameters parameters_;
  std::int32_t top_;
};

/// Of n coordinates in units of sigma Shift, the largest m, at most this part of the energy is lost.
///
/// Others lose most, relative to what they have, just where they still round to zero, or on average would: at 1/2, all
/// of it, or, of those drawn, x(1 - x) of x^2. With an error e of m, (e^2 + (n-1) f) / (m^2 + (n-1) x^2) for their best
/// x is the larger the smaller m, within the levels, and is largest at one of the ends where m is cut.
double Wage::lost(std::size_t n) const {
  const double top = top_, shift = top + 1, others = static_cast<double>(n - 1) / 4;
  const double low = parameters_.up ? shift / 2 : shift / std::numbers::sqrt2;
  const double high = parameters_.up ? shift : shift * std::numbers::sqrt2;
  const auto part = [&](double m, double error) {
    const double energy = m * m;
    if (!parameters_.stochastic) return (error + others) / (energy + others);
    // The root of lambda energy - error = others / (1 + lambda), what the others gain at x = 1 / (2 (1 + lambda)).
    const double b = energy - error;
    return (std::sqrt(b * b + 4 * energy * (error + others)) - b) / (2 * energy);
  };
  const auto cut = [&](double m) { return part(m, (m - top) * (m - top)); };
  return std::max({low < top ? part(low, 0.25) : 0.0, cut(std::max(low, top)), cut(high)});
}

Properties Wage::properties(std::size_t d) const {
  const double delta = std::clamp(1 - lost(blocks().longest(d)), 0.0, 1.0);
  return {.delta = delta,
          .bits_per_coordinate = bits_per_coordinate(d),
          .suggested_gamma = std::clamp(2 * delta, 0.01, 1.0)};
}

unsigned Wage::exponent_of(std::uint32_t largest_bits) const {
  constexpr std::uint32_t kMantissa = 0x7FFFFF;
  constexpr std::uint32_t kRootOfTwo = 0x3504F3;  // mantissa of the last float below it
  const std::uint32_t mantissa = largest_bits & kMantissa;
  const unsigned exponent = (largest_bits >> 23) + (mantissa > (parameters_.up ? 0 : kRootOfTwo) ? 1 : 0);
  // The exponent of a denormal would be that of its leading bit; it is negligible either way.
  return largest_bits > kMantissa && exponent >= smallest_exponent() ? exponent : 0;
}

bool Wage::encode_block(const float* x, std::size_t n, const BlockWords& words, State&, std::byte* to) const {
  const std::uint32_t largest = kernels::max_magnitude_bits(x, n);
  if (largest >= kernels::kInfinityBits) return false;
  const unsigned exponent = exponent_of(largest);
  *to++ = static_cast<std::byte>(exponent);
  if (exponent == 0) {
    std::fill_n(to, code_bytes(n), std::byte{0});
    return true;
  }
  // Both are exact: 2^-128 is denormal, but its product with a magnitude that counts is not.
  const kernels::LevelGrid grid{.prescale = std::ldexp(1.0f, 127 - static_cast<int>(exponent)),
                                .inverse = std::ldexp(1.0f, static_cast<int>(parameters_.bits) - 1),
                                .top = static_cast<float>(top_)};
  std::uint32_t block = words.first_block;
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    if (parameters_.stochastic) {
      kernels::quantise(x + i, length, grid, words.key, block, levels.data());
    } else {
      kernels::round_to_nearest(x + i, length, grid, levels.data());
    }
    kernels::pack_levels(levels.data(), length, parameters_.bits, to + code_bytes(i));
    block += kChunk / kernels::kGroup * kernels::kBlocksPerGroup;
  }
  return true;
}

base::Result<void> Wage::check_block(const std::byte* from, std::size_t n, std::size_t index) const {
  const unsigned exponent = load<std::uint8_t>(from++);
  const std::size_t bytes = code_bytes(n);
  if (exponent != 0 && exponent < smallest_exponent()) return wrong_scale(index);
  // The largest magnitude is never sent as 0.
  if ((exponent == 0) != all_zero(from, bytes)) return wrong_code(index);
  if (exponent == 0) return {};
  const std::size_t pad = 8 * bytes - n * parameters_.bits;
  if (pad > 0 && (from[bytes - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::unpack_levels(from + code_bytes(i), length, parameters_.bits, levels.data());
    if (kernels::smallest_level(levels.data(), length) < -top_) return wrong_code(index);
  }
  return {};
}

void Wage::add_block(const std::byte* from, std::size_t n, float scale, float* y) const {
  const unsigned exponent = load<std::uint8_t>(from++);
  if (exponent == 0) return;
  Levels levels;
  for (std::size_t i = 0; i < n; i += kChunk) {
    const std::size_t length = std::min(kChunk, n - i);
    kernels::unpack_levels(from + code_bytes(i), length, parameters_.bits, levels.data());
    kernels::add_levels(levels.data(), length, unit(exponent), scale, y + i);
  }
}

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .fallback = "8",
     .low = 2,
     .high = 16,
     .help = "bits per coordinate, sign included"},
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "512",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|tensor",
     .help = "coordinates that share a power of two"},
    {.name = "rounding",
     .kind = base::ParameterKind::word,
     .fallback = "nearest",
     .choices = "nearest|stochastic",
     .help = "the paper rounds gradients stochastically and all else to nearest"},
    {.name = "shift",
     .kind = base::ParameterKind::word,
     .fallback = "nearest",
     .choices = "nearest|up",
     .help = "nearest, the paper's, cuts up to three tenths of the largest magnitude; up cuts a level"},
};

}  // namespace

Row wage_row() {
  return {.name = "wage",
          .wire_id = 22,
          .summary = "whole multiples of a power of two for each block",
          .source = "Wu et al. 2018",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Wage>(arguments.canonical(), Blocks(arguments, "block", blueprint.layout),
                                          Parameters{.bits = static_cast<unsigned>(arguments.integer("bits")),
                                                     .stochastic = arguments.is("rounding", "stochastic"),
                                                     .up = arguments.is("shift", "up")});
          }};
}

}  // namespace parley::compression
