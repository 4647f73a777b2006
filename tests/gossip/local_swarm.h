// A swarm of nodes in the test itself: no links, no frames, every message delivered, in any order that is asked for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/layout.h"
#include "base/random.h"
#include "compression/compressor.h"
#include "gossip/algorithm.h"
#include "gossip/node.h"
#include "gossip/training.h"
#include "learning/learner.h"
#include "learning/optimizer.h"
#include "listed_schedule.h"

namespace parley::gossip {

/// f_i(x) = 1/2 sum_j h_j (x_j - c_j)^2, with its exact gradient.
class QuadraticLearner final : public learning::Learner {
 public:
  /// Without a start all peers begin at zero; with one, each at its own.
  QuadraticLearner(std::vector<double> h, std::vector<double> c, std::vector<float> start = {});

  const base::ParameterLayout& layout() const override { return layout_; }
  void initial_model(std::span<float> x) override;
  bool common_initial_model() const override { return common_; }
  double gradient(std::span<const float> x, base::Round round, std::span<float> g) override;
  learning::Evaluation evaluate(std::span<const float> x) override;

 private:
  std::vector<double> h_, c_;
  std::vector<float> start_;
  bool common_;
  base::ParameterLayout layout_;
};

struct SwarmSettings {
  std::string algorithm;
  std::string compressor = "identity";
  double learning_rate = 0.05;
  std::uint64_t rounds = 100;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges = {};  ///< of a fixed graph; or
  std::vector<topology::Arcs> arcs = {};  ///< the arcs of one round after the other, again and again
  std::uint64_t delivery_seed = 0;  ///< 0: first in, first out; else a random order of everything that is under way
};

std::vector<std::pair<std::uint32_t, std::uint32_t>> ring_edges(std::uint32_t n);

class LocalSwarm {
 public:
  LocalSwarm(SwarmSettings settings, std::vector<std::unique_ptr<learning::Learner>> learners);
  ~LocalSwarm();

  /// Trains every node for all rounds. Throws what a node's training throws. `after` is called whenever a node has
  /// finished a round.
  void run(std::function<void(std::uint32_t node, base::Round round)> after = {});

  const Node& node(std::uint32_t i) const;
  Node& node(std::uint32_t i);
  Algorithm& algorithm(std::uint32_t i);
  std::size_t size() const { return members_.size(); }

  /// The average of the models over the nodes, in double precision.
  std::vector<double> average() const;

 private:
  struct Member;
  SwarmSettings settings_;
  std::unique_ptr<compression::Compressor> compressor_;
  std::unique_ptr<learning::Decay> decay_;
  std::unique_ptr<topology::Schedule> schedule_;
  std::vector<std::unique_ptr<Member>> members_;
  /// What has been asked for and not happened yet. Messages between two nodes keep their order, as a link keeps it.
  struct UnderWay {
    std::uint64_t channel = 0;
    std::function<void()> happen;
  };
  std::vector<UnderWay> under_way_;
  std::function<void(std::uint32_t, base::Round)> after_;
};

/// The quadratic problem of the golden runs: n = 8 nodes, d = 6.
std::vector<std::unique_ptr<learning::Learner>> golden_learners();

}  // namespace parley::gossip
