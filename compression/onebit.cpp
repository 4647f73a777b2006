// onebit: one bit a coordinate and two values for each block, of what is below zero and of the rest.
//
//   payload := block*                every block of `block` coordinates, the last one shorter, or every row or tensor;
//                                    see coding/two_means.h
//
// With block = column the payload is that of onebit_columns.cpp.
//
//   C(x)_i = x_i < 0 ? minus : plus,  minus = mean of the x_i < 0, plus = mean of the others, 0 if there are none
//
// The means are the best two values in least squares: |C(x) - x|^2 = |x|^2 - n_plus plus^2 - n_minus minus^2, and
// C(x) has the mean of x. By Cauchy the two last terms are at least |x|_1^2/len, which is what `sign` keeps; so delta
// is at least 1/len, attained by a single spike. A mean that is not a normal float is sent as 0.
#include "compression/coding/blockwise.h"
#include "compression/coding/two_means.h"
#include "compression/onebit_columns.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Onebit final : public Blockwise {
 public:
  using Blockwise::Blockwise;

  std::uint8_t wire_id() const override { return onebit_row().wire_id; }

  Properties properties(std::size_t d) const override {
    const std::size_t longest = blocks().longest(d);
    return {.unbiased = longest == 1,
            .delta = 1 / static_cast<double>(longest),
            .bits_per_coordinate = bits_per_coordinate(d),
            .suggested_gamma = 0.4};
  }

 private:
  std::size_t block_size(std::size_t n) const override { return two_means_size(n); }
  bool encode_block(const float* x, std::size_t n, const BlockWords&, State&, std::byte* to) const override {
    return encode_two_means(x, n, to);
  }
  base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const override {
    return check_two_means(from, n, index);
  }
  void add_block(const std::byte* from, std::size_t n, float scale, float* y) const override {
    add_two_means(from, n, scale, y);
  }
};

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "128",
     .low = 8,
     .high = 1 << 20,
     .choices = "row|column|tensor",
     .help = "coordinates that share the two values"},
};

}  // namespace

Row onebit_row() {
  return {.name = "onebit",
          .wire_id = 18,
          .summary = "the sign of every coordinate, as the block's mean on that side of zero",
          .source = "Seide et al. 2014",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            if (blueprint.arguments.is("block", "column"))
              return make_onebit_columns(blueprint.arguments.canonical(), blueprint.layout);
            return std::make_unique<Onebit>(blueprint.arguments.canonical(),
                                            Blocks(blueprint.arguments, "block", blueprint.layout));
          }};
}

}  // namespace parley::compression
