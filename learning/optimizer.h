// Turns gradients into steps of the local model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/spec.h"

namespace parley::learning {

/// A first-order method with its private state (momentum and the like), which is never sent to anyone.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual const std::string& spec() const = 0;
  virtual std::size_t size() const = 0;  ///< d
  /// x -= eta * direction(g), in one pass. `at` is where g was taken (weight decay uses it); it may be x itself.
  /// Checked: all have d floats.
  void step(std::span<float> x, std::span<const float> at, std::span<const float> g, float eta);
  /// The same for some coordinates only, those from `first` on that the spans hold, so that another pass can follow
  /// while they are in the cache. One step is made of parts in ascending order, without gaps, the first at 0. Checked:
  /// the spans are of one length and end within d.
  virtual void step_part(std::size_t first, std::span<float> x, std::span<const float> at, std::span<const float> g,
                         float eta) = 0;
};

/// One method. Adding one: its file, its row, its tests.
struct OptimizerRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::span<const base::Parameter> parameters;
  std::unique_ptr<Optimizer> (*make)(const base::Arguments& arguments, std::size_t d);
};
std::span<const OptimizerRow> optimizer_registry();
/// "sgd(momentum=0.9, nesterov=true, weight_decay=1e-4)", "adam(...)". Throws base::OperatorError.
std::unique_ptr<Optimizer> make_optimizer(std::string_view spec, std::size_t d);

/// The learning rate over rounds: base rate times a factor that depends on the round.
class Decay {
 public:
  virtual ~Decay() = default;
  virtual const std::string& spec() const = 0;
  virtual double factor(base::Round round) const = 0;
};
struct DecayRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// `rounds` is the length of the run, 0 if it is open.
  std::unique_ptr<Decay> (*make)(const base::Arguments& arguments, std::uint64_t rounds);
};
std::span<const DecayRow> decay_registry();
/// "constant", "step(at=300, factor=0.1)", "cosine(warmup=20)", "inverse(shift=100)", ... Throws base::OperatorError.
std::unique_ptr<Decay> make_decay(std::string_view spec, std::uint64_t rounds);

}  // namespace parley::learning
