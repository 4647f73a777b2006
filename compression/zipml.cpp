// zipml: stochastic rounding to the levels that make its variance smallest, found anew for each bucket.
//
//   payload := bucket*                         as in coding/bucketed.h
//   header  := level:f32 x 2^bits              ascending, finite, no -0; code = index - 2^(bits-1)
//
//   x between neighbouring levels a <= x <= b becomes b with probability (x - a) / (b - a) and else a
//
// The levels, of which the outer ones are the bucket's extremes, are those of coding/optimal_levels.h with `cells`
// cells; if they are fewer than 2^bits, the last one is repeated. scaling = contractive: the levels that are sent are
// divided by 1 + omega(x), where omega(x) = (expected |Q(x) - x|^2) / |x|^2 is what rounding this bucket costs, rather
// than a bound. A bucket whose extremes are too near for the range to be a normal float has its smallest coordinate for
// every level. Where all levels are equal, codes are zero.
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "compression/coding/bucketed.h"
#include "compression/coding/optimal_levels.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/affine.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/cells.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr unsigned kMostBits = 6;
constexpr std::size_t kPart = 512;
using Values = std::array<float, std::size_t{1} << kMostBits>;

/// What rounding `length` coordinates may cost, relative to |x|^2. The first term is that of equally spaced levels, the
/// second what is lost by cells of finite width and positions of 20 bits; two levels alone cost at most half of the
/// others' number. See docs/compression.md.
double variance_bound(std::size_t length, std::size_t levels, std::size_t cells) {
  if (length <= 2) return 0;
  const double others = static_cast<double>(length - 2), steps = static_cast<double>(levels - 1);
  return others * std::min(0.5, 1 / (2 * steps * steps) + 2 / static_cast<double>(cells) + 0x1p-17);
}

struct ZipmlState final : State {
  ZipmlState(std::size_t cells, std::size_t levels) : optimal(cells, levels), t(cells), inverse(cells) {}
  OptimalLevels optimal;
  std::vector<float> t, inverse;  ///< of the cells' levels and steps
};

class Zipml final : public Bucketed {
 public:
  Zipml(std::string spec, std::size_t bucket, unsigned bits, std::size_t cells, bool contractive)
      : Bucketed(std::move(spec), zipml_row().wire_id, {bucket, bits, (sizeof(float) << bits)}),
        cells_(cells),
        contractive_(contractive) {}

  Properties properties(std::size_t d) const override {
    const double omega = variance_bound(longest_bucket(d), levels(), cells_);
    Properties properties;
    properties.unbiased = !contractive_ || omega == 0;
    properties.omega = properties.unbiased ? omega : 0;
    properties.delta = contractive_ ? 1 / (1 + omega) : std::max(0.0, 1 - omega);
    properties.bits_per_coordinate = bits_per_coordinate(d);
    properties.suggested_gamma = std::min(1.0, 2 / (1 + omega));
    return properties;
  }

 private:
  std::unique_ptr<State> make_scratch() const override { return std::make_unique<ZipmlState>(cells_, levels()); }
  std::size_t levels() const { return std::size_t{1} << bits(); }
  std::int32_t offset() const { return std::int32_t{1} << (bits() - 1); }
  std::size_t header() const { return sizeof(float) << bits(); }

  void put_flat(float value, std::size_t n, std::byte* to) const {
    for (std::size_t k = 0; k < levels(); ++k) store(to + k * sizeof value, value);
    std::fill_n(to + header(), code_bytes(n), std::byte{0});
  }

  bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State& state, std::byte* to) const override;
  base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const override;
  void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const override;

  std::size_t cells_;
  bool contractive_;
};

/// Prescales, origins and inverses as those of affine_grid.
kernels::CellGrid cell_grid(const kernels::Range& range, std::size_t cells) {
  const double width = static_cast<double>(range.high) - range.low;
  const float prescale = std::ldexp(1.0f, -std::ilogb(width));
  const auto inverse = static_cast<float>((1 << kernels::kPositionBits) / (width * prescale));
  return {.prescale = prescale,
          .origin = range.low * prescale,
          .inverse = inverse,
          .cells = static_cast<std::int32_t>(cells)};
}

void choose_levels(const float* x, std::size_t n, const kernels::Range& range, const kernels::CellGrid& grid,
                   OptimalLevels& optimal) {
  std::array<std::int32_t, kPart> positions;
  optimal.clear();
  for (std::size_t i = 0; i < n; i += kPart) {
    const std::size_t length = std::min(kPart, n - i);
    kernels::to_positions(x + i, length, grid, positions.data());
    optimal.add(x + i, positions.data(), length);
  }
  kernels::to_positions(&range.high, 1, grid, positions.data());
  optimal.choose(range.high, positions[0]);
}

