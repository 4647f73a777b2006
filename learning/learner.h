// The seam between training and everything else: gossip knows a learner, not a model.
#pragma once

#include <span>

#include "base/ids.h"
#include "base/layout.h"

namespace parley::learning {

/// How good a model is. Losses are means per sample and include the regulariser.
struct Evaluation {
  double train_loss = 0;     ///< on this peer's own training samples
  double test_loss = 0;      ///< on the common test set; NaN without one
  double test_accuracy = 0;  ///< in [0, 1]; NaN for regression or without a test set
};

/// Something that can be trained: a flat vector of floats, and the loss and gradient of the next minibatch.
///
/// Results depend on the arguments alone: not on time, on the thread, or on how many workers share the work. One call
/// at a time, from any thread.
class Learner {
 public:
  virtual ~Learner() = default;

  virtual const base::ParameterLayout& layout() const = 0;
  /// Writes x^0. Checked: x.size() == layout().size().
  virtual void initial_model(std::span<float> x) = 0;
  /// True if every peer of the swarm starts from the same x^0.
  virtual bool common_initial_model() const = 0;
  /// Writes the gradient at x of the mean loss over this peer's minibatch of `round` into g and returns that loss.
  /// Checked: both have layout().size() floats.
  virtual double gradient(std::span<const float> x, base::Round round, std::span<float> g) = 0;
  virtual Evaluation evaluate(std::span<const float> x) = 0;
};

}  // namespace parley::learning
