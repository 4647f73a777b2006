#include "simulation/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "../gossip/listed_schedule.h"
#include "base/random.h"
#include "gossip/algorithm.h"

namespace parley::simulation {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::size_t kParameters = 120;

/// f_i(x) = 1/2 |x - c_i|^2 plus noise that depends on the round, so that every round matters.
class NoisyLearner final : public learning::Learner {
 public:
  explicit NoisyLearner(base::PeerId peer) : peer_(peer), layout_(base::ParameterLayout::flat(kParameters)) {}
  const base::ParameterLayout& layout() const override { return layout_; }
  void initial_model(std::span<float> x) override { std::fill(x.begin(), x.end(), 0.0f); }
  bool common_initial_model() const override { return true; }
  double gradient(std::span<const float> x, base::Round round, std::span<float> g) override {
    base::Random random({.seed = 5, .peer = peer_, .round = round});
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = x[i] - static_cast<float>(peer_.value) + random.uniform();
    return 0;
  }
  learning::Evaluation evaluate(std::span<const float>) override { return {}; }

 private:
  base::PeerId peer_;
  base::ParameterLayout layout_;
};

class SilentObserver final : public Observer {
 public:
  void round_finished(base::PeerId, const gossip::RoundReport&) override { ++rounds; }
  void note(base::PeerId, const std::string& text, bool) override { notes.push_back(text); }
  std::uint64_t rounds = 0;
  std::vector<std::string> notes;
};

/// A swarm on one schedule in a world.
class Swarm {
 public:
  Swarm(std::unique_ptr<topology::Schedule> schedule, const std::string& algorithm, const std::string& compressor,
        std::uint64_t rounds, NetworkSettings network, std::uint32_t window = 16)
      : world(network, observer, [] { return gossip::Duration{}; }),
        rounds_(rounds),
        window_(window),
        schedule_(std::move(schedule)) {
    const auto n = static_cast<std::uint32_t>(schedule_->size());
    const auto layout = base::ParameterLayout::flat(kParameters);
    compressor_ = compression::make_compressor(compressor, layout);
    decay_ = learning::make_decay("constant", rounds);
    for (std::uint32_t i = 0; i < n; ++i) {
      learners_.push_back(std::make_unique<NoisyLearner>(base::PeerId{i}));
      optimizers_.push_back(learning::make_optimizer("sgd(momentum=0.5)", kParameters));
      algorithms_.push_back(gossip::make_algorithm(algorithm, *compressor_, kParameters));
    }
    for (std::uint32_t i = 0; i < n; ++i) add(i);
  }

  std::vector<std::vector<float>> models() const {
    std::vector<std::vector<float>> result;
    for (std::uint32_t i = 0; i < world.size(); ++i) {
      const auto x = world.peer(base::PeerId{i}).node().x();
      result.emplace_back(x.begin(), x.end());
    }
    return result;
  }

  SilentObserver observer;
  World world;

 private:
  void add(std::uint32_t i) {
    PeerSettings settings;
    settings.self = base::PeerId{i};
    settings.name = "peer-" + std::to_string(i);
    settings.incarnation = base::Incarnation{i + 1};
    for (base::PeerId j : schedule_->partners({i}))
      settings.neighbours.push_back({j, "peer-" + std::to_string(j.value)});
    settings.terms = {{"swarm.name", "test"}};
    settings.plan = {.rounds = rounds_, .evaluate_every = 10};
    settings.link.window = window_;
    settings.link.max_payload = compressor_->max_payload_size(kParameters);
    world.add(std::move(settings),
              {.seed = 1,
               .learner = *learners_[i],
               .optimizer = *optimizers_[i],
               .decay = *decay_,
               .learning_rate = 0.05,
               .compressor = *compressor_,
               .schedule = *schedule_,
               .weight =
                   [](const topology::Arc& arc) {
                     return 1.0 / (1.0 + static_cast<double>(std::max(arc.from_degree, arc.to_degree)));
                   }},
              *algorithms_[i]);
  }

  std::uint64_t rounds_;
  std::uint32_t window_;
  std::unique_ptr<topology::Schedule> schedule_;
  std::unique_ptr<compression::Compressor> compressor_;
  std::unique_ptr<learning::Decay> decay_;
  std::vector<std::unique_ptr<learning::Learner>> learners_;
  std::vector<std::unique_ptr<learning::Optimizer>> optimizers_;
  std::vector<std::unique_ptr<gossip::Algorithm>> algorithms_;
};

std::unique_ptr<topology::Schedule> ring(std::size_t n) {
  return topology::make_schedule("static", "ring", n, 1);
}

void run_to_the_end(Swarm& swarm) {
  const bool never = false;
  swarm.world.run(never);
  for (std::uint32_t i = 0; i < swarm.world.size(); ++i) {
    ASSERT_EQ(swarm.world.peer(base::PeerId{i}).state(), PeerState::done) << i;
  }
}

/// Five peers; two graphs in turn, of which neither is connected, and nobody for peer 4 in the second.
std::unique_ptr<topology::Schedule> changing() {
  return std::make_unique<topology::ListedSchedule>(
      5, std::vector<topology::Arcs>{topology::both_ways({{0, 1}, {2, 3}, {3, 4}, {2, 4}}),
                                     topology::both_ways({{0, 3}, {1, 2}})});
}

/// A ring of one direction with a short cut, so that one peer has two who send to it and one has two to send to.
std::unique_ptr<topology::Schedule> one_way() {
  return std::make_unique<topology::ListedSchedule>(
      5, std::vector<topology::Arcs>{topology::Arcs{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 0}, {1, 4}}});
}

