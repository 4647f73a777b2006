#include "compression/coding/byte_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

Bytes coded(ByteCoder& coder, const Bytes& bytes) {
  Bytes out(ByteCoder::bound(bytes.size()));
  out.resize(coder.encode(std::as_bytes(std::span(bytes)), std::as_writable_bytes(std::span(out)).data()));
  return out;
}

base::Result<void> decode(ByteCoder& coder, const Bytes& from, Bytes& to) {
  return coder.decode(std::as_bytes(std::span(from)), std::as_writable_bytes(std::span(to)));
}

/// n bytes, each below `alphabet` and drawn as floor(alphabet u^power).
Bytes drawn(std::size_t n, double alphabet, double power) {
  base::Random random(key_of(n + static_cast<std::uint64_t>(7 * power)));
  Bytes bytes(n);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(alphabet * std::pow(random.uniform_double(), power));
  return bytes;
}

struct Kind {
  double alphabet, power;
};
constexpr std::array<Kind, 6> kKinds = {{{1, 1}, {2, 1}, {4, 8}, {16, 2}, {64, 3}, {256, 1}}};

TEST(ByteCode, DecodesWhatItEncodes) {
  ByteCoder coder;
  for (const std::size_t n : {0u, 1u, 2u, 3u, 4u, 5u, 300u, 4099u, (1u << 18), (1u << 18) + 1, 600001u}) {
    for (const Kind& kind : kKinds) {
      const Bytes bytes = drawn(n, kind.alphabet, kind.power);
      const Bytes out = coded(coder, bytes);
      EXPECT_LE(out.size(), ByteCoder::bound(n));
      Bytes back(n);
      ASSERT_TRUE(decode(coder, out, back).ok()) << n << ' ' << kind.alphabet;
      ASSERT_EQ(back, bytes) << n << ' ' << kind.alphabet;
    }
  }
}

TEST(ByteCode, IsCloseToTheEntropy) {
  // A frequency is off by at most one of 4096, which costs below 1 % where no symbol is rarer than 1/256; tables are 32
  // bytes and at most 25 bits a symbol, states 16 bytes, and a byte says that the block is coded.
  ByteCoder coder;
  constexpr std::size_t kSize = 200000;
  for (const Kind& kind : {Kind{1, 1}, {2, 1}, {4, 1}, {16, 1.3}, {20, 1.5}}) {
    const Bytes bytes = drawn(kSize, kind.alphabet, kind.power);
    std::array<double, 256> counts{};
    for (const std::uint8_t byte : bytes) ++counts[byte];
    double bits = 0;
    for (const double count : counts)
      if (count > 0) bits += count * std::log2(kSize / count);
    const double bound = 1.01 * bits / 8 + 49 + kind.alphabet * 25 / 8 + 1;
    EXPECT_LE(static_cast<double>(coded(coder, bytes).size()), bound) << kind.alphabet;
  }
}

TEST(ByteCode, LeavesWhatItCannotShortenAsItIs) {
  ByteCoder coder;
  const Bytes bytes = drawn(5000, 256, 1);
  EXPECT_EQ(coded(coder, bytes).size(), 5001u);
  EXPECT_EQ(coded(coder, {7, 7, 7}), (Bytes{0, 7, 7, 7}));  // a table takes more
}

TEST(ByteCode, ChoosesForEveryBlock) {
  constexpr std::size_t kBlock = 1 << 18;
  ByteCoder coder;
  Bytes bytes = drawn(kBlock, 256, 1);
  bytes.resize(2 * kBlock, 9);
  const Bytes out = coded(coder, bytes);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1 + kBlock], 1);
  EXPECT_LT(out.size(), 1 + kBlock + 100);
}

