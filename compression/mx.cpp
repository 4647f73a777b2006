// mx: elements of 4 to 8 bits below a power of two that each 32 coordinates share.
//
//   payload := ceil(d*bits/8) x u8, ceil(d/32) x scale:u8
//
//   The bytes hold the elements' codes, least significant bit first; pad bits are zero. Floats are sign, exponent,
//   mantissa from the top: e4m3 (bias 7, largest 448), e5m2 (15, 57344), e3m2 (3, 28), e2m3 (1, 7.5), e2m1 (1, 6), with
//   denormals; codes of infinities and NaN are not in use. int8 counts 1/64 and int4 1/4, in two's complement without
//   the lowest number. A scale is 2^(u8 - 127); 0 is a block of zeros.
//
//   scale = 2^(floor(log2 |x|_inf) - top), with 2^top the exponent of the largest element,  C(x)_i = scale
//   round(x_i/scale)
//
// Rounded to nearest, ties to even, and cut at the largest element. The lowest scale is 2^-126, so that blocks of the
// smallest floats have elements with smaller exponents; a block without a normal float is sent as zeros.
//
// delta. A coordinate whose element is a normal float, or cut, loses at most rho of itself. One below half the spacing
// q of denormals (all spacings, of whole numbers) loses everything: the others of a block lose most at q/2. With the
// largest at m = 2^top that leaves (1 - rho^2) m^2 / (m^2 + 31 q^2/4).
#include <algorithm>
#include <array>
#include <cmath>

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/levels.h"
#include "compression/kernels/micro.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

using kernels::kMicroBlock;
using kernels::MicroFormat;

/// Coordinates whose codes are held between rounding and packing: whole groups of levels.h and whole blocks.
constexpr std::size_t kChunk = 512;
constexpr std::size_t kChunkBlocks = kChunk / kMicroBlock;
using Codes = std::array<std::int16_t, kChunk>;

struct Element {
  std::string_view name;
  MicroFormat format;
  double rho;  ///< the largest relative error of a normal element, or of what is cut
};

// What is cut lies between the largest element and 2^(top_exponent + 1). Relative errors of normal elements are below
// 2^-(mantissa + 1), which a whole number reaches at 1, relative to its spacing.
constexpr Element kElements[] = {
    {"int8", {.bits = 8, .mantissa = -1, .bias = 0, .top_exponent = 0, .top = 127}, 1.0 / 128},
    {"int4", {.bits = 4, .mantissa = -1, .bias = 0, .top_exponent = 0, .top = 7}, 1.0 / 8},
    {"e4m3", {.bits = 8, .mantissa = 3, .bias = 7, .top_exponent = 8, .top = 0x7E}, 1.0 / 8},
    {"e5m2", {.bits = 8, .mantissa = 2, .bias = 15, .top_exponent = 15, .top = 0x7B}, 1.0 / 8},
    {"e3m2", {.bits = 6, .mantissa = 2, .bias = 3, .top_exponent = 4, .top = 0x1F}, 1.0 / 8},
    {"e2m3", {.bits = 6, .mantissa = 3, .bias = 1, .top_exponent = 2, .top = 0x1F}, 1.0 / 16},
    {"e2m1", {.bits = 4, .mantissa = 1, .bias = 1, .top_exponent = 2, .top = 0x7}, 1.0 / 4},
};

class Mx final : public Compressor {
 public:
  Mx(std::string spec, const Element& element) : spec_(std::move(spec)), element_(element) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return mx_row().wire_id; }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }
  std::size_t max_payload_size(std::size_t d) const override {
    return code_bytes(d) + (d + kMicroBlock - 1) / kMicroBlock;
  }

  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, bits()});
    use({(d + kMicroBlock - 1) / kMicroBlock, 0, 0});
  }

  Properties properties(std::size_t d) const override;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  unsigned bits() const { return static_cast<unsigned>(element_.format.bits); }
  std::size_t code_bytes(std::size_t n) const { return (n * bits() + 7) / 8; }
  base::Result<void> check_piece(std::span<const std::byte> payload, std::size_t d, std::size_t first,
                                 std::size_t length) const;
  bool is_possible(unsigned scale, std::int32_t largest_code) const;

  std::string spec_;
  Element element_;
};

Properties Mx::properties(std::size_t d) const {
  const MicroFormat& format = element_.format;
  const double others = static_cast<double>(std::clamp<std::size_t>(d, 1, kMicroBlock) - 1);
  const double q = std::ldexp(1.0, format.is_float() ? 1 - format.bias - format.mantissa : 2 - format.bits);
  const double m2 = std::ldexp(1.0, 2 * format.top_exponent);
  Properties properties;
  properties.delta = (1 - element_.rho * element_.rho) * m2 / (m2 + others * q * q / 4);
  properties.bits_per_coordinate =
      d == 0 ? bits() : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
  return properties;
}

