// eden: a random rotation of each block, which makes its coordinates nearly Gaussian, and the best codebook for those.
//
//   payload := piece*
//   piece   := scale:f32 order*bits/8 x u8     two's complement codes of `bits` bits, least significant first
//
// Pieces are blocks of `block` coordinates, then the largest powers of two that fit into the rest down to 64, then the
// rest, followed by zeros up to a power of two of at least 16. `order` is the length with these zeros.
//
//   r = H T H S x / order,  c_i = codebook point next to r_i sqrt(order) / |x|,  C(x) = scale S H T H c / order
//
// See kernels/rotation.h for H, S and T; piece p draws their words from the groups that begin at Philox block 16 p
// ceil(block/1024). Code j >= 0 is the point j, -1 - j its negative. The codebook is that of Lloyd and Max for the
// normal distribution; with one bit the point is irrelevant, and it is 1. A piece whose scale would not be a normal
// float is sent as zeros. What is decoded is limited to the finite floats.
//
// scaling = contractive: scale = <c, r>/|c|^2, the best in least squares. Given the first rotation, every r_i is a sum
// of independent signs with fixed weights. So E|r_i| is at least its deviation over sqrt 2 (Szarek 1976), which makes
// delta = 1/2 for one bit; and its even moments are at most those of the normal distribution (Khintchine), from which
// and from bounds of the codebook's error by polynomials follow 0.68, 0.90 and 0.97 for two to four bits. For Gaussian
// coordinates it is 0.64, 0.88, 0.965 and 0.990.
// scaling = unbiased: scale = |x|^2/<c, r>. Unbiased for a uniformly random rotation, and for this one nearly so: for a
// few spikes, its worst case, the bias is some thousandths. No more is claimed.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/levels.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/rotation.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kSmallestPiece = 64;  // what a rest is divided into

constexpr kernels::Codebook kCodebooks[] = {
    {1, {1}, {}},
    {2, {0.452780f, 1.510418f}, {0.981599f}},
    {4, {0.245094f, 0.756005f, 1.343909f, 2.151946f}, {0.5005495f, 1.049957f, 1.7479275f}},
    {8,
     {0.128395f, 0.388048f, 0.656759f, 0.942340f, 1.256231f, 1.618046f, 2.069017f, 2.732590f},
     {0.2582215f, 0.5224035f, 0.7995495f, 1.0992855f, 1.4371385f, 1.8435315f, 2.4008035f}},
};
constexpr double kDelta[] = {0.5, 0.68, 0.90, 0.97};

struct EdenScratch {
  std::vector<float> rotated;
  std::vector<std::int16_t> levels;
  std::vector<std::uint32_t> words;
};
using EdenState = LanesState<EdenScratch>;

class Eden final : public Compressor {
 public:
  Eden(std::string spec, unsigned bits, std::size_t block, bool contractive)
      : spec_(std::move(spec)),
        bits_(bits),
        block_(block),
        contractive_(contractive),
        codebook_(kCodebooks[bits - 1]) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return eden_row().wire_id; }
  std::unique_ptr<State> make_state() const override {
    return std::make_unique<EdenState>([] { return std::make_unique<EdenScratch>(); });
  }

  std::size_t max_payload_size(std::size_t d) const override {
    std::size_t bytes = d / block_ * piece_size(block_);
    for (std::size_t at = d / block_ * block_; at < d;) {
      const Piece piece = piece_at(at, d);
      bytes += piece_size(piece.order);
      at += piece.length;
    }
    return bytes;
  }

  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    for (std::size_t at = 0; at < d; at += piece_at(at, d).length) use({sizeof(float), piece_at(at, d).order, bits_});
  }

  Properties properties(std::size_t d) const override;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  struct Piece {
    std::size_t length, order;
  };

  Piece piece_at(std::size_t at, std::size_t d) const {
    const std::size_t rest = d - at;
    if (rest >= block_) return {block_, block_};
    if (rest >= kSmallestPiece) return {std::bit_floor(rest), std::bit_floor(rest)};
    return {rest, std::max(std::bit_ceil(rest), kernels::kSmallestRotation)};
  }
  std::size_t piece_size(std::size_t order) const { return sizeof(float) + order * bits_ / 8; }

  /// The groups of words that a block takes.
  std::size_t groups() const { return (kernels::rotation_words(block_) + kernels::kGroup - 1) / kernels::kGroup; }
  void prepare(EdenScratch& own) const;
  void draw_words(const base::PhiloxInput& key, std::size_t piece, EdenScratch& own) const {
    kernels::random_words(key, static_cast<std::uint32_t>(piece * groups()) * kernels::kBlocksPerGroup, groups(),
                          own.words.data());
  }
  base::Result<void> check(std::span<const std::byte> payload, std::size_t first, std::size_t length,
                           std::size_t d) const;
  void encode_piece(const float* x, const Piece& piece, std::uint32_t largest, EdenScratch& own, std::byte* to) const;
  void add_piece(const std::byte* from, const Piece& piece, float scale, EdenScratch& own, float* y) const;

  std::string spec_;
  unsigned bits_;
  std::size_t block_;
  bool contractive_;
  const kernels::Codebook& codebook_;
};

