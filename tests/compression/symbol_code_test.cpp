// Codes of symbols, and the stages that use them.
#include "compression/coding/symbol_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>

#include "compression/coding/huffman_code.h"
#include "compression/coding/rans_code.h"
#include "compression/coding/symbols.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

struct Kind {
  unsigned width;
  double alphabet, power;  ///< a symbol is floor(alphabet u^power)
};
constexpr std::array<Kind, 9> kKinds = {
    {{8, 1, 1}, {8, 2, 1}, {8, 4, 8}, {8, 16, 2}, {8, 64, 3}, {8, 256, 1}, {1, 2, 3}, {3, 8, 2}, {5, 20, 1}}};

Bytes drawn(std::size_t n, const Kind& kind) {
  base::Random random(key_of(n + static_cast<std::uint64_t>(7 * kind.power)));
  Bytes symbols(n);
  for (auto& symbol : symbols)
    symbol = static_cast<std::uint8_t>(kind.alphabet * std::pow(random.uniform_double(), kind.power));
  return symbols;
}

class EverySymbolCode : public testing::TestWithParam<bool> {
 protected:
  EverySymbolCode() {
    if (GetParam()) {
      code_ = std::make_unique<HuffmanCode>();
    } else {
      code_ = std::make_unique<RansCode>();
    }
  }

  Bytes coded(const Bytes& symbols, unsigned width) {
    Bytes out(SymbolCode::bound(symbols.size(), width));
    out.resize(code_->encode(symbols, width, std::as_writable_bytes(std::span(out)).data()));
    return out;
  }
  /// Whether `symbols` were read from all bytes.
  bool decode(const Bytes& from, unsigned width, Bytes& symbols) {
    const auto used = code_->decode(std::as_bytes(std::span(from)), width, symbols);
    return used.ok() && *used == from.size();
  }

  std::unique_ptr<SymbolCode> code_;
};