std::unique_ptr<topology::Schedule> ring_of_five() {
  return ring(5);
}

struct Method {
  const char* name;
  const char* algorithm;
  const char* compressor;
  std::unique_ptr<topology::Schedule> (*schedule)() = ring_of_five;
};
void PrintTo(const Method& method, std::ostream* out) {
  *out << method.name;
}

class EveryMethod : public ::testing::TestWithParam<Method> {};

TEST_P(EveryMethod, LosesRepeatsAndReorderingsOfTheNetworkDoNotChangeABit) {
  const auto& [name, algorithm, compressor, schedule] = GetParam();
  Swarm undisturbed(schedule(), algorithm, compressor, 25, {});
  run_to_the_end(undisturbed);
  const auto expected = undisturbed.models();
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    NetworkSettings network;
    network.loss = 0.15;
    network.duplication = 0.15;
    network.jitter = milliseconds(3);
    network.fault_seed = seed;
    Swarm disturbed(schedule(), algorithm, compressor, 25, network);
    run_to_the_end(disturbed);
    ASSERT_EQ(disturbed.models(), expected) << "fault seed " << seed;
    EXPECT_EQ(disturbed.observer.rounds, 5u * 25u);
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EveryMethod,
                         ::testing::Values(Method{"DpsgdCta", "dpsgd(order=cta)", "identity"},
                                           Method{"DpsgdAtc", "dpsgd(order=atc)", "f16"},
                                           Method{"ChocoAtc", "choco(order=atc)", "topk(ratio=0.1)"},
                                           Method{"ChocoCta", "choco(order=cta)", "qsgd(bits=4, bucket=64)"},
                                           Method{"ChocoByLink", "choco(references=link)", "topk(ratio=0.1)"},
                                           Method{"DpsgdChanging", "dpsgd", "identity", changing},
                                           Method{"ChocoChangingAtc", "choco(order=atc)", "topk(ratio=0.1)", changing},
                                           Method{"ChocoChangingCta", "choco(order=cta)", "sign", changing},
                                           Method{"DpsgdOneWay", "dpsgd(order=atc)", "identity", one_way}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(World, SpeedAndDelayOfTheNetworkChangeTimeButNotModels) {
  Swarm fast(ring(4), "choco", "topk(ratio=0.1)", 30, {});
  NetworkSettings slow_network;
  slow_network.latency = milliseconds(40);
  slow_network.bytes_per_second = 20'000;
  slow_network.gradient_time = milliseconds(7);
  Swarm slow(ring(4), "choco", "topk(ratio=0.1)", 30, slow_network);
  run_to_the_end(fast);
  run_to_the_end(slow);
  EXPECT_EQ(fast.models(), slow.models());
  // 30 rounds of a gradient and, after it, a message each.
  EXPECT_GE(slow.world.now(), 30 * milliseconds(47));
  EXPECT_LT(fast.world.now(), slow.world.now());
}

TEST(World, ARoundTakesTheGradientAndTheSlowestMessage) {
  NetworkSettings network;
  network.latency = milliseconds(10);
  network.gradient_time = milliseconds(25);
  Swarm swarm(ring(4), "dpsgd(order=atc)", "identity", 20, network);
  run_to_the_end(swarm);
  // Hello, its answer and the first round start; then 20 rounds of 35 ms; then a goodbye and its acknowledgement.
  const auto rounds = 20 * milliseconds(35);
  EXPECT_GE(swarm.world.now(), rounds);
  EXPECT_LE(swarm.world.now(), rounds + milliseconds(150));
}

TEST(World, APeerThatOnlySendsToASlowOneDoesNotOverrunIt) {
  // In the ring of one direction nobody answers, so that a peer can be ahead of the one that it sends to: what a link's
  // window of one has no room for must arrive too.
  NetworkSettings network;
  network.latency = milliseconds(1);
  network.jitter = milliseconds(200);
  network.loss = 0.3;
  topology::Arcs arcs;
  for (std::uint32_t i = 0; i < 9; ++i) arcs.emplace_back(i, (i + 1) % 9);
  const auto schedule = [&] {
    return std::make_unique<topology::ListedSchedule>(9, std::vector<topology::Arcs>{arcs});
  };
  Swarm calm(schedule(), "dpsgd", "identity", 60, {});
  run_to_the_end(calm);
  Swarm stormy(schedule(), "dpsgd", "identity", 60, network, 1);
  run_to_the_end(stormy);
  EXPECT_EQ(stormy.models(), calm.models());
}

TEST(World, BytesSentAreBytesReceived) {
  Swarm swarm(ring(6), "choco", "topk(ratio=0.1)", 15, {});
  run_to_the_end(swarm);
  wire::ByteCount sum;
  for (std::uint32_t i = 0; i < 6; ++i) {
    for (std::size_t kind = 0; kind < 4; ++kind) {
      sum.sent[kind] += swarm.world.peer(base::PeerId{i}).bytes().sent[kind];
      sum.received[kind] += swarm.world.peer(base::PeerId{i}).bytes().received[kind];
    }
  }
  EXPECT_EQ(sum.sent_of(wire::Traffic::payload), sum.received_of(wire::Traffic::payload));
  EXPECT_GT(sum.sent_of(wire::Traffic::payload), 0u);
  EXPECT_EQ(sum.sent_of(wire::Traffic::resend), 0u) << "nothing was lost, so nothing is repeated";
}

TEST(World, AFailingPeerIsLeftBehindAndTheOthersGoOn) {
  // One peer's learner gives no finite gradient from round 5 on.
  class BreakingLearner final : public learning::Learner {
   public:
    BreakingLearner() : layout_(base::ParameterLayout::flat(kParameters)) {}
    const base::ParameterLayout& layout() const override { return layout_; }
    void initial_model(std::span<float> x) override { std::fill(x.begin(), x.end(), 0.0f); }
    bool common_initial_model() const override { return true; }
    double gradient(std::span<const float>, base::Round round, std::span<float> g) override {
      std::fill(g.begin(), g.end(), round.value < 5 ? 0.0f : NAN);
      return 0;
    }
    learning::Evaluation evaluate(std::span<const float>) override { return {}; }

   private:
    base::ParameterLayout layout_;
  };
  const auto layout = base::ParameterLayout::flat(kParameters);
  const auto compressor = compression::make_compressor("topk(ratio=0.1)", layout);
  const auto decay = learning::make_decay("constant", 20);
  const auto schedule = topology::make_schedule("static", "complete", 4, 1);
  SilentObserver observer;
  World world({}, observer, [] { return gossip::Duration{}; });
  std::vector<std::unique_ptr<learning::Learner>> learners;
  std::vector<std::unique_ptr<learning::Optimizer>> optimizers;
  std::vector<std::unique_ptr<gossip::Algorithm>> algorithms;
  for (std::uint32_t i = 0; i < 4; ++i) {
    if (i == 2) learners.push_back(std::make_unique<BreakingLearner>());
    if (i != 2) learners.push_back(std::make_unique<NoisyLearner>(base::PeerId{i}));
    optimizers.push_back(learning::make_optimizer("sgd", kParameters));
    algorithms.push_back(gossip::make_algorithm("choco", *compressor, kParameters));
  }
  for (std::uint32_t i = 0; i < 4; ++i) {
    PeerSettings settings;
    settings.self = base::PeerId{i};
    settings.name = "peer-" + std::to_string(i);
    settings.incarnation = base::Incarnation{i + 1};
    for (std::uint32_t j = 0; j < 4; ++j) {
      if (j != i) settings.neighbours.push_back({base::PeerId{j}, "peer-" + std::to_string(j)});
    }
    settings.terms = {{"swarm.name", "test"}};
    settings.plan = {.rounds = 20, .evaluate_every = 0};
    settings.link.max_payload = 1 << 20;
    world.add(std::move(settings),
              {.seed = 1,
               .learner = *learners[i],
               .optimizer = *optimizers[i],
               .decay = *decay,
               .learning_rate = 0.1,
               .compressor = *compressor,
               .schedule = *schedule,
               .weight =
                   [](const topology::Arc& arc) {
                     return 1.0 / (1.0 + static_cast<double>(std::max(arc.from_degree, arc.to_degree)));
                   }},
              *algorithms[i]);
  }
  const bool never = false;
  world.run(never);
  EXPECT_EQ(world.peer(base::PeerId{2}).state(), PeerState::failed);
  EXPECT_THAT(world.peer(base::PeerId{2}).failure(), HasSubstr("round 5"));
  for (std::uint32_t i : {0u, 1u, 3u}) {
    EXPECT_EQ(world.peer(base::PeerId{i}).state(), PeerState::done);
    EXPECT_EQ(world.peer(base::PeerId{i}).node().round().value, 20u);
    const std::uint32_t another = i == 0 ? 1 : 0;
    EXPECT_NEAR(world.peer(base::PeerId{i}).node().weight_of({another}), 1.0 / 3, 1e-12) << "of two neighbours";
    for (float value : world.peer(base::PeerId{i}).node().x()) EXPECT_TRUE(std::isfinite(value));
  }
}

}  // namespace
}  // namespace parley::simulation
