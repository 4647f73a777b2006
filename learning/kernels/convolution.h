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
struct Convolution {
  ImageShape in, out;
  std::size_t kernel = 0, padding = 0;
  std::size_t weight_offset = 0, bias_offset = 0;

  std::size_t depth() const { return in.channels * kernel * kernel; }  ///< numbers that one output is made of
  std::size_t weight_count() const { return out.channels * depth(); }
};

/// Appends prefix + "weight" and prefix + "bias" to the layout. Checked: the output is not empty.
Convolution add_convolution(base::ParameterLayout& layout, const std::string& prefix, ImageShape in,
                            std::size_t out_channels, std::size_t kernel, std::size_t padding);
/// He's uniform weights, zero biases.
void initialize_convolution(const Convolution& layer, base::Random& random, std::span<float> x);

// x and g are flat parameter vectors; `columns` holds depth() x out.pixels() floats.

/// Writes, for each weight of a kernel, the input pixel that it meets at each output pixel; 0 beyond the border.
void gather_columns(const Convolution& layer, const float* in, float* columns);
/// Adds each column entry to the input pixel that it came from: the transpose of gather_columns. d_in starts from zero.
void scatter_columns(const Convolution& layer, const float* columns, float* d_in);

/// out = W columns + b.
void convolve(const Convolution& layer, std::span<const float> x, const float* columns, float* out);
/// Gradient with respect to the parameters, from d_out = the gradient with respect to out.
void convolve_backward_parameters(const Convolution& layer, const float* columns, const float* d_out, Write write,
                                  std::span<float> g);
/// d_columns = W^T d_out.
void convolve_backward_columns(const Convolution& layer, std::span<const float> x, const float* d_out,
                               float* d_columns);

/// 2 x 2 windows without overlap; an odd last row or column is left out.
ImageShape pooled(ImageShape in);
/// The largest of each window, and which of the four it was (the first on a tie). `out` and `choice`:
/// pooled(in).size().
void max_pool(ImageShape in, const float* values, float* out, std::uint8_t* choice);
/// d_in = d_out where max_pool chose and 0 elsewhere; in.size() floats.
void max_pool_backward(ImageShape in, const float* d_out, const std::uint8_t* choice, float* d_in);

}  // namespace parley::learning
