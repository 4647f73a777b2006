#include "reference_loss.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"

namespace parley::learning::testing {
namespace {

using Vector = std::vector<double>;

struct View {
  const double* values = nullptr;
  std::vector<std::size_t> shape;
};

class Parameters {
 public:
  Parameters(const base::ParameterLayout& layout, const Vector& x) : layout_(layout), x_(x) {}

  bool has(const std::string& name) const { return find(name) != nullptr; }
  View get(const std::string& name) const {
    const base::Tensor* tensor = find(name);
    PARLEY_CHECK(tensor != nullptr, name);
    return {x_.data() + tensor->offset, tensor->shape};
  }
  double square_of_weights() const {
    double sum = 0;
    for (const base::Tensor& tensor : layout_.tensors()) {
      if (!tensor.name.ends_with("weight")) continue;
      for (std::size_t i = 0; i < tensor.size(); ++i) sum += x_[tensor.offset + i] * x_[tensor.offset + i];
    }
    return sum;
  }

 private:
  const base::Tensor* find(const std::string& name) const {
    for (const base::Tensor& tensor : layout_.tensors())
      if (tensor.name == name) return &tensor;
    return nullptr;
  }
  const base::ParameterLayout& layout_;
  const Vector& x_;
};

Vector affine(const Parameters& x, const std::string& prefix, const Vector& in) {
  const View weight = x.get(prefix + "weight");
  PARLEY_CHECK(weight.shape.size() == 2 && weight.shape[1] == in.size(), prefix, in.size());
  Vector out(weight.shape[0]);
  for (std::size_t o = 0; o < out.size(); ++o) {
    out[o] = x.has(prefix + "bias") ? x.get(prefix + "bias").values[o] : 0.0;
    for (std::size_t i = 0; i < in.size(); ++i) out[o] += weight.values[o * in.size() + i] * in[i];
  }
  return out;
}

Vector perceptron(const Parameters& x, Vector values, bool use_tanh) {
  for (int l = 0; x.has("hidden" + std::to_string(l) + ".weight"); ++l) {
    values = affine(x, "hidden" + std::to_string(l) + ".", values);
    for (double& value : values) value = use_tanh ? std::tanh(value) : std::max(value, 0.0);
  }
  return affine(x, "output.", values);
}

struct Image {
  std::size_t channels, height, width;
  Vector values;
  double at(std::size_t c, std::ptrdiff_t y, std::ptrdiff_t x) const {
    if (y < 0 || x < 0 || y >= std::ptrdiff_t(height) || x >= std::ptrdiff_t(width)) return 0;
    return values[(c * height + std::size_t(y)) * width + std::size_t(x)];
  }
};

Image convolve(const Image& in, const View& weight, const View& bias, std::ptrdiff_t padding) {
  const std::size_t channels = weight.shape[0], kernel = weight.shape[2];
  Image out{channels,
            in.height + 2 * std::size_t(padding) + 1 - kernel,
            in.width + 2 * std::size_t(padding) + 1 - kernel,
            {}};
  for (std::size_t o = 0; o < channels; ++o)
    for (std::size_t y = 0; y < out.height; ++y)
      for (std::size_t x = 0; x < out.width; ++x) {
        double sum = bias.values[o];
        for (std::size_t c = 0; c < in.channels; ++c)
          for (std::size_t ky = 0; ky < kernel; ++ky)
            for (std::size_t kx = 0; kx < kernel; ++kx)
              sum += weight.values[((o * in.channels + c) * kernel + ky) * kernel + kx] *
                     in.at(c, std::ptrdiff_t(y + ky) - padding, std::ptrdiff_t(x + kx) - padding);
        out.values.push_back(sum);
      }
  return out;
}

Image rectify_and_pool(const Image& in) {
  Image out{in.channels, in.height / 2, in.width / 2, {}};
  for (std::size_t c = 0; c < out.channels; ++c)
    for (std::ptrdiff_t y = 0; y < std::ptrdiff_t(out.height); ++y)
      for (std::ptrdiff_t x = 0; x < std::ptrdiff_t(out.width); ++x)
        out.values.push_back(std::max({0.0, in.at(c, 2 * y, 2 * x), in.at(c, 2 * y, 2 * x + 1),
                                       in.at(c, 2 * y + 1, 2 * x), in.at(c, 2 * y + 1, 2 * x + 1)}));
  return out;
}

Vector lenet(const Parameters& x, const Vector& features, const std::vector<std::size_t>& shape) {
  Image image{shape[0], shape[1], shape[2], features};
  for (int l = 0; x.has("convolution" + std::to_string(l) + ".weight"); ++l) {
    const std::string prefix = "convolution" + std::to_string(l) + ".";
    image = rectify_and_pool(convolve(image, x.get(prefix + "weight"), x.get(prefix + "bias"), l == 0 ? 2 : 0));
  }
  return perceptron(x, image.values, false);
}

double cross_entropy(const Vector& z, double target) {
  double sum = 0;
  for (const double value : z) sum += std::exp(value);
  return std::log(sum) - z[std::size_t(target)];
}

double sample_loss(const ReferenceModel& model, const Parameters& x, const Vector& features,
                   const std::vector<std::size_t>& shape, double target) {
  if (model.name == "ridge") return 0.5 * std::pow(affine(x, "", features)[0] - target, 2);
  if (model.name == "logistic")
    return std::log(1 + std::exp(-(target > 0.5 ? 1.0 : -1.0) * affine(x, "", features)[0]));
  if (model.name == "softmax") return cross_entropy(affine(x, "", features), target);
  if (model.name == "mlp") return cross_entropy(perceptron(x, features, model.use_tanh), target);
  PARLEY_CHECK(model.name == "lenet", model.name);
  return cross_entropy(lenet(x, features, shape), target);
}

}  // namespace

double reference_loss(const ReferenceModel& model, const base::ParameterLayout& layout, const std::vector<double>& x,
                      const ReferenceProblem& problem) {
  const Parameters parameters(layout, x);
  double sum = 0;
  for (std::size_t i = 0; i < problem.targets.size(); ++i)
    sum += sample_loss(model, parameters, problem.features[i], problem.shape, problem.targets[i]);
  return sum / static_cast<double>(problem.targets.size()) + 0.5 * model.lambda * parameters.square_of_weights();
}

}  // namespace parley::learning::testing
