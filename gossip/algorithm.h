// What every decentralised algorithm is to the rest of Parley, and the table of them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/spec.h"
#include "compression/compressor.h"
#include "gossip/node.h"
#include "gossip/task.h"

namespace parley::gossip {

/// One peer's part in an algorithm, with its state. Belongs to one node.
class Algorithm {
 public:
  virtual ~Algorithm() = default;

  /// Canonical spec: peers agree only if these are equal.
  virtual const std::string& spec() const = 0;
  /// Called once, before the first round, when x holds x^0.
  virtual void start(Node& node) = 0;
  /// Takes node.x from x^t to x^{t+1}, where t = node.round().
  virtual Task<> round(Node& node) = 0;
  /// How far apart the neighbourhood was in the last exchange: sqrt(sum_j w_ij |x_hat_j - x_hat_i|^2 / sum_j w_ij),
  /// where x_hat is what was exchanged, the model itself or its public reference. 0 without neighbours.
  virtual double consensus_distance(Node& node) = 0;
};

/// One algorithm. Adding one: its file, its row, its tests.
struct AlgorithmRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::span<const base::Parameter> parameters;
  /// Throws base::OperatorError if the operator does not have what the algorithm needs, with the remedy. `d` is the
  /// number of parameters.
  std::unique_ptr<Algorithm> (*make)(const base::Arguments& arguments, const compression::Compressor& compressor,
                                     std::size_t d);
  /// Both ends of an edge must send, and give each other the same weight. Doubly stochastic weights do otherwise.
  bool needs_symmetric_weights = true;
};

/// All algorithms, in the order in which they are listed to people.
std::span<const AlgorithmRow> registry();

/// "dpsgd(order=cta)", "choco(gamma=auto)". Throws base::OperatorError.
std::unique_ptr<Algorithm> make_algorithm(std::string_view spec, const compression::Compressor& compressor,
                                          std::size_t d);

/// The row that a spec names. Throws base::OperatorError.
const AlgorithmRow& algorithm_row(std::string_view spec);

/// The spec with all its parameters spelled out.
std::string canonical_algorithm_spec(std::string_view spec);

}  // namespace parley::gossip
