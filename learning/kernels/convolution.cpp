#include "learning/kernels/convolution.h"

#include <algorithm>

#include "base/error.h"
#include "learning/kernels/dense.h"
#include "learning/kernels/gemm.h"

namespace parley::learning {
namespace {

/// Calls body(from, x0, x1, row) for each line of each row of columns, which starts at columns[row] and is out.width
/// long: its entries x0 .. x1 meet the input pixels from `from` on, the others the border.
template <class Body>
void for_each_column_row(const Convolution& layer, const Body& body) {
  const std::size_t width = layer.in.width, padding = layer.padding;
  std::size_t row = 0;
  for (std::size_t c = 0; c < layer.in.channels; ++c) {
    for (std::size_t ky = 0; ky < layer.kernel; ++ky) {
      for (std::size_t kx = 0; kx < layer.kernel; ++kx) {
        const std::size_t x0 = std::min(layer.out.width, padding > kx ? padding - kx : 0);
        const std::size_t x1 = std::clamp(width + padding - kx, x0, layer.out.width);
        for (std::size_t y = 0; y < layer.out.height; ++y, row += layer.out.width) {
          const bool inside = y + ky >= padding && y + ky - padding < layer.in.height;
          const std::size_t line = inside ? (c * layer.in.height + y + ky - padding) * width : 0;
          body(line + x0 + kx - padding, x0, inside ? x1 : x0, row);
        }
      }
    }
  }
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

void gather_columns(const Convolution& layer, const float* in, float* columns) {
  const std::size_t width = layer.out.width;
  for_each_column_row(layer, [&](std::size_t from, std::size_t x0, std::size_t x1, std::size_t row) {
    std::fill(columns + row, columns + row + x0, 0.0f);
    std::copy_n(in + from, x1 - x0, columns + row + x0);
    std::fill(columns + row + x1, columns + row + width, 0.0f);
  });
}

void scatter_columns(const Convolution& layer, const float* columns, float* d_in) {
  std::fill_n(d_in, layer.in.size(), 0.0f);
  for_each_column_row(layer, [&](std::size_t to, std::size_t x0, std::size_t x1, std::size_t row) {
    for (std::size_t x = 0; x < x1 - x0; ++x) d_in[to + x] += columns[row + x0 + x];
  });
}

void convolve(const Convolution& layer, std::span<const float> x, const float* columns, float* out) {
  const std::size_t pixels = layer.out.pixels();
  for (std::size_t c = 0; c < layer.out.channels; ++c) std::fill_n(out + c * pixels, pixels, x[layer.bias_offset + c]);
  multiply({x.data() + layer.weight_offset, layer.out.channels, layer.depth()}, {columns, layer.depth(), pixels},
           Write::add, {out, layer.out.channels, pixels});
}

void convolve_backward_parameters(const Convolution& layer, const float* columns, const float* d_out, Write write,
                                  std::span<float> g) {
  const std::size_t pixels = layer.out.pixels();
  multiply_transposed_right({d_out, layer.out.channels, pixels}, {columns, layer.depth(), pixels}, write,
                            {g.data() + layer.weight_offset, layer.out.channels, layer.depth()});
  for (std::size_t c = 0; c < layer.out.channels; ++c) {
    float sum = 0;
    for (std::size_t p = 0; p < pixels; ++p) sum += d_out[c * pixels + p];
    float& bias = g[layer.bias_offset + c];
    bias = write == Write::set ? sum : bias + sum;
  }
}

void convolve_backward_columns(const Convolution& layer, std::span<const float> x, const float* d_out,
                               float* d_columns) {
  const std::size_t pixels = layer.out.pixels();
  multiply_transposed_left({x.data() + layer.weight_offset, layer.out.channels, layer.depth()},
                           {d_out, layer.out.channels, pixels}, Write::set, {d_columns, layer.depth(), pixels});
}

ImageShape pooled(ImageShape in) {
  return {in.channels, in.height / 2, in.width / 2};
}

void max_pool(ImageShape in, const float* values, float* out, std::uint8_t* choice) {
  const ImageShape to = pooled(in);
  for (std::size_t c = 0; c < to.channels; ++c) {
    for (std::size_t y = 0; y < to.height; ++y) {
      const float* upper = values + (c * in.height + 2 * y) * in.width;
      const float* lower = upper + in.width;
      for (std::size_t x = 0; x < to.width; ++x) {
        const float window[] = {upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]};
        // Conditional moves, no branches: which one is largest cannot be predicted.
        const bool right_of_upper = window[1] > window[0], right_of_lower = window[3] > window[2];
        const float best_upper = right_of_upper ? window[1] : window[0];
        const float best_lower = right_of_lower ? window[3] : window[2];
        const bool is_lower = best_lower > best_upper;
        *out++ = is_lower ? best_lower : best_upper;
        *choice++ = static_cast<std::uint8_t>(is_lower ? 2 + right_of_lower : right_of_upper + 0);
      }
    }
  }
}

void max_pool_backward(ImageShape in, const float* d_out, const std::uint8_t* choice, float* d_in) {
  std::fill_n(d_in, in.size(), 0.0f);
  const ImageShape from = pooled(in);
  for (std::size_t c = 0; c < from.channels; ++c) {
    for (std::size_t y = 0; y < from.height; ++y) {
      float* window = d_in + (c * in.height + 2 * y) * in.width;
      for (std::size_t x = 0; x < from.width; ++x, ++choice, ++d_out)
        window[2 * x + (*choice & 1u) + (*choice >> 1u) * in.width] = *d_out;
    }
  }
}

}  // namespace parley::learning
