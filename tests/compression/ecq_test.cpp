// Entropy-coded levels.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compression/coding/rans.h"
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

}  // namespace
}  // namespace parley::compression::test
