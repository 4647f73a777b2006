// A small convolutional net after LeCun et al. 1998 (LeNet-5), with max pooling and rectifiers: each convolutional
// layer is 5 x 5 weights, 2 x 2 pooling and a rectifier; the first keeps the image's size. Fully connected layers
// follow.
#include "base/error.h"
#include "learning/kernels/convolution.h"
#include "learning/kernels/dense_stack.h"
#include "learning/kernels/elementwise.h"
#include "learning/kernels/head.h"
#include "learning/kernels/problem.h"
#include "learning/kernels/widths.h"
#include "learning/model.h"

namespace parley::learning {
namespace {

constexpr std::size_t kKernel = 5;

constexpr base::Parameter kParameters[] = {
    {.name = "channels",
     .kind = base::ParameterKind::word,
     .fallback = "6-16",
     .help = "outputs of the convolutional layers, joined by \"-\""},
    {.name = "hidden",
     .kind = base::ParameterKind::word,
     .fallback = "120-84",
     .help = "widths of the fully connected layers that follow, joined by \"-\""},
};

std::size_t padding_of(std::size_t layer) {
  return layer == 0 ? kKernel / 2 : 0;
}

/// Side of the image after some layers; 0 if it does not fit.
std::size_t side_after(std::size_t layers, std::size_t side) {
  for (std::size_t l = 0; l < layers; ++l) {
    const std::size_t padded = side + 2 * padding_of(l);
    side = padded < kKernel ? 0 : (padded - kKernel + 1) / 2;
  }
  return side;
}

struct LenetWorkspace final : Workspace {
  std::size_t max_rows = 0;
  std::vector<std::vector<float>> values;          // per convolutional layer: pooled and rectified, for all samples
  std::vector<std::vector<std::uint8_t>> choices;  // per convolutional layer: what max_pool chose, for all samples
  std::vector<float> bordered;                     // of one sample: the input of the first layer; the border stays zero
  std::vector<float> columns, grid, d_values;      // of one sample: columns; a layer before pooling; gradient after it
  std::vector<float> d_flat;                       // gradient after the last pooling, for all samples
  DenseStack::Pass pass;
};

class Lenet final : public Model {
 public:
  Lenet(std::string spec, ImageShape image, std::size_t classes, std::span<const std::size_t> channels,
        std::span<const std::size_t> hidden)
      : spec_(std::move(spec)),
        features_(image.size()),
        classes_(classes),
        layers_(add_layers(layout_, image, channels)),
        stack_(layout_, pooled(layers_.back().out).size(), hidden, classes, Activation::relu) {}

  const std::string& spec() const override { return spec_; }
  const base::ParameterLayout& layout() const override { return layout_; }

  void initialize(const base::RandomKey& key, std::span<float> x) const override {
    PARLEY_CHECK(x.size() == layout_.size(), x.size(), layout_.size());
    base::Random random(key);
    for (const Convolution& layer : layers_) initialize_convolution(layer, random, x);
    stack_.initialize(random, x);
  }

  std::unique_ptr<Workspace> make_workspace(std::size_t max_rows) const override {
    auto workspace = std::make_unique<LenetWorkspace>();
    workspace->max_rows = max_rows;
    std::size_t columns = 0, grid = 0, values = 0;
    for (const Convolution& layer : layers_) {
      const std::size_t size = pooled(layer.out).size();
      workspace->values.emplace_back(max_rows * size);
      workspace->choices.emplace_back(max_rows * size);
      columns = std::max(columns, layer.depth() * layer.grid_size());
      grid = std::max(grid, layer.out.channels * layer.grid_size());
      values = std::max(values, size);
    }
    workspace->columns.resize(columns);
    workspace->bordered.resize(layers_.front().bordered().size());
    workspace->grid.resize(grid);
    workspace->d_values.resize(values);
    workspace->d_flat.resize(workspace->values.back().size());
    workspace->pass = stack_.make_pass(max_rows);
    return workspace;
  }

  double gradient(std::span<const float> x, const Batch& batch, float weight, Write write, Workspace& workspace,
                  std::span<float> g) const override {
    PARLEY_CHECK(g.size() == layout_.size(), g.size(), layout_.size());
    auto& w = static_cast<LenetWorkspace&>(workspace);
    const std::span<float> z = predict(x, batch, w);
    const double loss = softmax_head().gradient(classes_, z, batch.targets, weight);
    stack_.backward(x, batch.rows, w.values.back().data(), write, w.pass, g, w.d_flat.data());
    for (std::size_t r = 0; r < batch.rows; ++r) {
      backward_image(x, batch, r, write, w, g);
      write = Write::add;
    }
    return loss;
  }

  Score score(std::span<const float> x, const Batch& batch, Workspace& workspace) const override {
    auto& w = static_cast<LenetWorkspace&>(workspace);
    return softmax_head().score(classes_, predict(x, batch, w), batch.targets);
  }

