#include "learning/kernels/convolution.h"

#include <hwy/highway.h>

#include <algorithm>

#include "base/error.h"
#include "learning/kernels/dense.h"
#include "learning/kernels/elementwise.h"
#include "learning/kernels/gemm.h"

namespace parley::learning {
namespace {

namespace hn = hwy::HWY_NAMESPACE;  // the baseline's: windows are few and lines short, so wider vectors would not help

/// Calls body(offset into the bordered image, offset into the columns) for each row of the columns.
template <class Body>
void for_each_column_row(const Convolution& layer, const Body& body) {
  const ImageShape bordered = layer.bordered();
  std::size_t row = 0;
  for (std::size_t c = 0; c < bordered.channels; ++c) {
    for (std::size_t ky = 0; ky < layer.kernel; ++ky) {
      for (std::size_t kx = 0; kx < layer.kernel; ++kx, row += layer.grid_size())
        body((c * bordered.height + ky) * bordered.width + kx, row);
    }
  }
}

/// Pools as many neighbouring windows as the tag has lanes. Selections, no branches: which of four is largest cannot be
/// predicted.
template <class Tag>
void pool_windows(Tag tag, const float* upper, const float* lower, float* out, std::uint8_t* choice) {
  hn::Vec<Tag> a, b, p, q;
  hn::LoadInterleaved2(tag, upper, a, b);
  hn::LoadInterleaved2(tag, lower, p, q);
  const auto b_wins = hn::Gt(b, a), q_wins = hn::Gt(q, p);
  const auto best_upper = hn::IfThenElse(b_wins, b, a), best_lower = hn::IfThenElse(q_wins, q, p);
  const auto lower_wins = hn::Gt(best_lower, best_upper);
  hn::StoreU(hn::IfThenElse(lower_wins, best_lower, best_upper), tag, out);
  const auto chosen_upper = hn::IfThenElseZero(b_wins, hn::Set(tag, 1.0f));
  const auto chosen_lower = hn::IfThenElse(q_wins, hn::Set(tag, 3.0f), hn::Set(tag, 2.0f));
  const auto chosen =
      hn::ConvertTo(hn::Rebind<std::int32_t, Tag>(), hn::IfThenElse(lower_wins, chosen_lower, chosen_upper));
  hn::StoreU(hn::DemoteTo(hn::Rebind<std::uint8_t, Tag>(), chosen), hn::Rebind<std::uint8_t, Tag>(), choice);
}

}  // namespace

Convolution add_convolution(base::ParameterLayout& layout, const std::string& prefix, ImageShape in,
                            std::size_t out_channels, std::size_t kernel, std::size_t padding) {
  PARLEY_CHECK(in.height + 2 * padding >= kernel && in.width + 2 * padding >= kernel, in.height, in.width, kernel);
  Convolution layer{.in = in,
                    .out = {out_channels, in.height + 2 * padding - kernel + 1, in.width + 2 * padding - kernel + 1},
                    .kernel = kernel,
                    .padding = padding,
                    .weight_offset = layout.size()};
  layout.add(prefix + "weight", {out_channels, in.channels, kernel, kernel});
  layer.bias_offset = layout.size();
  layout.add(prefix + "bias", {out_channels});
  return layer;
}

void initialize_convolution(const Convolution& layer, base::Random& random, std::span<float> x) {
  initialize_dense({.inputs = layer.depth(),
                    .outputs = layer.out.channels,
                    .weight_offset = layer.weight_offset,
                    .bias_offset = layer.bias_offset},
                   he_bound(layer.depth()), random, x);
}

void add_border(const Convolution& layer, const float* in, float* bordered) {
  const ImageShape to = layer.bordered();
  for (std::size_t c = 0; c < to.channels; ++c) {
    for (std::size_t y = 0; y < layer.in.height; ++y, in += layer.in.width)
      std::copy_n(in, layer.in.width, bordered + (c * to.height + y + layer.padding) * to.width + layer.padding);
  }
}

void gather_columns(const Convolution& layer, const float* bordered, float* columns) {
  const std::size_t size = layer.grid_size();
  for_each_column_row(layer,
                      [&](std::size_t from, std::size_t row) { std::copy_n(bordered + from, size, columns + row); });
}

void scatter_columns(const Convolution& layer, const float* columns, float* d_in) {
  PARLEY_CHECK(layer.padding == 0, layer.padding);
  std::fill_n(d_in, layer.in.size(), 0.0f);
  const std::size_t size = layer.grid_size();
  for_each_column_row(layer, [&](std::size_t to, std::size_t row) {
    for (std::size_t i = 0; i < size; ++i) d_in[to + i] += columns[row + i];
  });
}

void convolve(const Convolution& layer, std::span<const float> x, const float* columns, float* out) {
  const std::size_t size = layer.grid_size();
  for (std::size_t c = 0; c < layer.out.channels; ++c) std::fill_n(out + c * size, size, x[layer.bias_offset + c]);
  multiply({x.data() + layer.weight_offset, layer.out.channels, layer.depth()}, {columns, layer.depth(), size},
           Write::add, {out, layer.out.channels, size});
}

void convolve_backward_weights(const Convolution& layer, const float* columns, const float* d_out, Write write,
                               std::span<float> g) {
  const std::size_t size = layer.grid_size();
  multiply_transposed_right({d_out, layer.out.channels, size}, {columns, layer.depth(), size}, write,
                            {g.data() + layer.weight_offset, layer.out.channels, layer.depth()});
}

void convolve_backward_columns(const Convolution& layer, std::span<const float> x, const float* d_out,
                               float* d_columns) {
  const std::size_t size = layer.grid_size();
  multiply_transposed_left({x.data() + layer.weight_offset, layer.out.channels, layer.depth()},
                           {d_out, layer.out.channels, size}, Write::set, {d_columns, layer.depth(), size});
}

ImageShape pooled(ImageShape in) {
  return {in.channels, in.height / 2, in.width / 2};
}

void max_pool(const Convolution& layer, const float* values, float* out, std::uint8_t* choice) {
  const ImageShape to = pooled(layer.out);
  for (std::size_t c = 0; c < to.channels; ++c) {
    for (std::size_t y = 0; y < to.height; ++y, out += to.width, choice += to.width) {
      const float* upper = values + c * layer.grid_size() + 2 * y * layer.grid_width();
      const float* lower = upper + layer.grid_width();
      constexpr std::size_t kAtOnce = 4;
      std::size_t x = 0;
      for (; x + kAtOnce <= to.width; x += kAtOnce)
        pool_windows(hn::FixedTag<float, kAtOnce>(), upper + 2 * x, lower + 2 * x, out + x, choice + x);
      for (; x < to.width; ++x)
        pool_windows(hn::FixedTag<float, 1>(), upper + 2 * x, lower + 2 * x, out + x, choice + x);
    }
  }
}

void max_pool_backward(const Convolution& layer, const float* d_out, const std::uint8_t* choice, float* d_values) {
  std::fill_n(d_values, layer.out.channels * layer.grid_size(), 0.0f);
  const ImageShape from = pooled(layer.out);
  const std::size_t width = layer.grid_width();
  for (std::size_t c = 0; c < from.channels; ++c) {
    for (std::size_t y = 0; y < from.height; ++y) {
      float* window = d_values + c * layer.grid_size() + 2 * y * width;
      for (std::size_t x = 0; x < from.width; ++x, ++choice, ++d_out)
        window[2 * x + (*choice & 1u) + (*choice >> 1u) * width] = *d_out;
    }
  }
}

void pooled_backward_bias(const Convolution& layer, const float* d_out, Write write, std::span<float> g) {
  const std::size_t pixels = pooled(layer.out).pixels();
  for (std::size_t c = 0; c < layer.out.channels; ++c) {
    float& bias = g[layer.bias_offset + c];
    const float sum_of_channel = sum({d_out + c * pixels, pixels});
    bias = write == Write::set ? sum_of_channel : bias + sum_of_channel;
  }
}

}  // namespace parley::learning