INSTANTIATE_TEST_SUITE_P(Codes, EverySymbolCode, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Huffman" : "Rans"; });

TEST_P(EverySymbolCode, DecodesWhatItEncodes) {
  for (const std::size_t n : {0u, 1u, 2u, 3u, 4u, 5u, 300u, 4099u, (1u << 18), (1u << 18) + 1, 600001u}) {
    for (const Kind& kind : kKinds) {
      const Bytes symbols = drawn(n, kind);
      const Bytes out = coded(symbols, kind.width);
      EXPECT_LE(out.size(), SymbolCode::bound(n, kind.width));
      Bytes back(n);
      ASSERT_TRUE(decode(out, kind.width, back)) << n << ' ' << kind.alphabet;
      ASSERT_EQ(back, symbols) << n << ' ' << kind.alphabet;
    }
  }
}

/// Bits of all symbols together, by how often each occurs.
double entropy(const Bytes& symbols) {
  std::array<double, 256> counts{};
  for (const std::uint8_t symbol : symbols) ++counts[symbol];
  double bits = 0;
  for (const double count : counts)
    if (count > 0) bits += count * std::log2(static_cast<double>(symbols.size()) / count);
  return bits;
}

TEST(RansCode, IsCloseToTheEntropy) {
  // A frequency is off by at most one of 4096, which costs below 1 % where no symbol is rarer than 1/256; tables are 32
  // bytes and at most 25 bits a symbol, states 16 bytes, and a byte says that the block is coded.
  RansCode code;
  constexpr std::size_t kSize = 200000;
  for (const Kind& kind : {Kind{8, 1, 1}, {8, 2, 1}, {3, 4, 1}, {4, 16, 1.3}, {8, 20, 1.5}}) {
    const Bytes symbols = drawn(kSize, kind);
    std::vector<std::byte> out(SymbolCode::bound(kSize, kind.width));
    const double bound = 1.01 * entropy(symbols) / 8 + 49 + kind.alphabet * 25 / 8 + 1;
    EXPECT_LE(static_cast<double>(code.encode(symbols, kind.width, out.data())), bound) << kind.alphabet;
  }
}

TEST(HuffmanCode, TakesLessThanABitMoreThanTheEntropy) {
  // Shannon's bounds; lengths are nowhere near their limit.
  for (const Kind& kind : kKinds) {
    const Bytes symbols = drawn(50000, kind);
    SymbolCounts counts{};
    for (const std::uint8_t symbol : symbols) ++counts[symbol];
    const HuffmanCode::Lengths lengths = HuffmanCode::lengths_of(counts);
    double bits = 0, kraft = 0;
    std::size_t used = 0;
    for (std::size_t s = 0; s < 256; ++s) {
      EXPECT_EQ(lengths[s] > 0, counts[s] > 0);
      if (lengths[s] == 0) continue;
      ++used;
      bits += static_cast<double>(counts[s]) * lengths[s];
      kraft += std::ldexp(1.0, -lengths[s]);
    }
    if (used == 1) continue;  // which takes no bits at all
    const auto n = static_cast<double>(symbols.size());
    EXPECT_GE(bits, entropy(symbols));
    EXPECT_LT(bits, entropy(symbols) + n);
    EXPECT_EQ(kraft, 1);
  }
}

TEST(HuffmanCode, HasTheLengthsOfTheTextbook) {
  // Cormen, Leiserson, Rivest and Stein: a to f with 45, 13, 12, 16, 9 and 5 have 1, 3, 3, 3, 4 and 4.
  constexpr std::size_t first = 97;
  SymbolCounts counts{};
  const std::array<std::uint32_t, 6> of_letters = {45, 13, 12, 16, 9, 5};
  std::copy(of_letters.begin(), of_letters.end(), counts.begin() + first);
  const HuffmanCode::Lengths lengths = HuffmanCode::lengths_of(counts);
  EXPECT_THAT(std::vector<int>(lengths.data() + first, lengths.data() + first + 6),
              testing::ElementsAre(1, 3, 3, 3, 4, 4));
}

TEST(HuffmanCode, HasNoLengthAboveTwelve) {
  // Fibonacci's numbers, whose tree is a chain of 24.
  SymbolCounts counts{};
  std::uint32_t last = 1, next = 1;
  for (std::size_t s = 0; s < 25; ++s) {
    counts[s] = next;
    next = std::exchange(last, last + next);
  }
  const HuffmanCode::Lengths lengths = HuffmanCode::lengths_of(counts);
  double kraft = 0;
  for (std::size_t s = 0; s < 25; ++s) {
    EXPECT_GE(lengths[s], 1);
    EXPECT_LE(lengths[s], 12);
    kraft += std::ldexp(1.0, -lengths[s]);
  }
  EXPECT_EQ(kraft, 1);
}

TEST(HuffmanCode, RefusesCodesThatAreIncompleteOversubscribedOrNotItsOwn) {
  // Two bits for each of four symbols, of which 0 is the most frequent: lengths 1, 2, 3, 3, codes 0, 10, 110, 111.
  Bytes symbols(200, 0);
  std::fill(symbols.begin() + 120, symbols.begin() + 170, std::uint8_t{1});
  std::fill(symbols.begin() + 170, symbols.begin() + 190, std::uint8_t{2});
  std::fill(symbols.begin() + 190, symbols.end(), std::uint8_t{3});
  HuffmanCode code;
  std::vector<std::byte> out(SymbolCode::bound(200, 2));
  out.resize(code.encode(symbols, 2, out.data()));
  ASSERT_EQ(out.size(), 1 + 2 + (120 + 2 * 50 + 3 * 30 + 7) / 8u);
  EXPECT_EQ(out[0], std::byte{1});
  EXPECT_EQ(out[1], std::byte{0x21});
  EXPECT_EQ(out[2], std::byte{0x33});
  const auto refusal = [&](int first, int second) -> std::string {
    std::vector<std::byte> bad = out;
    bad[1] = static_cast<std::byte>(first);
    bad[2] = static_cast<std::byte>(second);
    Bytes back(200);
    const auto used = code.decode(bad, 2, back);
    if (!used.ok()) return std::string(used.refusal().reason);
    return *used == bad.size() ? "" : "a tail";
  };
  EXPECT_EQ(refusal(0x21, 0x33), "");
  EXPECT_EQ(refusal(0x21, 0x43), "payload_code");  // 1/2 + 1/4 + 1/8 + 1/16: incomplete
  EXPECT_EQ(refusal(0x21, 0x23), "payload_code");  // 1/2 + 1/4 + 1/8 + 1/4: too much
  EXPECT_EQ(refusal(0xD1, 0x33), "payload_code");  // too long
  EXPECT_EQ(refusal(0, 0), "payload_code");
  EXPECT_EQ(refusal(0x02, 0), "payload_code");  // one symbol with a length of 2
  EXPECT_EQ(refusal(0x01, 0), "a tail");        // one symbol, of which nothing follows
  EXPECT_NE(refusal(0x22, 0x22), "");           // complete, but not Huffman's
}

TEST_P(EverySymbolCode, LeavesWhatItCannotShortenAsItIs) {
  const Bytes symbols = drawn(5000, {8, 256, 1});
  EXPECT_EQ(coded(symbols, 8).size(), 5001u);
  EXPECT_EQ(coded({7, 7, 7}, 8), (Bytes{0, 7, 7, 7}));  // a table takes more
  EXPECT_EQ(coded({7, 6, 5}, 3), (Bytes{0, 0x77, 0x01}));
}

TEST_P(EverySymbolCode, ChoosesForEveryBlock) {
  constexpr std::size_t kBlock = 1 << 18;
  Bytes symbols = drawn(kBlock, {8, 256, 1});
  symbols.resize(2 * kBlock, 9);
  const Bytes out = coded(symbols, 8);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1 + kBlock], 1);
  EXPECT_LT(out.size(), 1 + kBlock + 150);
}

