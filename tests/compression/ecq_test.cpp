// Entropy-coded levels and the feedback that goes with them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compression/coding/rans.h"
#include "compression/ecq_feedback.h"
#include "compression/error_feedback.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

struct Coded {
  SymbolTable table;
  Bytes bytes;
  double entropy;  ///< bits of all symbols together
};

Coded coded(const Bytes& symbols, std::size_t alphabet) {
  std::vector<std::uint32_t> counts(alphabet);
  for (const std::uint8_t symbol : symbols) ++counts[symbol];
  Coded result{SymbolTable(alphabet), Bytes(rans_bound(symbols.size())), 0};
  result.table.fit(counts);
  std::vector<std::uint16_t> scratch(symbols.size() + 1);
  result.bytes.resize(encode_rans(symbols, result.table, scratch, reinterpret_cast<std::byte*>(result.bytes.data())));
  for (const std::uint32_t count : counts)
    if (count > 0) result.entropy += count * std::log2(static_cast<double>(symbols.size()) / count);
  return result;
}

TEST(Rans, GivesBackWhatItWasGiven) {
  base::Random random(key_of(1));
  for (const std::size_t alphabet : {1u, 2u, 3u, 9u, 255u, 256u}) {
    for (const std::size_t n : {1u, 2u, 3u, 4u, 5u, 1000u, 70000u}) {
      for (const double skew : {0.0, 1.0, 8.0}) {
        Bytes symbols;
        for (std::size_t i = 0; i < n; ++i)
          symbols.push_back(
              static_cast<std::uint8_t>(static_cast<double>(alphabet) * std::pow(random.uniform_double(), 1 + skew)));
        const Coded c = coded(symbols, alphabet);
        Bytes again(n);
        ASSERT_EQ(decode_rans(std::as_bytes(std::span(c.bytes)), c.table, again), c.bytes.size());
        ASSERT_TRUE(same_bytes(again, symbols)) << alphabet << ' ' << n << ' ' << skew;
      }
    }
  }
}

TEST(Rans, IsWithinAPerCentOfTheEntropy) {
  // Frequencies of 12 bits cost less than a per cent of these distributions, states 16 bytes.
  base::Random random(key_of(2));
  for (const double p : {0.5, 0.1, 0.02}) {
    Bytes symbols(60000);
    for (auto& symbol : symbols)
      while (symbol < 8 && random.uniform_double() < p) ++symbol;
    const Coded c = coded(symbols, 9);
    EXPECT_LE(8.0 * static_cast<double>(c.bytes.size()), 1.01 * c.entropy + 8 * 20) << p;
    EXPECT_GE(8.0 * static_cast<double>(c.bytes.size()), c.entropy) << p;
  }
}

TEST(Rans, OfOneSymbolTakesNothingButItsStates) {
  EXPECT_EQ(coded(Bytes(5000, 3), 9).bytes.size(), 16u);
}

TEST(Rans, RefusesStatesAndWordsThatAreNotItsOwn) {
  Bytes symbols(1000);
  for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i] = static_cast<std::uint8_t>(i * i % 7);
  const Coded c = coded(symbols, 7);
  Bytes again(symbols.size());
  for (std::size_t i = 0; i < 8 * c.bytes.size(); i += 5) {
    Bytes bytes = c.bytes;
    bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] ^ (1u << (i % 8)));
    const std::size_t size = decode_rans(std::as_bytes(std::span(bytes)), c.table, again);
    if (size == 0) continue;
    // Other symbols then, of which these are the bytes.
    std::vector<std::uint16_t> scratch(again.size() + 1);
    Bytes back(rans_bound(again.size()));
    back.resize(encode_rans(again, c.table, scratch, reinterpret_cast<std::byte*>(back.data())));
    bytes.resize(size);
    EXPECT_TRUE(same_bytes(back, bytes)) << i;
  }
}

TEST(Ecq, SaysTheSameAsQsgd) {
  for (const std::size_t d : {1u, 65u, 4099u, 70000u}) {
    for (const Input& input : inputs(d)) {
      for (const char* arguments : {"levels=4", "levels=1, norm=l2, bucket=100", "levels=127, scaling=unbiased"}) {
        Harness qsgd(fmt::format("qsgd(bits=8, {})", arguments)), ecq(fmt::format("ecq({})", arguments));
        const Floats expected = qsgd.decode(qsgd.encode(input.x), d);
        ASSERT_TRUE(same_floats(ecq.decode(ecq.encode(input.x), d), expected)) << input.name << ' ' << d;
      }
    }
  }
}

Floats gaussian(std::size_t d, std::uint64_t seed) {
  base::Random random(key_of(seed));
  Floats x(d);
  for (float& v : x) v = static_cast<float>(random.normal());
  return x;
}

/// A sender whose receiver adds up what arrives.
struct EcqSender {
  EcqSender(const std::string& spec, std::size_t d, const EcqWeights& weights)
      : harness(spec), feedback(*harness.compressor, d, weights), received(d) {}

