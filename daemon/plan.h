// Everything that a daemon does before it greets its neighbours, and what the run would cost: `parley config check`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "daemon/config.h"

namespace parley::daemon {

/// What is known of a run before it starts. Sizes in bytes unless said otherwise.
struct Plan {
  // The graph.
  std::size_t peers = 0, min_degree = 0, max_degree = 0;
  std::string schedule;                          ///< empty: one undirected graph in every round
  std::optional<std::size_t> edges;              ///< of it
  std::size_t most_links = 0;                    ///< the most peers that one ever exchanges with
  std::optional<std::size_t> diameter;           ///< hops
  std::optional<double> gap;                     ///< spectral gap of W; nothing if W is not symmetric
  std::optional<double> rounds_to_a_thousandth;  ///< of plain mixing

  // The data and the model.
  std::size_t train_samples = 0, test_samples = 0, features = 0, classes = 0;
  std::size_t smallest_part = 0, largest_part = 0;  ///< samples of a peer
  std::size_t d = 0;                                ///< parameters
  std::size_t model_bytes = 0;                      ///< 4 d

  // The algorithm, and its compression operator at this d.
  std::string algorithm;        ///< canonical
  std::string op;               ///< canonical
  double delta = 0;             ///< guaranteed contraction; 0: none
  double suggested_gamma = 1;   ///< consensus step size
  double message_bytes = 0;     ///< expected payload of one message
  double round_bytes = 0;       ///< expected payload that the busiest peer sends in one round
  double full_round_bytes = 0;  ///< the same without compression

  // Memory of the peer that was looked at, beside the program itself.
  base::PeerId peer{};
  std::size_t sample_bytes = 0;     ///< its training samples and the test set, as stored
  std::size_t parameter_bytes = 0;  ///< model, gradient, optimizer state
  std::size_t exchange_bytes = 0;   ///< references of itself and its neighbours, payload buffers

  std::size_t memory_bytes() const { return sample_bytes + parameter_bytes + exchange_bytes; }
  double compression_ratio() const { return round_bytes > 0 ? full_round_bytes / round_bytes : 1; }
};

/// Builds graph, mixing matrix, model, operator, optimizer and decay, and loads the samples of `peer` and the test set.
/// Throws base::OperatorError with the place of the option that is to blame.
Plan make_plan(const Config& config, base::PeerId peer);

std::string plan_text(const Config& config, const Plan& plan);
std::string plan_json(const Config& config, const Plan& plan);

}  // namespace parley::daemon
