#include "local_swarm.h"

#include <algorithm>

namespace parley::gossip {

QuadraticLearner::QuadraticLearner(std::vector<double> h, std::vector<double> c, std::vector<float> start)
    : h_(std::move(h)),
      c_(std::move(c)),
      start_(std::move(start)),
      common_(start_.empty()),
      layout_(base::ParameterLayout::flat(h_.size())) {
  start_.resize(h_.size(), 0.0f);
}

void QuadraticLearner::initial_model(std::span<float> x) {
  std::copy(start_.begin(), start_.end(), x.begin());
}

double QuadraticLearner::gradient(std::span<const float> x, base::Round, std::span<float> g) {
  for (std::size_t j = 0; j < x.size(); ++j) g[j] = static_cast<float>(h_[j] * (static_cast<double>(x[j]) - c_[j]));
  return evaluate(x).train_loss;
}

learning::Evaluation QuadraticLearner::evaluate(std::span<const float> x) {
  double loss = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double error = static_cast<double>(x[j]) - c_[j];
    loss += 0.5 * h_[j] * error * error;
  }
  return {.train_loss = loss, .test_loss = loss, .test_accuracy = 0};
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> ring_edges(std::uint32_t n) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (std::uint32_t i = 0; i < n; ++i) edges.emplace_back(i, (i + 1) % n);
  return edges;
}

struct LocalSwarm::Member final : public Host {
  Member(LocalSwarm& the_swarm, std::uint32_t id) : swarm(the_swarm), self(id) {}

  void broadcast(const Announcement& announcement, const Payload& payload, std::span<const base::PeerId> to) override {
    for (base::PeerId peer : to) {
      const std::uint64_t channel = (std::uint64_t{self} << 32) | peer.value;
      swarm.under_way_.push_back({channel, [this, announcement, payload, peer] {
                                    const auto accepted = swarm.members_[peer.value]->node->receive(
                                        base::PeerId{self}, announcement, payload);
                                    PARLEY_CHECK(accepted.ok(), accepted.refusal().reason, accepted.refusal().detail);
                                  }});
    }
  }
  void hold(const Announcement& announcement, std::span<const base::PeerId> to) override {
    for (base::PeerId peer : to) {
      const std::uint64_t channel = (std::uint64_t{self} << 32) | peer.value;
      swarm.under_way_.push_back({channel, [this, announcement, peer] {
                                    const auto accepted =
                                        swarm.members_[peer.value]->node->held(base::PeerId{self}, announcement.id);
                                    PARLEY_CHECK(accepted.ok(), accepted.refusal().reason);
                                  }});
    }
  }
  void begin(Work work) override {
    const std::uint64_t channel = (std::uint64_t{self} << 32) | self;
    swarm.under_way_.push_back({channel, [this, work] {
                                  node->perform(work);
                                  node->completed(work);
                                }});
  }
  void offence(base::PeerId, const base::Refusal& refusal) override { PARLEY_CHECK(false, refusal.reason); }
  void round_finished(const RoundReport& report) override {
    if (swarm.after_) swarm.after_(self, report.round);
  }
  Duration now() const override { return Duration{}; }

  LocalSwarm& swarm;
  std::uint32_t self;
  std::unique_ptr<learning::Learner> learner;
  std::unique_ptr<learning::Optimizer> optimizer;
  std::unique_ptr<Node> node;
  std::unique_ptr<Algorithm> algorithm;
  bool stop = false;
  Task<> task;
};

LocalSwarm::LocalSwarm(SwarmSettings settings, std::vector<std::unique_ptr<learning::Learner>> learners)
    : settings_(std::move(settings)) {
  const base::ParameterLayout& layout = learners.front()->layout();
  compressor_ = compression::make_compressor(settings_.compressor, layout);
  decay_ = learning::make_decay("constant", settings_.rounds);
  auto rounds = settings_.arcs;
  if (rounds.empty()) rounds.push_back(topology::both_ways(settings_.edges));
  schedule_ = std::make_unique<topology::ListedSchedule>(learners.size(), std::move(rounds));
  for (std::uint32_t i = 0; i < learners.size(); ++i) {
    Member& member = *members_.emplace_back(std::make_unique<Member>(*this, i));
    member.learner = std::move(learners[i]);
    member.optimizer = learning::make_optimizer("sgd", layout.size());
    const NodeParts parts{.self = base::PeerId{i},
                          .seed = 1,
                          .learner = *member.learner,
                          .optimizer = *member.optimizer,
                          .decay = *decay_,
                          .learning_rate = settings_.learning_rate,
                          .compressor = *compressor_,
                          .schedule = *schedule_,
                          .weight =
                              [](const topology::Arc& arc) {
                                return 1.0 / (1.0 + static_cast<double>(std::max(arc.from_degree, arc.to_degree)));
                              },
                          .host = member};
    member.node = std::make_unique<Node>(parts);
    member.algorithm = make_algorithm(settings_.algorithm, *compressor_, layout.size());
  }
}

LocalSwarm::~LocalSwarm() = default;

void LocalSwarm::run(std::function<void(std::uint32_t, base::Round)> after) {
  after_ = std::move(after);
  base::Random random({.seed = settings_.delivery_seed, .stream = base::Stream::network});
  for (auto& member : members_) {
    member->task =
        train(*member->node, *member->algorithm, {.rounds = settings_.rounds, .evaluate_every = 0}, member->stop);
    member->task.start();
  }
  while (!under_way_.empty()) {
    std::size_t pick = settings_.delivery_seed == 0 ? 0 : random.below(static_cast<std::uint32_t>(under_way_.size()));
    for (std::size_t i = 0; i < pick; ++i) {
      if (under_way_[i].channel == under_way_[pick].channel) pick = i;  // the oldest of its channel
    }
    const auto happen = std::move(under_way_[pick].happen);
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(pick));
    happen();
  }
  for (auto& member : members_) {
    PARLEY_CHECK(member->task.done(), member->self);
    member->task.rethrow();
  }
}

const Node& LocalSwarm::node(std::uint32_t i) const {
  return *members_.at(i)->node;
}
Node& LocalSwarm::node(std::uint32_t i) {
  return *members_.at(i)->node;
}
Algorithm& LocalSwarm::algorithm(std::uint32_t i) {
  return *members_.at(i)->algorithm;
}

std::vector<double> LocalSwarm::average() const {
  std::vector<double> mean(node(0).size());
  for (std::uint32_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < mean.size(); ++j)
      mean[j] += static_cast<double>(node(i).x()[j]) / static_cast<double>(size());
  }
  return mean;
}

std::vector<std::unique_ptr<learning::Learner>> golden_learners() {
  std::vector<std::unique_ptr<learning::Learner>> learners;
  for (int i = 0; i < 8; ++i) {
    std::vector<double> h, c;
    for (int j = 0; j < 6; ++j) {
      h.push_back(1 + ((i + 2 * j) % 5) / 2.0);
      c.push_back(((3 * i + 5 * j) % 11) - 5);
    }
    learners.push_back(std::make_unique<QuadraticLearner>(std::move(h), std::move(c)));
  }
  return learners;
}

}  // namespace parley::gossip