  Bytes send(const Floats& x, std::uint64_t round) {
    Bytes bytes(harness.compressor->max_payload_size(x.size()));
    const auto size = feedback.encode(x, key_of(round), std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(size.ok());
    bytes.resize(*size);
    received = harness.decode(bytes, x.size(), key_of(round));
    return bytes;
  }

  Harness harness;
  EcqFeedback feedback;
  Floats received;  ///< of the last round
};

TEST(EcqFeedback, WithFullWeightsIsErrorFeedback) {
  constexpr std::size_t kSize = 300;
  for (const char* spec : {"ecq", "sign", "topk(k=9)"}) {
    EcqSender sender(spec, kSize, {.alpha = 1, .beta = 1});
    Harness plain(spec);
    ErrorFeedback feedback(*plain.compressor, kSize);
    for (std::uint64_t round = 0; round < 20; ++round) {
      const Floats x = gaussian(kSize, round);
      Bytes bytes(plain.compressor->max_payload_size(kSize));
      const auto size = feedback.encode(x, key_of(round), std::as_writable_bytes(std::span(bytes)));
      ASSERT_TRUE(size.ok());
      bytes.resize(*size);
      ASSERT_TRUE(same_bytes(sender.send(x, round), bytes)) << spec;
      const auto residual = feedback.residual();
      EXPECT_TRUE(std::equal(residual.begin(), residual.end(), sender.feedback.accumulated().begin())) << spec;
    }
  }
}

TEST(EcqFeedback, WithoutWeightOfThePastSendsWhatItIsGiven) {
  EcqSender sender("ecq(scaling=unbiased)", 300, {.alpha = 0, .beta = 0.9});
  Harness plain("ecq(scaling=unbiased)");
  for (std::uint64_t round = 0; round < 5; ++round) {
    const Floats x = gaussian(300, round);
    EXPECT_TRUE(same_bytes(sender.send(x, round), plain.encode(x, key_of(round))));
  }
}

TEST(EcqFeedback, AccumulatesErrorsThatFade) {
  // h_t = sum_s beta^(t-1-s) (x_s - received_s), with three roundings of each h.
  constexpr std::size_t kSize = 200;
  EcqSender sender("ecq(levels=2, bucket=64, scaling=unbiased)", kSize, {.alpha = 0.3, .beta = 0.75});
  std::vector<double> h(kSize), magnitude(kSize);
  for (std::uint64_t round = 0; round < 40; ++round) {
    const Floats x = gaussian(kSize, round);
    sender.send(x, round);
    for (std::size_t i = 0; i < kSize; ++i) {
      h[i] = 0.75 * h[i] + x[i] - sender.received[i];
      magnitude[i] = 0.75 * magnitude[i] + std::abs(x[i]) + std::abs(sender.received[i]) + std::abs(h[i]);
    }
  }
  for (std::size_t i = 0; i < kSize; ++i)
    EXPECT_NEAR(sender.feedback.accumulated()[i], h[i], 3 * 0x1p-24 * magnitude[i]) << i;
}

TEST(EcqFeedback, RefusesWeightsWithWhichErrorsGrow) {
  // One of ten coordinates, unbiased: omega = 9, and alpha^2 9 + (beta - alpha)^2 crosses 1 near alpha = 0.3162.
  Harness harness("randk(k=1, scaling=unbiased)");
  EXPECT_NO_THROW(EcqFeedback(*harness.compressor, 10, {.alpha = 0.3, .beta = 0.3}));
  EXPECT_THROW(EcqFeedback(*harness.compressor, 10, {.alpha = 0.34, .beta = 0.34}), base::OperatorError);
  EXPECT_THROW(EcqFeedback(*harness.compressor, 10, {.alpha = 1, .beta = 1}), base::OperatorError);
  EXPECT_THROW(EcqFeedback(*harness.compressor, 10, {.alpha = 0, .beta = 1}), base::OperatorError);
  EXPECT_THROW(EcqFeedback(*harness.compressor, 10, {.alpha = 1.1, .beta = 1}), base::OperatorError);
  Harness contraction("topk(k=1)");
  EXPECT_NO_THROW(EcqFeedback(*contraction.compressor, 10, {.alpha = 1, .beta = 1}));
  EXPECT_THROW(EcqFeedback(*contraction.compressor, 10, {.alpha = 1, .beta = 0.9}), base::OperatorError);
}

TEST(EcqFeedback, ContinuesFromACheckpointAndRefusesAWrongOne) {
  EcqSender one("ecq", 100, {.alpha = 0.8, .beta = 0.8}), other("ecq", 100, {.alpha = 0.8, .beta = 0.8});
  one.send(gaussian(100, 1), 1);
  ASSERT_TRUE(other.feedback.restore(one.feedback.accumulated()).ok());
  EXPECT_TRUE(same_bytes(one.send(gaussian(100, 2), 2), other.send(gaussian(100, 2), 2)));
  EXPECT_EQ(other.feedback.restore(Floats(99)).refusal().reason, "residual_size");
  EXPECT_EQ(other.feedback.restore(Floats(100, std::numeric_limits<float>::infinity())).refusal().reason, "not_finite");
}

TEST(EcqFeedback, IsUnchangedByAVectorThatIsRefused) {
  EcqSender sender("ecq", 10, {.alpha = 1, .beta = 1});
  sender.send(gaussian(10, 1), 1);
  const Floats before(sender.feedback.accumulated().begin(), sender.feedback.accumulated().end());
  Floats x(10);
  x[7] = std::nanf("");
  Bytes out(sender.harness.compressor->max_payload_size(10));
  EXPECT_FALSE(sender.feedback.encode(x, kKey, std::as_writable_bytes(std::span(out))).ok());
  EXPECT_TRUE(std::equal(before.begin(), before.end(), sender.feedback.accumulated().begin()));
}

}  // namespace
}  // namespace parley::compression::test