/// The t of every cell's level and the inverse of its step, so that the next level's t is a fraction of 1 or more.
void tabulate(const kernels::CellGrid& grid, ZipmlState& state) {
  const std::span<const float> levels = state.optimal.levels();
  const std::span<const std::int32_t> level_of_cells = state.optimal.level_of_cells();
  const auto t_of = [&](std::int32_t level) {
    return std::max(levels[static_cast<std::size_t>(level)] * grid.prescale - grid.origin, 0.0f);
  };
  std::int32_t known = -1;
  float t = 0, inverse = 0;
  for (std::size_t c = 0; c < level_of_cells.size(); ++c) {
    const std::int32_t level = level_of_cells[c];
    if (level != known) {
      t = t_of(level);
      const float step = t_of(level + 1) - t;
      inverse = step > 0 ? 1 / step : 0;
      while (step > 0 && step * inverse < 1) inverse = std::nextafter(inverse, std::numeric_limits<float>::max());
      known = level;
    }
    state.t[c] = t;
    state.inverse[c] = inverse;
  }
}

bool Zipml::encode_bucket(const float* x, std::size_t n, const Draws& draws, State& state, std::byte* to) const {
  auto& own = own_state<ZipmlState>(state);
  const kernels::Range range = kernels::range_of(x, n);
  if (!range.finite) return false;
  const double width = static_cast<double>(range.high) - range.low;
  if (width < std::numeric_limits<float>::min()) {
    put_flat(range.low, n, to);
    return true;
  }
  const kernels::CellGrid grid = cell_grid(range, cells_);
  choose_levels(x, n, range, grid, own.optimal);
  tabulate(grid, own);

  double shrink = 0;
  if (contractive_) {
    const double unit = width / (1 << kernels::kPositionBits);
    shrink = static_cast<double>(own.optimal.cost()) * unit * unit / kernels::sum_of_squares(x, n);
  }
  Values values;
  const std::span<const float> chosen = own.optimal.levels();
  for (std::size_t k = 0; k < levels(); ++k)
    values[k] = static_cast<float>(chosen[std::min(k, chosen.size() - 1)] / (1 + shrink)) + 0.0f;
  if (values[0] == values[levels() - 1]) {
    put_flat(values[0], n, to);
    return true;
  }
  std::memcpy(to, values.data(), header());
  const kernels::CellLevels cells{own.optimal.level_of_cells().data(), own.t.data(), own.inverse.data()};
  pack(n, draws, to + header(), [&](std::size_t first, std::size_t length, const Draws& here, std::int16_t* codes) {
    kernels::quantise_in_cells(x + first, length, grid, cells, offset(), here.key, here.first_block, codes);
  });
  return true;
}

base::Result<void> Zipml::check_bucket(const std::byte* from, std::size_t n, std::size_t index) const {
  Values values;
  std::memcpy(values.data(), from, header());
  for (std::size_t k = 0; k < levels(); ++k) {
    if (!std::isfinite(values[k]) || (values[k] == 0 && std::signbit(values[k]))) return wrong_scale(index);
    if (k > 0 && values[k] < values[k - 1]) return wrong_scale(index);
  }
  const std::byte* codes = from + header();
  if (values[0] == values[levels() - 1])
    return all_zero(codes, code_bytes(n)) ? base::Result<void>() : wrong_code(index);
  return check_padding(codes, n);
}

void Zipml::add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const {
  Values values;
  std::memcpy(values.data(), from, header());
  unpack(from + header(), n, [&](std::size_t first, std::size_t length, const std::int16_t* codes) {
    kernels::add_looked_up(codes, length, offset(), values.data(), scale, y + first);
  });
}

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .fallback = "2",
     .low = 1,
     .high = kMostBits,
     .help = "bits per coordinate, for 2^bits levels"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "8192",
     .low = 64,
     .high = 1 << 20,
     .help = "coordinates that share levels"},
    {.name = "cells",
     .kind = base::ParameterKind::integer,
     .fallback = "256",
     .low = 16,
     .high = 1024,
     .help = "cells of the range, of which each offers a place for a level"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + what rounding costs the bucket; CHOCO and error feedback need it"},
};

}  // namespace

Row zipml_row() {
  return {.name = "zipml",
          .wire_id = 39,
          .summary = "stochastic rounding to the levels of least variance for each bucket",
          .source = "Zhang et al. 2017 (ZipML)",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Zipml>(arguments.canonical(), static_cast<std::size_t>(arguments.integer("bucket")),
                                           static_cast<unsigned>(arguments.integer("bits")),
                                           static_cast<std::size_t>(arguments.integer("cells")),
                                           arguments.is("scaling", "contractive"));
          }};
}

}  // namespace parley::compression