TEST(ByteCode, RefusesDamageOrDecodesWithinBounds) {
  ByteCoder coder;
  base::Random random(key_of(5));
  for (const std::size_t n : {1u, 300u, 4099u}) {
    for (const Kind& kind : kKinds) {
      const Bytes good = coded(coder, drawn(n, kind.alphabet, kind.power));
      for (int attempt = 0; attempt < 300; ++attempt) {
        Bytes bad = good;
        bad[random.below(static_cast<std::uint32_t>(std::min<std::size_t>(
            bad.size(), attempt % 2 == 0 ? 60 : 1u << 30)))] = static_cast<std::uint8_t>(random.bits());
        if (attempt % 5 == 0) bad.resize(random.below(static_cast<std::uint32_t>(bad.size()) + 3));
        Bytes back(n);
        // What is accepted is what the sender would have sent.
        if (!decode(coder, bad, back).ok()) continue;
        EXPECT_EQ(coded(coder, back), bad);
      }
    }
  }
}

TEST(ByteCode, RefusesATailAndAnEarlyEnd) {
  ByteCoder coder;
  for (const Kind& kind : kKinds) {
    const Bytes good = coded(coder, drawn(900, kind.alphabet, kind.power));
    for (std::size_t size = 0; size < good.size() + 3; ++size) {
      if (size == good.size()) continue;
      Bytes bad = good, back(900);
      bad.resize(size);
      EXPECT_FALSE(decode(coder, bad, back).ok()) << size;
    }
  }
}

TEST(Entropy, DecodesAsTheOperatorBeforeIt) {
  constexpr std::size_t kSize = 5000;
  const Floats x = inputs(kSize)[0].x;
  for (const char* spec : {"qsgd", "qsgd(bits=2)", "sign", "kmeans(start=cold)", "topk(ratio=0.1)"}) {
    Harness plain(spec), stage(std::string(spec) + " | entropy");
    EXPECT_EQ(stage.decode(stage.encode(x), kSize), plain.decode(plain.encode(x), kSize)) << spec;
    EXPECT_EQ(stage.compressor->properties(kSize).delta, plain.compressor->properties(kSize).delta);
  }
}

TEST(Entropy, ShortensLevelsThatAreMostlyZero) {
  // One level of the Euclidean norm of 512 Gaussian floats: |x| / norm is 1/sqrt(512) on average times 0.8, so a share
  // p = 0.035 is not zero, and the entropy is h(p) + p = 0.255 bits; norms add 32/512.
  constexpr std::size_t kSize = 200000;
  base::Random random(key_of(8));
  Floats x(kSize);
  for (float& v : x) v = static_cast<float>(random.normal());
  Harness plain("qsgd(bits=2, norm=l2)"), stage("qsgd(bits=2, norm=l2) | entropy");
  const double bits = 8.0 * static_cast<double>(stage.encode(x).size()) / kSize;
  EXPECT_LT(bits, 0.40);
  EXPECT_GT(bits, 0.255);
  EXPECT_GT(8.0 * static_cast<double>(plain.encode(x).size()) / kSize, 2);
}

TEST(Entropy, IsRefusedWhereItDoesNotBelong) {
  const auto refusal = [](const char* spec) -> std::string {
    try {
      make_compressor(spec, base::ParameterLayout());
    } catch (const base::OperatorError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("qsgd | entropy | sign"), testing::HasSubstr("cannot be followed by \"| sign\""));
  EXPECT_THAT(refusal("topk | entropy | qsgd"), testing::HasSubstr("codes bytes"));
  EXPECT_THAT(refusal("qsgd | entropy | entropy"), testing::HasSubstr("coded already"));
  EXPECT_EQ(make_compressor("topk|qsgd|entropy", base::ParameterLayout())->wire_id(), 48);
  EXPECT_EQ(make_compressor("topk|entropy", base::ParameterLayout())->wire_id(), 64);
  EXPECT_EQ(make_compressor("entropy", base::ParameterLayout())->spec(), "identity | entropy");
}

}  // namespace
}  // namespace parley::compression::test
