// sketch: a count-sketch, of which every coordinate is estimated as the median of the rows.
//
//   payload := rows x columns x f32
//
//   T[t][h_t(i)] += g_t(i) x_i,   estimate_i = median over t of g_t(i) T[t][h_t(i)]
//
// Word i of the groups that begin at Philox block 16 t ceil(d/64) gives the place of coordinate i in row t, by its
// upper 31 bits times columns, over 2^31, and the sign by its lowest bit. Sums are taken in double and limited to the
// finite floats. columns = max(1, share(ratio, d) / rows).
//
// The sketch is linear in x: with one key, sketches of neighbours add. An estimate is x_i and a sum of others with
// random signs: symmetric about x_i, and so is the median of an odd number of them, whose tails are no heavier than
// those of one. So the estimate is unbiased with omega = (d - 1)/columns for every number of rows; more rows pay where
// few coordinates are large. scaling = contractive divides by 1 + omega.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "compression/coding/kept_count.h"
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kLimit = 0xFFFFFFFF;
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kMostRows = 15;
using Words = std::array<std::uint32_t, kChunk>;

struct SketchState final : State {
  std::vector<double> table;
};

class Sketch final : public Compressor {
 public:
  Sketch(std::string spec, std::size_t rows, double ratio, bool contractive)
      : spec_(std::move(spec)), rows_(rows), ratio_(ratio), contractive_(contractive) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return sketch_row().wire_id; }
  std::size_t max_payload_size(std::size_t d) const override { return sizeof(float) * rows_ * columns(d); }
  std::unique_ptr<State> make_state() const override { return std::make_unique<SketchState>(); }
  Properties properties(std::size_t d) const override;

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::size_t columns(std::size_t d) const {
    return d == 0 ? 0 : std::max<std::size_t>(1, share_of(ratio_, d) / rows_);
  }
  /// A word makes some places likelier than 1/columns, by at most 2^-31.
  double omega(std::size_t d) const {
    return d <= 1 ? 0 : static_cast<double>(d - 1) * (1 / static_cast<double>(columns(d)) + 0x1p-31);
  }

  std::string spec_;
  std::size_t rows_;
  double ratio_;
  bool contractive_;
};

Properties Sketch::properties(std::size_t d) const {
  const double spread = omega(d);
  Properties properties;
  properties.unbiased = !contractive_ || spread == 0;
  properties.omega = properties.unbiased ? spread : 0;
  properties.delta = contractive_ ? 1 / (1 + spread) : std::max(0.0, 1 - spread);
  if (d > 0) properties.bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 2 / (1 + spread));
  return properties;
}

/// The words of row `row` for the coordinates from `first`, a multiple of kGroup, on.
void draw(const base::PhiloxInput& key, std::size_t d, std::size_t row, std::size_t first, std::size_t n,
          Words& words) {
  const std::size_t groups = (d + kernels::kGroup - 1) / kernels::kGroup;
  const std::size_t group = row * groups + first / kernels::kGroup;
  kernels::random_words(key, static_cast<std::uint32_t>(group) * kernels::kBlocksPerGroup,
                        (n + kernels::kGroup - 1) / kernels::kGroup, words.data());
}

std::size_t place(std::uint32_t word, std::size_t columns) {
  return static_cast<std::size_t>((std::uint64_t{word >> 1} * columns) >> 31);
}

/// The middle one of the first `rows`, an odd number.
float median(std::array<float, kMostRows>& estimates, std::size_t rows) {
  const float a = estimates[0], b = estimates[1], c = estimates[2];
  if (rows == 1) return a;
  if (rows == 3) return std::max(std::min(a, b), std::min(std::max(a, b), c));
  const auto middle = estimates.begin() + static_cast<std::ptrdiff_t>(rows / 2);
  std::nth_element(estimates.begin(), middle, estimates.begin() + static_cast<std::ptrdiff_t>(rows));
  return *middle;
}