base::Result<std::size_t> Mx::encode(std::span<const float> x, const base::RandomKey&, State& state,
                                     std::span<std::byte> out) const {
  const std::size_t d = x.size(), size = max_payload_size(d);
  PARLEY_CHECK(out.size() >= size, out.size(), d);
  std::byte* scales = out.data() + code_bytes(d);
  const auto encode_piece = [&](std::size_t first, std::size_t length, std::size_t) {
    Codes codes;
    for (std::size_t i = first; i < first + length; i += kChunk) {
      const std::size_t n = std::min(kChunk, first + length - i);
      if (!kernels::to_micro(x.data() + i, n, element_.format, codes.data(), scales + i / kMicroBlock)) return false;
      kernels::pack_levels(codes.data(), n, bits(), out.data() + code_bytes(i));
    }
    return true;
  };
  if (!all_of_pieces(state, d, kChunk, encode_piece)) return not_finite(x);
  return size;
}

base::Result<void> Mx::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                  std::span<float> y) const {
  const std::size_t d = y.size(), size = max_payload_size(d);
  if (payload.size() != size) return wrong_size(payload.size(), size);
  const std::size_t pad = 8 * code_bytes(d) - d * bits();
  if (pad > 0 && (payload[code_bytes(d) - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  const auto check = [&](std::size_t first, std::size_t length) { return check_piece(payload, d, first, length); };
  if (auto checked = first_refusal_of_pieces(state, d, kChunk, check); !checked) return checked;
  const std::byte* scales = payload.data() + code_bytes(d);
  for_each_piece(state, d, kChunk, [&](std::size_t first, std::size_t length, std::size_t) {
    Codes codes;
    for (std::size_t i = first; i < first + length; i += kChunk) {
      const std::size_t n = std::min(kChunk, first + length - i);
      kernels::unpack_levels(payload.data() + code_bytes(i), n, bits(), codes.data());
      kernels::add_micro(codes.data(), scales + i / kMicroBlock, n, element_.format, scale, y.data() + i);
    }
  });
  return {};
}

bool Mx::is_possible(unsigned scale, std::int32_t largest_code) const {
  const MicroFormat& format = element_.format;
  const auto highest = static_cast<unsigned>(254 - format.top_exponent);
  // The largest magnitude of a block is at least 2^top of its scale, or a normal float below the lowest scale.
  const std::int32_t smallest = format.power_of_two(scale == 1 ? 0 : format.top_exponent);
  return scale <= highest && largest_code >= smallest && largest_code <= format.top;
}

base::Result<void> Mx::check_piece(std::span<const std::byte> payload, std::size_t d, std::size_t first,
                                   std::size_t length) const {
  const std::byte* scales = payload.data() + code_bytes(d);
  Codes codes;
  std::array<std::int32_t, kChunkBlocks> largest;
  for (std::size_t i = first; i < first + length; i += kChunk) {
    const std::size_t n = std::min(kChunk, first + length - i);
    const std::byte* from = payload.data() + code_bytes(i);
    kernels::unpack_levels(from, n, bits(), codes.data());
    kernels::largest_codes(codes.data(), n, element_.format, largest.data());
    for (std::size_t b = 0; b < n; b += kMicroBlock) {
      const std::size_t index = (i + b) / kMicroBlock, in_block = std::min(kMicroBlock, n - b);
      const unsigned scale = load<std::uint8_t>(scales + index);
      if (scale == 0 ? !all_zero(from + code_bytes(b), code_bytes(in_block))
                     : !is_possible(scale, largest[b / kMicroBlock]))
        return wrong_code(index);
    }
  }
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "element",
     .kind = base::ParameterKind::word,
     .fallback = "int8",
     .choices = "int8|int4|e4m3|e5m2|e3m2|e2m3|e2m1",
     .help = "floats with so many bits of exponent and mantissa, or whole numbers"},
};

}  // namespace

Row mx_row() {
  return {.name = "mx",
          .wire_id = 23,
          .summary = "elements of 4 to 8 bits below a power of two for every 32",
          .source = "Open Compute Project, Microscaling Formats 1.0; Rouhani et al. 2023",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const auto* element = std::find_if(std::begin(kElements), std::end(kElements), [&](const Element& row) {
              return blueprint.arguments.is("element", row.name);
            });
            PARLEY_CHECK(element != std::end(kElements), blueprint.arguments.canonical());
            return std::make_unique<Mx>(blueprint.arguments.canonical(), *element);
          }};
}

}  // namespace parley::compression