TEST_P(EverySymbolCode, RefusesDamageOrDecodesWithinBounds) {
  base::Random random(key_of(5));
  for (const std::size_t n : {1u, 300u, 4099u}) {
    for (const Kind& kind : kKinds) {
      const Bytes good = coded(drawn(n, kind), kind.width);
      for (int attempt = 0; attempt < 300; ++attempt) {
        Bytes bad = good;
        bad[random.below(static_cast<std::uint32_t>(std::min<std::size_t>(
            bad.size(), attempt % 2 == 0 ? 60 : 1u << 30)))] = static_cast<std::uint8_t>(random.bits());
        if (attempt % 5 == 0) bad.resize(random.below(static_cast<std::uint32_t>(bad.size()) + 3));
        Bytes back(n);
        // What is accepted is what the sender would have sent.
        if (!decode(bad, kind.width, back)) continue;
        EXPECT_EQ(coded(back, kind.width), bad);
      }
    }
  }
}

TEST_P(EverySymbolCode, RefusesAnEarlyEndAndLeavesATail) {
  for (const Kind& kind : kKinds) {
    const Bytes good = coded(drawn(900, kind), kind.width);
    for (std::size_t size = 0; size < good.size() + 3; ++size) {
      if (size == good.size()) continue;
      Bytes bad = good, back(900);
      bad.resize(size);
      EXPECT_FALSE(decode(bad, kind.width, back)) << size;
    }
  }
}

TEST(Symbols, AreTakenApartAndPutTogether) {
  for (const char* spec : {"qsgd(bits=3, bucket=37)", "fixed(int_bits=4, frac_bits=7)", "clip(mantissa=15)", "bf16",
                           "identity", "mx(element=e3m2)", "kmeans(k=5)", "wage(bits=5, block=100)", "eden(bits=2)",
                           "residual(m=3, k=5)", "natural", "f16(block=16)", "uniform(bits=16)", "terngrad"}) {
    for (const std::size_t d : {1u, 8u, 513u, 1000u}) {
      Harness harness(spec);
      const Bytes payload = harness.encode(inputs(d)[0].x);
      const Division division(*harness.compressor, d);
      ASSERT_TRUE(division.known) << spec;
      Symbols symbols;
      symbols.resize(division);
      symbols.take_apart(*harness.compressor, d, division, std::as_bytes(std::span(payload)));
      Bytes again(payload.size());
      symbols.put_together(*harness.compressor, d, division, std::as_writable_bytes(std::span(again)));
      EXPECT_TRUE(same_bytes(again, payload)) << spec << ' ' << d;
    }
  }
}