Properties Eden::properties(std::size_t d) const {
  Properties properties;
  properties.delta = contractive_ ? kDelta[bits_ - 1] : 0;
  if (d > 0) properties.bits_per_coordinate = 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  properties.suggested_gamma = kDelta[bits_ - 1];
  return properties;
}

void Eden::prepare(EdenScratch& own) const {
  own.rotated.resize(block_);
  own.levels.resize((block_ + kernels::kGroup - 1) / kernels::kGroup * kernels::kGroup);
  own.words.resize(groups() * kernels::kGroup);
}

base::Result<std::size_t> Eden::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                       std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& own = own_state<EdenState>(state);
  const base::PhiloxInput philox = base::philox_input(key);
  const bool finite =
      all_of_pieces(state, x.size(), block_, [&](std::size_t first, std::size_t length, std::size_t lane) {
        EdenScratch& scratch = own.scratch(lane);
        prepare(scratch);
        std::byte* to = out.data() + first / block_ * piece_size(block_);
        std::size_t index = first / block_;
        for (std::size_t at = first; at < first + length; ++index) {
          const Piece piece = piece_at(at, x.size());
          const std::uint32_t largest = kernels::max_magnitude_bits(x.data() + at, piece.length);
          if (largest >= kernels::kInfinityBits) return false;
          draw_words(philox, index, scratch);
          encode_piece(x.data() + at, piece, largest, scratch, to);
          to += piece_size(piece.order);
          at += piece.length;
        }
        return true;
      });
  if (!finite) return not_finite(x);
  return max_payload_size(x.size());
}

void Eden::encode_piece(const float* x, const Piece& piece, std::uint32_t largest, EdenScratch& own,
                        std::byte* to) const {
  constexpr std::uint32_t kSmallestNormal = std::uint32_t{1} << 23;
  const auto exponent = static_cast<int>(largest >> 23) - 127;
  float scale = 0;
  if (largest >= kSmallestNormal) {
    // In units in which the largest magnitude is in [1, 2), and without dividing by the order.
    kernels::rotate(x, piece.length, std::ldexp(1.0f, -exponent), piece.order, own.words.data(), own.rotated.data());
    const double square = kernels::sum_of_squares_f32(own.rotated.data(), piece.order);
    const double order = static_cast<double>(piece.order);
    const auto matched = kernels::match(own.rotated.data(), piece.order, static_cast<float>(std::sqrt(order / square)),
                                        codebook_, own.levels.data());
    const double product = matched.product;
    const double unit = contractive_ ? product / matched.square : square / product;
    const double wanted = std::ldexp(unit / order, exponent);
    scale = static_cast<float>(std::min(wanted, static_cast<double>(std::numeric_limits<float>::max())));
  }
  if (scale < std::numeric_limits<float>::min()) {
    std::fill_n(to, piece_size(piece.order), std::byte{0});
    return;
  }
  store(to, scale);
  std::fill(own.levels.begin() + static_cast<std::ptrdiff_t>(piece.order), own.levels.end(), std::int16_t{0});
  kernels::pack_levels(own.levels.data(), piece.order, bits_, to + sizeof scale);
}