 private:
  static std::vector<Convolution> add_layers(base::ParameterLayout& layout, ImageShape image,
                                             std::span<const std::size_t> channels) {
    std::vector<Convolution> layers;
    for (std::size_t l = 0; l < channels.size(); ++l) {
      layers.push_back(
          add_convolution(layout, fmt::format("convolution{}.", l), image, channels[l], kKernel, padding_of(l)));
      image = pooled(layers.back().out);
    }
    return layers;
  }

  /// The columns of a layer's input for sample r.
  void gather(std::size_t l, const Batch& batch, std::size_t r, LenetWorkspace& w) const {
    const Convolution& layer = layers_[l];
    if (l > 0) return gather_columns(layer, w.values[l - 1].data() + r * layer.in.size(), w.columns.data());
    add_border(layer, batch.features.data() + r * layer.in.size(), w.bordered.data());
    gather_columns(layer, w.bordered.data(), w.columns.data());
  }

  std::span<float> predict(std::span<const float> x, const Batch& batch, LenetWorkspace& w) const {
    PARLEY_CHECK(x.size() == layout_.size(), x.size(), layout_.size());
    PARLEY_CHECK(batch.rows <= w.max_rows, batch.rows, w.max_rows);
    PARLEY_CHECK(batch.features.size() == batch.rows * features_ && batch.targets.size() == batch.rows);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const std::size_t size = pooled(layers_[l].out).size();
      for (std::size_t r = 0; r < batch.rows; ++r) {
        gather(l, batch, r, w);
        convolve(layers_[l], x, w.columns.data(), w.grid.data());
        max_pool(layers_[l], w.grid.data(), w.values[l].data() + r * size, w.choices[l].data() + r * size);
      }
      relu(std::span(w.values[l]).first(batch.rows * size));  // after pooling: the same values, a quarter of the work
    }
    return stack_.forward(x, batch.rows, w.values.back().data(), w.pass);
  }

  void backward_image(std::span<const float> x, const Batch& batch, std::size_t r, Write write, LenetWorkspace& w,
                      std::span<float> g) const {
    const std::size_t flat = pooled(layers_.back().out).size();
    std::span<float> d = std::span(w.d_flat).subspan(r * flat, flat);
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const Convolution& layer = layers_[l];
      const std::size_t size = pooled(layer.out).size();
      relu_backward(std::span(w.values[l]).subspan(r * size, size), d);
      pooled_backward_bias(layer, d.data(), write, g);
      max_pool_backward(layer, d.data(), w.choices[l].data() + r * size, w.grid.data());
      gather(l, batch, r, w);
      convolve_backward_weights(layer, w.columns.data(), w.grid.data(), write, g);
      if (l == 0) return;
      convolve_backward_columns(layer, x, w.grid.data(), w.columns.data());
      d = std::span(w.d_values).first(layer.in.size());
      scatter_columns(layer, w.columns.data(), d.data());
    }
  }

  const std::string spec_;
  const std::size_t features_, classes_;
  base::ParameterLayout layout_;
  const std::vector<Convolution> layers_;
  const DenseStack stack_;
};

ImageShape image_of(const Problem& problem, std::size_t layers) {
  const std::vector<std::size_t>& shape = problem.sample_shape;
  if (shape.size() != 2 && shape.size() != 3) {
    throw base::OperatorError(fmt::format(
        "lenet needs images (channels x height x width), but a sample of the data set is {} plain numbers; use mlp",
        problem.features));
  }
  const ImageShape image{shape.size() == 3 ? shape[0] : 1, shape[shape.size() - 2], shape.back()};
  if (side_after(layers, std::min(image.height, image.width)) == 0) {
    std::size_t least = 1;
    while (side_after(layers, least) == 0) ++least;
    throw base::OperatorError(
        fmt::format("lenet with {0} convolutional layers needs images of at least {1} x {1} pixels, but those of the "
                    "data set are {2} "
                    "x {3}; use fewer layers or mlp",
                    layers, least, image.height, image.width));
  }
  return image;
}

std::unique_ptr<Model> make(const base::Arguments& arguments, const Problem& problem) {
  require_classes("lenet", problem);
  const std::vector<std::size_t> channels = parse_widths("lenet", "channels", arguments.word("channels"));
  const std::vector<std::size_t> hidden = parse_widths("lenet", "hidden", arguments.word("hidden"));
  const ImageShape image = image_of(problem, channels.size());
  return std::make_unique<Lenet>(arguments.canonical(), image, problem.classes, channels, hidden);
}

}  // namespace

ModelRow lenet_row() {
  return {"lenet", "small convolutional net (LeNet-5 with max pooling and rectifiers)", kParameters, make};
}

}  // namespace parley::learning