/// Codes of `bits` bits of one payload without headers, as bytes; at most eight bits.
Bytes codes_of(const Bytes& payload, std::size_t at, std::size_t n, unsigned bits) {
  Bytes codes(n);
  for (std::size_t i = 0; i < n * bits; ++i)
    codes[i / bits] |= static_cast<std::uint8_t>(((payload[at + i / 8] >> (i % 8)) & 1) << (i % bits));
  return codes;
}

TEST(Entropy, ComesWithinAPercentOfTheEntropyOfCodesOfAnyWidth) {
  constexpr std::size_t kSize = 200000;
  base::Random random(key_of(9));
  Floats x(kSize);
  for (float& v : x) v = static_cast<float>(random.normal());
  struct Case {
    const char* spec;
    std::size_t header;
    unsigned bits;
  };
  // One bucket, so that the codes lie in one piece.
  for (const Case& c : {Case{"qsgd(bits=3, bucket=200000)", 4, 3},
                        {"uniform(bits=5, bucket=200000)", 8, 5},
                        {"kmeans(k=5)", 20, 3},
                        {"kmeans(k=100)", 400, 7},
                        {"natural", 0, 8}}) {
    Harness plain(c.spec), stage(std::string(c.spec) + " | entropy"), huffman(std::string(c.spec) + " | huffman");
    const Bytes payload = plain.encode(x);
    const std::size_t others = payload.size() - (kSize * c.bits + 7) / 8;
    const Bytes codes = codes_of(payload, c.header, kSize, c.bits);
    const double bits = entropy(codes);
    // Others, which may be random, and the tables; see IsCloseToTheEntropy and TakesLessThanABitMoreThanTheEntropy.
    const auto size = 8 * static_cast<double>(stage.encode(x).size());
    EXPECT_LE(size, 1.01 * bits + 8 * static_cast<double>(others + 500)) << c.spec;
    EXPECT_LT(size, 0.95 * 8 * static_cast<double>(payload.size())) << c.spec;
    const auto huffman_size = 8 * static_cast<double>(huffman.encode(x).size());
    EXPECT_LT(huffman_size, bits + kSize + 8 * static_cast<double>(others + 500)) << c.spec;
    EXPECT_GE(huffman_size, bits) << c.spec;
  }
}

TEST(Entropy, DecodesAsTheOperatorBeforeIt) {
  constexpr std::size_t kSize = 5000;
  const Floats x = inputs(kSize)[0].x;
  for (const char* spec : {"qsgd", "qsgd(bits=2)", "sign", "kmeans(start=cold)", "topk(ratio=0.1)"}) {
    for (const char* stage_name : {" | entropy", " | huffman"}) {
      Harness plain(spec), stage(std::string(spec) + stage_name);
      EXPECT_EQ(stage.decode(stage.encode(x), kSize), plain.decode(plain.encode(x), kSize)) << spec;
      EXPECT_EQ(stage.compressor->properties(kSize).delta, plain.compressor->properties(kSize).delta);
    }
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
  EXPECT_THAT(refusal("qsgd | huffman | entropy"), testing::HasSubstr("coded already"));
  EXPECT_EQ(make_compressor("topk|qsgd|entropy", base::ParameterLayout())->wire_id(), 48);
  EXPECT_EQ(make_compressor("topk|entropy", base::ParameterLayout())->wire_id(), 71);
  EXPECT_EQ(make_compressor("entropy", base::ParameterLayout())->spec(), "identity | entropy");
}

}  // namespace
}  // namespace parley::compression::test
