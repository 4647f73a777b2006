#include "wire/memory_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "link_pair.h"

namespace parley::wire {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

std::span<const std::byte> header(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::vector<std::string> arrivals(MemoryNetwork& network, base::PeerId peer) {
  std::vector<std::string> texts;
  while (auto frames = network.endpoint(peer).receive()) texts.push_back(text_of(frames->header));
  return texts;
}

TEST(MemoryNetwork, WithoutFaultsMessagesArriveInOrderAfterTheLatency) {
  MemoryNetwork network(3, Faults{.latency = 5ms}, 1);
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(network.endpoint({0}).send({2}, header(text), {}));
  EXPECT_EQ(network.next_arrival(), 5ms);
  network.set_time(5ms - 1ns);
  EXPECT_THAT(arrivals(network, {2}), ElementsAre());
  network.set_time(5ms);
  EXPECT_THAT(arrivals(network, {1}), ElementsAre());
  EXPECT_THAT(arrivals(network, {2}), ElementsAre("a", "b", "c"));
  EXPECT_EQ(network.next_arrival(), std::nullopt);
}

TEST(MemoryNetwork, SharesThePayload) {
  MemoryNetwork network(2, {}, 1);
  const Bytes payload = bytes_of("payload");
  network.endpoint({0}).send({1}, header("h"), payload);
  const auto frames = network.endpoint({1}).receive();
  ASSERT_TRUE(frames);
  EXPECT_EQ(frames->payload.span.data(), payload.span.data());
}

// Counts of N = 40,000 independent messages are within 7 standard deviations: false alarms below 1e-11 per count.
TEST(MemoryNetwork, FaultsAreAsFrequentAsAsked) {
  constexpr int kMessages = 40'000;
  MemoryNetwork network(2, Faults{.drop = 0.1, .duplicate = 0.2, .delay = 0.3, .max_delay = 1s}, 9);
  for (int i = 0; i < kMessages; ++i) network.endpoint({0}).send({1}, header(std::to_string(i)), {});
  std::map<std::string, int> copies;
  const std::size_t undelayed = arrivals(network, {1}).size();
  network.set_time(1s);
  MemoryNetwork again(2, Faults{.drop = 0.1, .duplicate = 0.2, .delay = 0.3, .max_delay = 1s}, 9);
  for (int i = 0; i < kMessages; ++i) again.endpoint({0}).send({1}, header(std::to_string(i)), {});
  again.set_time(1s);
  for (const std::string& text : arrivals(again, {1})) ++copies[text];
  const auto expect_share = [](double count, double share) {
    EXPECT_NEAR(count, kMessages * share, 7 * std::sqrt(kMessages * share * (1 - share)));
  };
  expect_share(static_cast<double>(copies.size()), 0.9);
  expect_share(static_cast<double>(std::ranges::count_if(copies, [](const auto& entry) { return entry.second == 2; })),
               0.9 * 0.2);
  expect_share(static_cast<double>(undelayed), 0.9 * 0.7);
}

TEST(MemoryNetwork, TheSameSeedGivesTheSameArrivals) {
  std::array<std::vector<std::string>, 2> runs;
  for (auto& run : runs) {
    MemoryNetwork network(2, Faults{.drop = 0.3, .duplicate = 0.3, .delay = 0.5, .max_delay = 10ms}, 4);
    for (int i = 0; i < 200; ++i) network.endpoint({0}).send({1}, header(std::to_string(i)), {});
    network.set_time(10ms);
    run = arrivals(network, {1});
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_FALSE(std::ranges::is_sorted(runs[0]));
}

TEST(MemoryNetwork, ACutLosesBothWaysUntilItIsHealed) {
  MemoryNetwork network(3, {}, 1);
  network.cut({1}, {0}, true);
  network.endpoint({0}).send({1}, header("lost"), {});
  network.endpoint({1}).send({0}, header("lost"), {});
  network.endpoint({0}).send({2}, header("elsewhere"), {});
  network.cut({0}, {1}, false);
  network.endpoint({0}).send({1}, header("back"), {});
  EXPECT_THAT(arrivals(network, {0}), ElementsAre());
  EXPECT_THAT(arrivals(network, {1}), ElementsAre("back"));
  EXPECT_THAT(arrivals(network, {2}), ElementsAre("elsewhere"));
}

TEST(MemoryNetwork, ADeadEndpointForgetsWhatWasUnderWayToIt) {
  MemoryNetwork network(2, {}, 1);
  network.endpoint({0}).send({1}, header("lost"), {});
  network.forget({1});
  EXPECT_THAT(arrivals(network, {1}), ElementsAre());
}

}  // namespace
}  // namespace parley::wire
