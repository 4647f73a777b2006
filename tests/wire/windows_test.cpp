#include "wire/windows.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/random.h"

namespace parley::wire {
namespace {

Message numbered(std::uint64_t sequence) {
  Message message;
  message.sequence = sequence;
  message.body = Hold{};
  return message;
}

ReceiveWindow::Offer offer(ReceiveWindow& window, std::uint64_t sequence) {
  Message message = numbered(sequence);
  Bytes payload;
  return window.offer(message, payload);
}

TEST(SendWindow, NumbersFromOneAndHoldsUntilAcknowledged) {
  SendWindow window(2);
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.push(numbered(0), {}).message.sequence, 1U);
  EXPECT_EQ(window.push(numbered(0), {}).message.sequence, 2U);
  EXPECT_TRUE(window.full());
  EXPECT_FALSE(window.acknowledge(0));
  EXPECT_FALSE(window.acknowledge(1));
  EXPECT_TRUE(window.acknowledge(2));
  EXPECT_FALSE(window.full());
  EXPECT_EQ(window.at(2).message.sequence, 2U);
  EXPECT_EQ(window.push(numbered(0), {}).message.sequence, 3U);
  EXPECT_TRUE(window.acknowledge(4));
  EXPECT_TRUE(window.empty());
}

TEST(SendWindow, LetsGoOfAPayloadWhenItIsAcknowledged) {
  SendWindow window(4);
  const auto owner = std::make_shared<std::byte>();
  for (int i = 0; i < 3; ++i) window.push(numbered(0), Bytes{owner, {owner.get(), 1}});
  EXPECT_EQ(owner.use_count(), 4);
  window.acknowledge(2);
  EXPECT_EQ(owner.use_count(), 3);
  window.clear();
  EXPECT_EQ(owner.use_count(), 1);
  EXPECT_EQ(window.next(), 4U);
  window.reset();
  EXPECT_EQ(window.next(), 1U);
}

TEST(ReceiveWindow, GivesEveryOrderOfArrivalBackInOrder) {
  constexpr std::uint32_t kCapacity = 8;
  base::Random random(base::RandomKey{.seed = 7});
  for (int repetition = 0; repetition < 500; ++repetition) {
    ReceiveWindow window(kCapacity);
    std::vector<std::uint64_t> order(kCapacity), taken;
    std::iota(order.begin(), order.end(), 1);
    random.shuffle(std::span(order));
    for (const std::uint64_t sequence : order) {
      ASSERT_EQ(offer(window, sequence), ReceiveWindow::Offer::kept);
      ASSERT_EQ(offer(window, sequence), ReceiveWindow::Offer::duplicate);
      while (auto entry = window.take()) taken.push_back(entry->message.sequence);
      ASSERT_EQ(offer(window, sequence), ReceiveWindow::Offer::duplicate);
    }
    std::ranges::sort(order);
    ASSERT_EQ(taken, order);
  }
}

TEST(ReceiveWindow, HoldsNothingBeyondItsCapacity) {
  ReceiveWindow window(4);
  EXPECT_EQ(offer(window, 4), ReceiveWindow::Offer::kept);
  EXPECT_EQ(offer(window, 5), ReceiveWindow::Offer::beyond);
  EXPECT_EQ(offer(window, ~std::uint64_t{0}), ReceiveWindow::Offer::beyond);
}

TEST(ReceiveWindow, CountsWhatIsMissingBeforeTheFirstArrival) {
  ReceiveWindow window(8);
  EXPECT_EQ(window.missing(), 0U);
  offer(window, 4);
  offer(window, 7);
  EXPECT_EQ(window.missing(), 3U);
  offer(window, 1);
  EXPECT_EQ(window.missing(), 0U);
  EXPECT_TRUE(window.take().has_value());
  EXPECT_EQ(window.missing(), 2U);
  window.reset();
  EXPECT_EQ(window.missing(), 0U);
  EXPECT_EQ(window.next_expected(), 1U);
}

}  // namespace
}  // namespace parley::wire