base::Result<void> Eden::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                    State& state, std::span<float> y) const {
  if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
  const auto check_from = [&](std::size_t first, std::size_t length) {
    return check(payload, first, length, y.size());
  };
  if (auto checked = first_refusal_of_pieces(state, y.size(), block_, check_from); !checked) return checked;
  auto& own = own_state<EdenState>(state);
  const base::PhiloxInput philox = base::philox_input(key);
  for_each_piece(state, y.size(), block_, [&](std::size_t first, std::size_t length, std::size_t lane) {
    EdenScratch& scratch = own.scratch(lane);
    prepare(scratch);
    const std::byte* from = payload.data() + first / block_ * piece_size(block_);
    std::size_t index = first / block_;
    for (std::size_t at = first; at < first + length; ++index) {
      const Piece piece = piece_at(at, y.size());
      if (load<float>(from) != 0) {
        draw_words(philox, index, scratch);
        add_piece(from, piece, scale, scratch, y.data() + at);
      }
      from += piece_size(piece.order);
      at += piece.length;
    }
  });
  return {};
}

base::Result<void> Eden::check(std::span<const std::byte> payload, std::size_t first, std::size_t length,
                               std::size_t d) const {
  const std::byte* from = payload.data() + first / block_ * piece_size(block_);
  std::size_t index = first / block_;
  for (std::size_t at = first; at < first + length; ++index) {
    const Piece piece = piece_at(at, d);
    const auto found = load<float>(from);
    const bool zero = load<std::uint32_t>(from) == 0;
    if (!zero && !(found >= std::numeric_limits<float>::min() && found <= std::numeric_limits<float>::max()))
      return wrong_scale(index);
    if (zero && !all_zero(from, piece_size(piece.order))) return wrong_code(index);
    from += piece_size(piece.order);
    at += piece.length;
  }
  return {};
}

void Eden::add_piece(const std::byte* from, const Piece& piece, float scale, EdenScratch& own, float* y) const {
  int exponent;
  const float mantissa = std::frexp(load<float>(from), &exponent);
  // Points in units in which the scale is in [1/2, 1), so that no sum overflows; by code, which begins at -2^(bits -
  // 1).
  std::array<float, 16> points;
  const std::size_t half = codebook_.count;
  for (std::size_t j = 0; j < half; ++j) {
    points[half + j] = mantissa * codebook_.points[j];
    points[half - 1 - j] = -points[half + j];
  }
  kernels::unpack_levels(from + sizeof(float), piece.order, bits_, own.levels.data());
  const float* middle = points.data() + half;
  for (std::size_t i = 0; i < piece.order; ++i) own.rotated[i] = middle[own.levels[i]];
  const auto bits = static_cast<int>(std::bit_width(piece.order)) - 1;
  kernels::add_rotated_back(own.rotated.data(), piece.order, own.words.data(), std::ldexp(1.0f, exponent - bits), scale,
                            piece.length, y);
}

constexpr base::Parameter kParameters[] = {
    {.name = "bits",
     .kind = base::ParameterKind::integer,
     .fallback = "1",
     .low = 1,
     .high = 4,
     .help = "bits per coordinate; 1 is DRIVE"},
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "1024",
     .low = 64,
     .high = 65536,
     .help = "coordinates that are rotated together, a power of two"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive is the best in least squares, which CHOCO and error feedback need"},
};

}  // namespace

Row eden_row() {
  return {.name = "eden",
          .wire_id = 53,
          .summary = "a random rotation and the best codebook for Gaussian coordinates",
          .source = "Vargaftik et al. 2021 (DRIVE), 2022 (EDEN)",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            const auto block = static_cast<std::size_t>(arguments.integer("block"));
            if (!std::has_single_bit(block))
              throw base::OperatorError(fmt::format("in \"{}\": block = {} is not a power of two; {} is the next",
                                                    arguments.canonical(), block, std::bit_ceil(block)));
            return std::make_unique<Eden>(arguments.canonical(), static_cast<unsigned>(arguments.integer("bits")),
                                          block, arguments.is("scaling", "contractive"));
          }};
}

}  // namespace parley::compression
