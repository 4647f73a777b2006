// fixed: two's complement numbers with a fixed point, the same for all of x and every message.
//
//   payload := ceil(d*bits/8) x u8     codes of bits = int_bits + frac_bits, two's complement, least significant bit
//                                      first; pad bits are zero
//
//   unit = 2^-frac_bits,  level_i = round(x_i / unit), clamped to -2^(bits-1) .. 2^(bits-1) - 1,  C(x)_i = level_i unit
//
// rounding = nearest: a tie goes down. rounding = stochastic: up with the probability of the rest, so that
// E C(x)_i = x_i within the range; chunk c of 512 coordinates begins at Philox block 128 c. The error is absolute: at
// most unit/2 or below unit within the range. Relative to x nothing is guaranteed, since coordinates below half a unit
// vanish and those beyond the range are cut, so CHOCO and error feedback refuse it.
#include <algorithm>
#include <array>
#include <cmath>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/rounding.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

/// Coordinates whose levels are held between rounding and packing: whole groups, so that chunks end on a byte.
constexpr std::size_t kChunk = 8 * kernels::kGroup;
using Levels = std::array<std::int16_t, kChunk>;

class Fixed final : public Compressor {
 public:
  Fixed(std::string spec, unsigned bits, int frac_bits, bool stochastic)
      : spec_(std::move(spec)), bits_(bits), unit_(std::ldexp(1.0f, -frac_bits)), stochastic_(stochastic) {
    const std::int32_t half = std::int32_t{1} << (bits - 1);
    grid_ = {.per_unit = std::ldexp(1.0f, frac_bits), .lowest = -half, .highest = half - 1};
  }

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return fixed_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }
  std::size_t max_payload_size(std::size_t d) const override { return (d * bits_ + 7) / 8; }
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, bits_});
  }

  Properties properties(std::size_t d) const override {
    const double bits = d == 0 ? bits_ : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
    return {.bits_per_coordinate = bits};
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override {
    const std::size_t size = max_payload_size(x.size());
    PARLEY_CHECK(out.size() >= size, out.size(), x.size());
    const base::PhiloxInput philox = base::philox_input(key);
    const auto encode_piece = [&](std::size_t first, std::size_t length, std::size_t) {
      Levels levels;
      for (std::size_t i = first; i < first + length; i += kChunk) {
        const std::size_t n = std::min(kChunk, first + length - i);
        const auto block = static_cast<std::uint32_t>(i / kernels::kGroup) * kernels::kBlocksPerGroup;
        const std::uint32_t largest = stochastic_
                                          ? kernels::draw_fixed(x.data() + i, n, grid_, philox, block, levels.data())
                                          : kernels::round_fixed(x.data() + i, n, grid_, levels.data());
        if (largest >= kernels::kInfinityBits) return false;
        kernels::pack_levels(levels.data(), n, bits_, out.data() + i / 8 * bits_);
      }
      return true;
    };
    if (!all_of_pieces(state, x.size(), kChunk, encode_piece)) return not_finite(x);
    return size;
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    const std::size_t size = max_payload_size(y.size());
    if (payload.size() != size) return wrong_size(payload.size(), size);
    const std::size_t pad = 8 * size - y.size() * bits_;
    if (pad > 0 && (payload[size - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
    for_each_piece(state, y.size(), kChunk, [&](std::size_t first, std::size_t length, std::size_t) {
      Levels levels;
      for (std::size_t i = first; i < first + length; i += kChunk) {
        const std::size_t n = std::min(kChunk, first + length - i);
        kernels::unpack_levels(payload.data() + i / 8 * bits_, n, bits_, levels.data());
        kernels::add_levels(levels.data(), n, unit_, scale, y.data() + i);
      }
    });
    return {};
  }

 private:
  std::string spec_;
  unsigned bits_;
  float unit_;
  bool stochastic_;
  kernels::FixedGrid grid_;
};

constexpr std::int64_t kFewestBits = 2, kMostBits = 16;

constexpr base::Parameter kParameters[] = {
    {.name = "int_bits",
     .kind = base::ParameterKind::integer,
     .fallback = "4",
     .low = -40,
     .high = 16,
     .help = "bits before the point, sign included; below 1 for magnitudes that are all below 1/2"},
    {.name = "frac_bits",
     .kind = base::ParameterKind::integer,
     .fallback = "12",
     .low = 0,
     .high = 56,
     .help = "bits after the point; with int_bits 2 to 16 in all"},
    {.name = "rounding",
     .kind = base::ParameterKind::word,
     .fallback = "stochastic",
     .choices = "nearest|stochastic",
     .help = "stochastic keeps the mean of what is within the range"},
};

std::unique_ptr<Compressor> make_fixed(Blueprint blueprint) {
  const base::Arguments& arguments = blueprint.arguments;
  const std::int64_t int_bits = arguments.integer("int_bits"), frac_bits = arguments.integer("frac_bits");
  const std::int64_t bits = int_bits + frac_bits;
  if (bits < kFewestBits || bits > kMostBits)
    throw base::OperatorError(
        fmt::format("in \"{}\": {} bits before and {} after the point are {} in all; allowed: {} to {}",
                    arguments.canonical(), int_bits, frac_bits, bits, kFewestBits, kMostBits));
  return std::make_unique<Fixed>(arguments.canonical(), static_cast<unsigned>(bits), static_cast<int>(frac_bits),
                                 arguments.is("rounding", "stochastic"));
}

}  // namespace

Row fixed_row() {
  return {.name = "fixed",
          .wire_id = 19,
          .summary = "fixed-point numbers of at most 16 bits, saturating",
          .source = "Gupta et al. 2015",
          .parameters = kParameters,
          .takes_values = false,
          .make = make_fixed};
}

}  // namespace parley::compression
