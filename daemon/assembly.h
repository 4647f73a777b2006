// From a configuration to the parts of a peer: graph, learner, operator, algorithm. The one place where the names in a
// configuration become objects of the other rooms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/ids.h"
#include "compression/compressor.h"
#include "daemon/config.h"
#include "gossip/algorithm.h"
#include "learning/dataset.h"
#include "learning/learner.h"
#include "learning/optimizer.h"
#include "simulation/peer_core.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::daemon {

/// Who exchanges with whom, checked: connected, and W is what the algorithm needs.
struct SwarmGraph {
  std::unique_ptr<topology::Schedule> schedule;
  std::unique_ptr<topology::WeightRule> weights;
};

/// Throws base::OperatorError with the place of the option that does not fit.
SwarmGraph assemble_graph(const Config& config);

/// The training samples of one peer: its own file, or its part of the data set.
learning::Dataset load_samples(const Config& config, learning::DataSource& source, base::PeerId peer);

/// A data set that several learners in one process share.
struct SharedData {
  std::unique_ptr<learning::DataSource> source;
  std::shared_ptr<const learning::Dataset> test;  ///< null without a test set
};
SharedData open_shared_data(const Config& config);

/// Everything that one peer trains with.
struct PeerParts {
  std::unique_ptr<learning::Learner> learner;
  std::unique_ptr<learning::Optimizer> optimizer;
  std::unique_ptr<learning::Decay> decay;
  std::unique_ptr<compression::Compressor> compressor;
  std::unique_ptr<gossip::Algorithm> algorithm;
  simulation::PeerSettings settings;
  base::Executor* executor = nullptr;  ///< if it has several threads

  /// References into this object and `swarm`.
  simulation::NodeIngredients ingredients(const Config& config, const SwarmGraph& swarm) const;
};

/// Loads the peer's samples (all of them; this takes time) and builds the rest. `shared` may be null: then the peer
/// opens the data set itself. `executor` outlives the parts. Throws base::OperatorError with the place of what does not
/// fit.
PeerParts assemble_peer(const Config& config, const SwarmGraph& swarm, base::PeerId peer, base::Incarnation incarnation,
                        SharedData* shared, base::Executor& executor);

/// 16 hexadecimal digits, the XXH3-64 of the model's floats: equal on two peers only if the models are.
std::string model_hash(std::span<const float> x);

}  // namespace parley::daemon
