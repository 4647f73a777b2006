// One peer, its transport and its neighbour in the hands of the test.
#include "simulation/peer_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "wire/codec.h"

namespace parley::simulation {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kParameters = 8;
constexpr base::PeerId kCore{0}, kFar{1};

class ZeroLearner final : public learning::Learner {
 public:
  const base::ParameterLayout& layout() const override { return layout_; }
  void initial_model(std::span<float> x) override { std::fill(x.begin(), x.end(), 0.0f); }
  bool common_initial_model() const override { return true; }
  double gradient(std::span<const float>, base::Round, std::span<float> g) override {
    std::fill(g.begin(), g.end(), 0.0f);
    return 0;
  }
  learning::Evaluation evaluate(std::span<const float>) override { return {}; }

 private:
  base::ParameterLayout layout_ = base::ParameterLayout::flat(kParameters);
};

wire::Bytes own(std::span<const std::byte> bytes) {
  auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  return {.owner = {copy, copy->data()}, .span = *copy};
}

struct KeepingTransport final : wire::Transport {
  bool send(base::PeerId, std::span<const std::byte> header, const wire::Bytes& payload) override {
    sent.push_back({own(header), payload});
    return true;
  }
  bool is_connected(base::PeerId) override { return connected; }
  std::optional<wire::Frames> receive() override { return {}; }

  std::vector<wire::Frames> sent;
  bool connected = true;
};

/// Does the work at once, where it is asked to.
struct InlineShell final : Shell {
  void begin(gossip::Work work) override { core->perform_here(work); }
  void round_finished(const gossip::RoundReport&) override {}
  void note(const std::string&, bool) override {}
  gossip::Duration now() const override { return {}; }

  PeerCore* core = nullptr;
};

wire::LinkSettings far_settings() {
  wire::LinkSettings settings;
  settings.self = kFar;
  settings.peer = kCore;
  settings.self_name = "far";
  settings.peer_name = "core";
  settings.incarnation = {2};
  settings.terms = {{"swarm.name", "test"}};
  settings.max_payload = 1024;
  return settings;
}

/// A core whose only neighbour is the link `far`.
class PeerCoreTest : public ::testing::Test {
 protected:
  PeerCoreTest() {
    PeerSettings settings;
    settings.self = kCore;
    settings.name = "core";
    settings.incarnation = {1};
    settings.neighbours = {{kFar, "far"}};
    settings.terms = {{"swarm.name", "test"}};
    settings.plan = {.rounds = 10, .evaluate_every = 10};
    settings.link.max_payload = 1024;
    settings.link.window = 1;
    const NodeIngredients ingredients{.seed = 1,
                                      .learner = learner,
                                      .optimizer = *optimizer,
                                      .decay = *decay,
                                      .learning_rate = 0.1,
                                      .compressor = *compressor,
                                      .schedule = *schedule,
                                      .weight = [](const topology::Arc&) { return 0.5; }};
    core = std::make_unique<PeerCore>(std::move(settings), ingredients, *algorithm, transport, shell);
    shell.core = core.get();
  }

  /// Carries everything that either end has to say, until neither has. The far end answers each message before the
  /// next one comes.
  void talk() {
    hear_far();
    while (!transport.sent.empty()) {
      for (const wire::Frames& frames : std::exchange(transport.sent, {})) {
        auto message = wire::decode_header(frames.header.span);
        ASSERT_TRUE(message.ok());
        ASSERT_TRUE(far.on_message(std::move(*message), frames.payload, now).ok());
        hear_far();
      }
    }
  }
  void hear_far() {
    for (const wire::Outgoing& outgoing : far.take_outgoing()) {
      acknowledged = std::max(acknowledged, outgoing.message.acknowledged);
      core->on_frames({own(wire::encode_header(outgoing.message)), outgoing.payload}, now);
    }
  }

  wire::Time now = milliseconds(1);
  ZeroLearner learner;
  std::unique_ptr<compression::Compressor> compressor =
      compression::make_compressor("identity", base::ParameterLayout::flat(kParameters));
  std::unique_ptr<learning::Optimizer> optimizer = learning::make_optimizer("sgd", kParameters);
  std::unique_ptr<learning::Decay> decay = learning::make_decay("constant", 10);
  std::unique_ptr<topology::Schedule> schedule = topology::make_schedule("static", "path", 2, 1);
  std::unique_ptr<gossip::Algorithm> algorithm = gossip::make_algorithm("dpsgd(order=atc)", *compressor, kParameters);
  KeepingTransport transport;
  InlineShell shell;
  std::unique_ptr<PeerCore> core;
  wire::Link far{far_settings(), now};
  std::uint64_t acknowledged = 0;  // the highest that the far end has said
};

TEST_F(PeerCoreTest, AGoodbyeIsSaidBehindAFullWindow) {
  core->start(now);
  talk();
  ASSERT_EQ(core->state(), PeerState::training);
  ASSERT_THAT(core->waiting_for(), ::testing::ElementsAre("far"));
  ASSERT_EQ(acknowledged, 1u) << "the message of round 0 fills the window of one";
  core->abandon(now);
  talk();
  std::optional<wire::Left> left;
  for (const wire::LinkEvent& event : far.take_events()) {
    if (const auto* goodbye = std::get_if<wire::Left>(&event)) left = *goodbye;
  }
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(left->round.value, 1u) << "the message of round 0 is out and can be used";
  EXPECT_EQ(core->state(), PeerState::done);
}

TEST_F(PeerCoreTest, WhatWaitsForAConnectionIsNotCountedAsSentUntilItStands) {
  const auto sent = [this] {
    const auto& bytes = core->bytes().sent;
    EXPECT_EQ(core->neighbours().front().bytes->sent, bytes);
    return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
  };
  transport.connected = false;
  core->start(now);
  ASSERT_EQ(transport.sent.size(), 1u) << "the first Hello";
  now += milliseconds(200);
  core->on_time(now);
  ASSERT_EQ(transport.sent.size(), 2u) << "and its repetition";
  EXPECT_EQ(sent(), 0u);

  transport.connected = true;
  std::uint64_t on_the_wire = 0;
  for (const wire::Frames& frames : transport.sent) on_the_wire += wire::zmtp_frame_bytes(frames.header.size());
  core->on_time(now);
  EXPECT_EQ(sent(), on_the_wire);
  core->on_time(now);
  EXPECT_EQ(sent(), on_the_wire) << "counted once";
}

}  // namespace
}  // namespace parley::simulation
