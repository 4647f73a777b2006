#include "compression/error_feedback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

struct Sender {
  Sender(const std::string& spec, std::size_t d) : harness(spec), feedback(*harness.compressor, d), sent(d) {}

  /// Sends x and adds what is received to `sent`.
  void send(const Floats& x, std::uint64_t round) {
    Bytes bytes(harness.compressor->max_payload_size(x.size()));
    const auto size = feedback.encode(x, key_of(round), std::as_writable_bytes(std::span(bytes)));
    ASSERT_TRUE(size.ok());
    ASSERT_TRUE(harness.decode_add(std::span(bytes).first(*size), 1.0f, sent, key_of(round)).ok());
  }

  Harness harness;
  ErrorFeedback feedback;
  Floats sent;
};

TEST(ErrorFeedback, LosesNothing) {
  constexpr std::size_t kSize = 300, kRounds = 50;
  for (const char* spec : {"topk(k=3)", "sign", "qsgd(bits=2)", "randk(k=30)", "topk(ratio=0.1) | qsgd", "bf16"}) {
    Sender sender(spec, kSize);
    std::vector<double> given(kSize), magnitude(kSize);
    for (std::size_t round = 0; round < kRounds; ++round) {
      Floats x(kSize);
      base::Random random(key_of(round));
      for (float& v : x) v = static_cast<float>(random.normal());
      sender.send(x, round);
      for (std::size_t i = 0; i < kSize; ++i) {
        given[i] += x[i];
        magnitude[i] += std::abs(x[i]) + 2 * std::abs(sender.feedback.residual()[i]) + std::abs(sender.sent[i]);
      }
    }
    // Every round rounds p, e and the sum of what was sent once each, by at most 2^-24 of themselves.
    for (std::size_t i = 0; i < kSize; ++i)
      EXPECT_NEAR(static_cast<double>(sender.sent[i]) + sender.feedback.residual()[i], given[i], 0x1p-22 * magnitude[i])
          << spec << ' ' << i;
  }
}

TEST(ErrorFeedback, KeepsExactlyWhatTheReceiverLacks) {
  constexpr std::size_t kSize = 100;
  Sender sender("topk(k=5)", kSize);
  const Floats x = inputs(kSize)[0].x;
  sender.send(x, 0);
  for (std::size_t i = 0; i < kSize; ++i) EXPECT_EQ(sender.feedback.residual()[i], x[i] - sender.sent[i]);
}

TEST(ErrorFeedback, SendsEverythingInTheEnd) {
  // Top-1 of a constant vector sends a coordinate at a time; after d rounds of zeros nothing is left.
  constexpr std::size_t kSize = 20;
  Sender sender("topk(k=1)", kSize);
  sender.send(Floats(kSize, 0.5f), 0);
  for (std::size_t round = 1; round < kSize; ++round) sender.send(Floats(kSize), round);
  EXPECT_EQ(sender.sent, Floats(kSize, 0.5f));
  EXPECT_THAT(sender.feedback.residual(), testing::Each(0.0f));
}

TEST(ErrorFeedback, ContinuesFromACheckpoint) {
  constexpr std::size_t kSize = 64;
  Sender one("sign", kSize);
  one.send(inputs(kSize)[0].x, 0);
  Sender two("sign", kSize);
  ASSERT_TRUE(two.feedback.restore(one.feedback.residual()).ok());
  two.sent = one.sent;
  one.send(inputs(kSize)[9].x, 1);
  two.send(inputs(kSize)[9].x, 1);
  EXPECT_EQ(one.sent, two.sent);
}

TEST(ErrorFeedback, RefusesDamagedCheckpointsAndKeepsItsResidual) {
  Sender sender("sign", 3);
  sender.send({1, 2, -4}, 0);
  const Floats before(sender.feedback.residual().begin(), sender.feedback.residual().end());
  EXPECT_EQ(sender.feedback.restore(Floats(2)).refusal().reason, "residual_size");
  EXPECT_EQ(sender.feedback.restore(Floats{0, std::nanf(""), 0}).refusal().reason, "not_finite");
  EXPECT_THAT(sender.feedback.residual(), testing::ElementsAreArray(before));
}

TEST(ErrorFeedback, IsUnchangedWhenTheSumIsNotFinite) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  Sender sender("topk(k=1)", 2);
  sender.send({kLargest, 0.9f * kLargest}, 0);
  const Floats before(sender.feedback.residual().begin(), sender.feedback.residual().end());
  Bytes bytes(sender.harness.compressor->max_payload_size(2));
  const auto size = sender.feedback.encode(Floats{0, kLargest}, key_of(1), std::as_writable_bytes(std::span(bytes)));
  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.refusal().reason, "not_finite");
  EXPECT_THAT(sender.feedback.residual(), testing::ElementsAreArray(before));
}

TEST(ErrorFeedback, RefusesOperatorsThatGuaranteeNoContraction) {
  for (const char* spec : {"randk(ratio=0.1, scaling=unbiased)", "qsgd(bits=2, scaling=unbiased)"}) {
    Harness harness(spec);
    EXPECT_THROW(ErrorFeedback(*harness.compressor, 1000), base::OperatorError) << spec;
  }
}

}  // namespace
}  // namespace parley::compression::test
