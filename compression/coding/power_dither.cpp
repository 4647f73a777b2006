#include "compression/coding/power_dither.h"

#include <bit>
#include <cmath>
#include <limits>

#include "compression/coding/bucketed.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/powers.h"
#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

/// Of 2 (finest + 1) + 1 codes.
unsigned width(unsigned finest) {
  return static_cast<unsigned>(std::bit_width(2 * finest + 2));
}

class PowerDither final : public Bucketed {
 public:
  PowerDither(std::string spec, std::uint8_t wire_id, const PowerLevels& levels)
      : Bucketed(std::move(spec), wire_id, {levels.bucket, width(levels.finest), sizeof(float)}),
        levels_(levels),
        full_shrink_(shrink_of(levels.bucket)) {}

  Properties properties(std::size_t d) const override {
    const double omega = power_dither_variance(levels_.norm, longest_bucket(d), levels_.finest);
    Properties properties;
    properties.unbiased = !levels_.contractive || omega == 0;
    properties.omega = properties.unbiased ? omega : 0;
    properties.delta = levels_.contractive ? 1 / (1 + omega) : std::max(0.0, 1 - omega);
    properties.bits_per_coordinate = bits_per_coordinate(d);
    properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
    return properties;
  }

 private:
  double shrink_of(std::size_t length) const {
    return levels_.contractive ? power_dither_variance(levels_.norm, length, levels_.finest) : 0;
  }
  double shrink(std::size_t length) const { return length == levels_.bucket ? full_shrink_ : shrink_of(length); }

  /// What r = 1 decodes to.
  float unit_of(float norm, std::size_t n) const { return level_unit(norm, 1, shrink(n)); }
  bool is_negligible(float norm, std::size_t n) const {
    return std::ldexp(static_cast<double>(unit_of(norm, n)), -static_cast<int>(levels_.finest)) <
           std::numeric_limits<float>::min();
  }

  bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State&, std::byte* to) const override {
    const double exact = norm_of(levels_.norm, x, n);
    if (!(exact <= std::numeric_limits<double>::max())) return false;
    const float norm = round_up(exact);
    if (is_negligible(norm, n)) {
      std::fill_n(to, sizeof norm + code_bytes(n), std::byte{0});
      return true;
    }
    store(to, norm);
    const kernels::LevelGrid grid = level_grid(norm, 1u << levels_.finest);
    pack(n, draws, to + sizeof norm,
         [&](std::size_t first, std::size_t length, const Draws& here, std::int16_t* levels) {
           kernels::quantise_to_powers(x + first, length, grid, here.key, here.first_block, levels);
         });
    return true;
  }

  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const override {
    const std::byte* codes = from + sizeof(float);
    const auto norm_bits = load<std::uint32_t>(from);
    if (norm_bits == 0) return all_zero(codes, code_bytes(n)) ? base::Result<void>() : wrong_code(index);
    if (norm_bits >= kernels::kInfinityBits || is_negligible(std::bit_cast<float>(norm_bits), n))
      return wrong_scale(index);
    if (auto checked = check_padding(codes, n); !checked) return checked;
    return check_levels(codes, n, static_cast<int>(levels_.finest) + 1, index);
  }

  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const override {
    const auto norm = load<float>(from);
    if (norm == 0) return;
    const float unit = unit_of(norm, n);
    unpack(from + sizeof norm, n, [&](std::size_t first, std::size_t length, const std::int16_t* levels) {
      kernels::add_power_levels(levels, length, unit, levels_.finest, scale, y + first);
    });
  }

  PowerLevels levels_;
  double full_shrink_;
};

}  // namespace

double power_dither_variance(Norm norm, std::size_t length, unsigned finest) {
  if (length <= 1) return 0;
  const double n = static_cast<double>(length);
  const double q = std::ldexp(1.0, -static_cast<int>(finest));
  if (norm == Norm::l2) return n * q * q >= 81.0 / 16 ? q * std::sqrt(n) - 1 : 1.0 / 8 + 2 * n * q * q / 9;
  const double below = (std::sqrt(1 + (n - 1) * q * q) - 1) / 2;
  const double above = (std::sqrt((n + 1) * (n + 1) + n - 1) - (n + 1)) / 4;
  return std::max(below, above);
}

std::unique_ptr<Compressor> make_power_dither(std::string spec, std::uint8_t wire_id, const PowerLevels& levels) {
  return std::make_unique<PowerDither>(std::move(spec), wire_id, levels);
}

}  // namespace parley::compression
