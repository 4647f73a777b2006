// Convolution and pooling of one image at a time. Images are channels x height x width, contiguous.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/layout.h"
#include "base/random.h"
#include "learning/model.h"

namespace parley::learning {

struct ImageShape {
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t pixels() const { return height * width; }
  std::size_t size() const { return channels * pixels(); }
};

/// A square kernel with stride 1 and a border of zeros. Its weights are out.channels x in.channels x kernel x kernel.
///
/// Outputs lie on a grid as wide as the bordered input, so that what one weight meets at successive outputs is one
/// contiguous piece of the input. Output (c, y, x) is at c * grid_size() + y * grid_width() + x; what lies between two
/// lines is of no meaning in an output, and must be zero in a gradient with respect to one.
struct Convolution {
  ImageShape in, out;
  std::size_t kernel = 0, padding = 0;
  std::size_t weight_offset = 0, bias_offset = 0;

  std::size_t depth() const { return in.channels * kernel * kernel; }  ///< numbers that one output is made of
  ImageShape bordered() const { return {in.channels, in.height + 2 * padding, in.width + 2 * padding}; }
  std::size_t grid_width() const { return in.width + 2 * padding; }
  std::size_t grid_size() const { return (out.height - 1) * grid_width() + out.width; }
};

/// Appends prefix + "weight" and prefix + "bias" to the layout. Checked: the output is not empty.
Convolution add_convolution(base::ParameterLayout& layout, const std::string& prefix, ImageShape in,
                            std::size_t out_channels, std::size_t kernel, std::size_t padding);
/// He's uniform weights, zero biases.
void initialize_convolution(const Convolution& layer, base::Random& random, std::span<float> x);

// x and g are flat parameter vectors; `columns` is depth() x grid_size(); `out` and `d_out` are out.channels x
// grid_size().

/// Copies an image into the middle of `bordered`, whose border is left as it is.
void add_border(const Convolution& layer, const float* in, float* bordered);
/// Writes, for each weight of a kernel, the input pixels that it meets at the places of the grid.
void gather_columns(const Convolution& layer, const float* bordered, float* columns);
/// Sets d_in to the sum, over the column entries that came from each pixel, of those entries: the transpose of
/// gather_columns. Checked: the layer has no border.
void scatter_columns(const Convolution& layer, const float* columns, float* d_in);

/// out = W columns + b.
void convolve(const Convolution& layer, std::span<const float> x, const float* columns, float* out);
/// Gradient with respect to the weights, from d_out = the gradient with respect to out.
void convolve_backward_weights(const Convolution& layer, const float* columns, const float* d_out, Write write,
                               std::span<float> g);
/// d_columns = W^T d_out.
void convolve_backward_columns(const Convolution& layer, std::span<const float> x, const float* d_out,
                               float* d_columns);

/// 2 x 2 windows without overlap; an odd last row or column is left out.
ImageShape pooled(ImageShape in);
/// The largest of each window of a layer's output, and which of the four it was (the first on a tie). `out` and
/// `choice` have pooled(layer.out).size() elements.
void max_pool(const Convolution& layer, const float* values, float* out, std::uint8_t* choice);
/// d_values = d_out where max_pool chose and 0 elsewhere, on the layer's grid.
void max_pool_backward(const Convolution& layer, const float* d_out, const std::uint8_t* choice, float* d_values);
/// Gradient with respect to the biases: the sums of d_out = the gradient with respect to the pooled output.
void pooled_backward_bias(const Convolution& layer, const float* d_out, Write write, std::span<float> g);

}  // namespace parley::learning