/// value, or its negative if the lowest bit of the word is set: without a branch, which would be wrong half of the
/// time.
float with_sign(float value, std::uint32_t word) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ (word << 31));
}

base::Result<std::size_t> Sketch::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                         std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kLimit, out.size(), x.size());
  constexpr double kLargest = std::numeric_limits<float>::max();
  const std::size_t width = columns(x.size());
  auto& table = own_state<SketchState>(state).table;
  table.assign(rows_ * width, 0.0);
  const base::PhiloxInput philox = base::philox_input(key);
  Words words;
  for (std::size_t i = 0; i < x.size(); i += kChunk) {
    const std::size_t n = std::min(kChunk, x.size() - i);
    if (!kernels::all_finite(x.data() + i, n)) return not_finite(x);
    for (std::size_t row = 0; row < rows_; ++row) {
      draw(philox, x.size(), row, i, n, words);
      double* sums = table.data() + row * width;
      for (std::size_t j = 0; j < n; ++j)
        sums[place(words[j], width)] += static_cast<double>(with_sign(x[i + j], words[j]));
    }
  }
  for (std::size_t cell = 0; cell < table.size(); ++cell)
    store(out.data() + sizeof(float) * cell, static_cast<float>(std::clamp(table[cell], -kLargest, kLargest)));
  return max_payload_size(x.size());
}

base::Result<void> Sketch::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                      State& state, std::span<float> y) const {
  PARLEY_CHECK(y.size() <= kLimit, y.size());
  if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
  const std::size_t width = columns(y.size());
  if (kernels::max_magnitude_bits(payload.data(), rows_ * width) >= kernels::kInfinityBits) return wrong_code(0);
  const base::PhiloxInput philox = base::philox_input(key);
  const auto factor = static_cast<float>(contractive_ ? 1 / (1 + omega(y.size())) : 1.0);
  for_each_piece(state, y.size(), kChunk, [&](std::size_t first, std::size_t length, std::size_t) {
    std::array<Words, kMostRows> words;
    for (std::size_t i = first; i < first + length; i += kChunk) {
      const std::size_t n = std::min(kChunk, first + length - i);
      for (std::size_t row = 0; row < rows_; ++row) draw(philox, y.size(), row, i, n, words[row]);
      for (std::size_t j = 0; j < n; ++j) {
        std::array<float, kMostRows> estimates{};
        for (std::size_t row = 0; row < rows_; ++row) {
          const std::uint32_t word = words[row][j];
          const auto cell = load<float>(payload.data() + sizeof(float) * (row * width + place(word, width)));
          estimates[row] = with_sign(cell, word);
        }
        y[i + j] += scale * (factor * median(estimates, rows_));
      }
    }
  });
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "rows",
     .kind = base::ParameterKind::integer,
     .fallback = "1",
     .low = 1,
     .high = kMostRows,
     .help = "independent estimates of each coordinate, an odd number"},
    {.name = "ratio",
     .kind = base::ParameterKind::real,
     .fallback = "0.1",
     .low = 1e-9,
     .high = 1,
     .help = "floats that are sent, of all rows, for each coordinate"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + omega, which CHOCO and error feedback need"},
};

}  // namespace

Row sketch_row() {
  return {.name = "sketch",
          .wire_id = 54,
          .summary = "a count-sketch: signed sums of random coordinates, linear in the vector",
          .source = "Charikar, Chen, Farach-Colton 2002; Ivkin et al. 2019",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            const auto rows = static_cast<std::size_t>(arguments.integer("rows"));
            if (rows % 2 == 0)
              throw base::OperatorError(fmt::format("in \"{}\": rows = {} has no middle one; allowed: odd numbers",
                                                    arguments.canonical(), rows));
            return std::make_unique<Sketch>(arguments.canonical(), rows, arguments.real("ratio"),
                                            arguments.is("scaling", "contractive"));
          }};
}

}  // namespace parley::compression
