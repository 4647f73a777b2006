// Every payload format, with bytes worked out by hand from the format's description.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "compression/compressor.h"

namespace parley::compression {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr base::RandomKey kKey{.seed = 1, .peer = {2}, .round = {3}, .stream = base::Stream::compression};

Bytes encoded(const char* spec, const std::vector<float>& x) {
  const auto compressor = make_compressor(spec, base::ParameterLayout());
  const auto state = compressor->make_state();
  std::vector<std::byte> out(compressor->max_payload_size(x.size()));
  const auto size = compressor->encode(x, kKey, *state, out);
  EXPECT_TRUE(size.ok());
  Bytes bytes(*size);
  if (!bytes.empty()) std::memcpy(bytes.data(), out.data(), bytes.size());
  return bytes;
}

std::vector<float> decoded(const char* spec, const Bytes& bytes, std::size_t d) {
  const auto compressor = make_compressor(spec, base::ParameterLayout());
  const auto state = compressor->make_state();
  std::vector<float> y(d);
  EXPECT_TRUE(compressor->decode_add(std::as_bytes(std::span(bytes)), kKey, 1.0f, *state, y).ok());
  return y;
}

const std::vector<float> v = {3, -1, 0.5f, 0, -4, 2, -0.25f, 1.5f};

TEST(PayloadFormat, IdentityIsLittleEndianFloats) {
  EXPECT_EQ(encoded("identity", {1.0f, -2.0f}), (Bytes{0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
}

TEST(PayloadFormat, Bf16IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(encoded("bf16", v), (Bytes{0x40, 0x40, 0x80, 0xBF, 0x00, 0x3F, 0x00, 0x00,  //
                                       0x80, 0xC0, 0x00, 0x40, 0x80, 0xBE, 0xC0, 0x3F}));
  // 1 + 2^-8 and 1 + 3 * 2^-8 lie half-way between bfloat16 and go to the even neighbour, down and up.
  EXPECT_EQ(encoded("bf16", {1 + 0x1p-8f, 1 + 3 * 0x1p-8f}), (Bytes{0x80, 0x3F, 0x82, 0x3F}));
}

TEST(PayloadFormat, F16IsHalvesAndThenTheExponentsOfTheBlocks) {
  // The largest magnitude is 2^2 (129 when biased), so all are multiplied by 2^12.
  EXPECT_EQ(encoded("f16", v), (Bytes{                                                 //
                                      0x00, 0x72, 0x00, 0xEC, 0x00, 0x68, 0x00, 0x00,  //
                                      0x00, 0xF4, 0x00, 0x70, 0x00, 0xE4, 0x00, 0x6E, 129}));
}

TEST(PayloadFormat, SignIsTheMeanMagnitudeAndOneBitEach) {
  // |v|_1 / 8 = 1.53125 = 0x3FC40000; negative at 1, 4 and 6.
  EXPECT_EQ(encoded("sign", v), (Bytes{0x00, 0x00, 0xC4, 0x3F, 0x52}));
  EXPECT_THAT(decoded("sign", encoded("sign", v), 8),
              testing::ElementsAre(1.53125f, -1.53125f, 1.53125f, 1.53125f, -1.53125f, 1.53125f, -1.53125f, 1.53125f));
}

TEST(PayloadFormat, SignHasTheContractionOfItsClosedForm) {
  const std::vector<float> c = decoded("sign", encoded("sign", v), 8);
  double error = 0, energy = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    error += std::pow(c[i] - v[i], 2);
    energy += std::pow(v[i], 2);
  }
  EXPECT_NEAR(1 - error / energy, 12.25 * 12.25 / (8 * 32.5625), 1e-12);  // all terms are exact in float
}

TEST(PayloadFormat, TopkIsGapsAndFloats) {
  // 3 at 0 and -4 at 4: gaps 0 and 3 in unary are "1" and "0001", five bits; any other code takes at least as many.
  EXPECT_EQ(encoded("topk(k=2)", v), (Bytes{0x00, 0x11, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0xC0}));
}

TEST(PayloadFormat, TopkSendsItsCountWhenThereAreFewerNonZeros) {
  // Index 2 of 4 takes two bits as it is, three in any gap code.
  EXPECT_EQ(encoded("topk(k=2)", {0, 0, 1, 0}), (Bytes{0x80 + 32, 1, 0, 0, 0, 0x02, 0, 0, 0x80, 0x3F}));
  EXPECT_EQ(encoded("topk(k=2)", {0, 0, 0, 0}), (Bytes{0x80, 0, 0, 0, 0}));
}

TEST(PayloadFormat, TopkOfEverythingSendsNoIndices) {
  EXPECT_EQ(encoded("topk(ratio=1)", {1.0f, -2.0f}), (Bytes{33, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
}

TEST(PayloadFormat, QsgdIsTheNormAndTwosComplementCodes) {
  // The norm is 7 and s is 7, so that every coordinate is a level, whatever the random numbers.
  EXPECT_EQ(encoded("qsgd", {7, -3, 0, 1, -7, 2, 5, -6}), (Bytes{0, 0, 0xE0, 0x40, 0xD7, 0x10, 0x29, 0xA5}));
  // With 3 bits and s = 3 the codes 3, 5 (-3) and 7 (-1) cross bytes: 0b111'101'011 and seven zero bits.
  EXPECT_EQ(encoded("qsgd(bits=3)", {3, -3, -1}), (Bytes{0, 0, 0x40, 0x40, 0xEB, 0x01}));
}

TEST(PayloadFormat, QsgdRoundsToOneOfTheTwoNearestLevelsOfTheEuclideanNorm) {
  const Bytes bytes = encoded("qsgd(norm=l2)", v);
  ASSERT_EQ(bytes.size(), 8u);
  float norm;
  std::memcpy(&norm, bytes.data(), sizeof norm);
  const double exact = 5.706356105256663;
  EXPECT_GE(norm, exact);
  EXPECT_LE(norm, exact * (1 + 0x1p-23));
  for (std::size_t i = 0; i < 8; ++i) {
    int level = (bytes[4 + i / 2] >> (4 * (i % 2))) & 0xF;
    if (level >= 8) level -= 16;
    EXPECT_LT(std::abs(std::abs(v[i]) * 7 / exact - std::abs(level)), 1) << i;
    EXPECT_TRUE(level == 0 || (level < 0) == (v[i] < 0)) << i;
  }
}

TEST(PayloadFormat, EntropyIsALengthAndBlocksAsTheyAreOrCoded) {
  EXPECT_EQ(encoded("entropy", {1.0f, -2.0f}), (Bytes{8, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
  // 256 zero bytes: bit 0 of the table of 32 bytes, the frequency 2^12 as 12 zeros, a one and 12 bits, and four states
  // that coding a certain symbol leaves at 2^16.
  Bytes expected = {0, 1, 0, 0, 1, 1};
  expected.resize(expected.size() + 31);
  expected.insert(expected.end(), {0x00, 0x10, 0x00, 0x00});
  for (int state = 0; state < 4; ++state) expected.insert(expected.end(), {0x00, 0x00, 0x01, 0x00});
  EXPECT_EQ(encoded("entropy", std::vector<float>(64)), expected);
}

TEST(PayloadFormat, KmeansIsTheCodebookAndIndices) {
  // The best cut of v in order is after -4: 16 + 5.75^2/7 = 20.72, and the next best 20.09. -1 is nearer to 5.75/7 =
  // 0x3F524925. Only v[4] is below.
  EXPECT_EQ(encoded("kmeans(k=2)", v), (Bytes{0, 0, 0x80, 0xC0, 0x25, 0x49, 0x52, 0x3F, 0xEF}));
  // Two values for three centroids: the last is repeated; indices of two bits, 1 0 1 1 0 and padding.
  EXPECT_EQ(encoded("kmeans(k=3)", {2, 1, 2, 2, 1}),
            (Bytes{0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0, 0x40, 0x51, 0x00}));
}

TEST(PayloadFormat, BytensorIsALengthAndAPayloadForEachTensor) {
  EXPECT_EQ(encoded("bytensor", {1.0f, -2.0f}), (Bytes{8, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
}

}  // namespace
}  // namespace parley::compression
