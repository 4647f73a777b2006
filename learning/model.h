// Models: loss and gradient of a flat parameter vector over a batch of samples.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/layout.h"
#include "base/random.h"
#include "base/spec.h"

namespace parley::learning {

/// A batch as models see it: `rows` samples, each of f features, row-major and contiguous, and their targets.
struct Batch {
  std::span<const float> features;  ///< rows * f
  std::span<const float> targets;   ///< rows
  std::size_t rows = 0;
};

/// Whether a result replaces what was there or is added to it.
enum class Write { set, add };

/// Scratch memory of one thread that uses a model. Made by the model.
class Workspace {
 public:
  virtual ~Workspace() = default;
};

/// A parametric loss. Immutable and safe to share between threads.
class Model {
 public:
  virtual ~Model() = default;
  virtual const std::string& spec() const = 0;
  virtual const base::ParameterLayout& layout() const = 0;
  /// Writes a random initial x of the model's own distribution (Glorot, He, ...), drawn from `key` alone. The same bits
  /// on every machine.
  virtual void initialize(const base::RandomKey& key, std::span<float> x) const = 0;
  virtual std::unique_ptr<Workspace> make_workspace(std::size_t max_rows) const = 0;
  /// Returns the sum over the batch of the per-sample losses, and writes or adds `weight` times the gradient of that
  /// sum (1/m for a mean: scaling the few numbers at the output saves a pass over g). Without the regulariser. With
  /// Write::set, what g holds is not read. Does not allocate. Checked: x and g have layout().size() floats, and
  /// batch.rows is at most the workspace's max_rows.
  virtual double gradient(std::span<const float> x, const Batch& batch, float weight, Write write, Workspace& workspace,
                          std::span<float> g) const = 0;

  struct Score {
    double loss = 0;          ///< sum over the batch
    std::size_t correct = 0;  ///< samples whose class is predicted right; 0 for regression
  };
  /// Without the regulariser. Does not allocate.
  virtual Score score(std::span<const float> x, const Batch& batch, Workspace& workspace) const = 0;

  /// The regulariser r(x) that is added to the mean loss. Default: none.
  virtual double regularizer(std::span<const float> x) const;
  /// Returns r(x); g += its gradient. Default: none.
  virtual double add_regularizer(std::span<const float> x, std::span<float> g) const;
};

/// What a model must fit: features and classes of the data set (classes == 0: regression).
struct Problem {
  std::size_t features = 0;
  std::size_t classes = 0;
  std::vector<std::size_t> sample_shape;
};

/// One model. Adding one: its file, its row, its tests.
struct ModelRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// Throws base::OperatorError if the model does not fit the problem.
  std::unique_ptr<Model> (*make)(const base::Arguments& arguments, const Problem& problem);
};
std::span<const ModelRow> model_registry();
/// "ridge(lambda=0.1)", "logistic", "softmax", "mlp(hidden=128)", "lenet". Throws base::OperatorError. Checked:
/// problem.features > 0 and is the product of sample_shape.
std::unique_ptr<Model> make_model(std::string_view spec, const Problem& problem);

}  // namespace parley::learning
