// Every payload format, with bytes worked out by hand from the format's description.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
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

TEST(PayloadFormat, BlockTopkIsThatOfTopk) {
  EXPECT_EQ(encoded("blocktopk(block=8, k=2)", v), encoded("topk(k=2)", v));
}

TEST(PayloadFormat, LargestBlocksAreBlockIndicesAndAllTheirFloats) {
  // Block 0 of two: one bit as a gap, and one bit as it is; gaps have the smaller number.
  std::vector<float> x = v;
  x.push_back(0.5f);
  Bytes expected = {0, 0x01};
  const Bytes floats = encoded("identity", v);
  expected.insert(expected.end(), floats.begin(), floats.end());
  EXPECT_EQ(encoded("blocktopk(block=8, k=1, keep=blocks)", x), expected);
}

TEST(PayloadFormat, ThresholdIsACountGapsAndFloats) {
  // 3, -4, 2 and 1.5 exceed 1, and -1 does not: gaps 0, 3, 0, 1 are 1, 0001, 1, 01.
  EXPECT_EQ(encoded("threshold(value=1)", v),
            (Bytes{0x80, 4, 0, 0, 0, 0xB1, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0xC0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0x3F}));
}

TEST(PayloadFormat, SampledTopkCountsBecauseItsBoundIsAQuarterMore) {
  EXPECT_EQ(encoded("sampledtopk(k=2)", v), (Bytes{0x80, 2, 0, 0, 0, 0x11, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0xC0}));
}

TEST(PayloadFormat, LowrankIsAnExponentAndTwoFactors) {
  // A spike of 6 = 2^2 * 1.5 at row 1, column 2 of 3 x 3, and a tenth float. P is the spike's row with the sign of the
  // third random start, Q the spike over 2^2 with that sign.
  const bool minus =
      base::random_block({.seed = 1, .peer = {2}, .round = {3}, .stream = base::Stream::compression}, 2)[0] % 2 != 0;
  const unsigned char sign = minus ? 0x80 : 0;
  const auto one = static_cast<unsigned char>(0x3F | sign);
  EXPECT_EQ(encoded("lowrank(rank=1)", {0, 0, 0, 0, 0, 6, 0, 0, 0, 2}),
            (Bytes{129, 0, 0, 0, 0, 0, 0, 0x80, one, 0, 0,    0,   0,  //
                   0,   0, 0, 0, 0, 0, 0, 0,    0,   0, 0xC0, one, 0, 0, 0, 0x40}));
}

TEST(PayloadFormat, EdenIsAScaleAndTheCodesOfTheRotatedVector) {
  // From a program of its own, with Philox and both Hadamard matrices written out as sums over j of (-1)^popcount(i &
  // j): v/4 becomes (108, -32, -40, -188, -68, -56, -16, -12, 20, 136, 136, 20, -20, -136, -136, -20)/16, exactly.
  EXPECT_EQ(encoded("eden", v), (Bytes{0x00, 0x00, 0x8F, 0x3F, 0xFE, 0xF0}));  // the mean of these magnitudes, over 4
  EXPECT_EQ(encoded("eden(bits=2)", v), (Bytes{0x1B, 0xB9, 0xB2, 0x3F, 0xBD, 0xFF, 0x14, 0xEB}));
}

TEST(PayloadFormat, SketchIsTheTableOfSignedSums) {
  // Four places for eight coordinates, from the generator alone: word i is word 0 of block i.
  std::vector<float> table(4);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t word =
        base::random_block({.seed = 1, .peer = {2}, .round = {3}, .stream = base::Stream::compression}, i)[0];
    table[word >> 30] += (word & 1) != 0 ? -v[i] : v[i];  // 31 bits times 4, over 2^31: the two highest
  }
  Bytes expected(16);
  std::memcpy(expected.data(), table.data(), 16);
  EXPECT_EQ(encoded("sketch(ratio=0.5)", v), expected);
}

TEST(PayloadFormat, AtomoIsCertainAtomsAndDrawnSigns) {
  // All seven that are not zero are certain: exponent of 4, unit 0, gaps 0 0 0 1 0 0 0 of "at most 7", values over 4,
  // and none drawn of eight, which takes the count.
  EXPECT_EQ(encoded("atomo(budget=7)", v),
            (Bytes{129, 0,    0,    0, 0, 0, 0xF7, 0, 0, 0x40, 0x3F, 0, 0, 0x80, 0xBE, 0,    0, 0, 0x3E, 0,
                   0,   0x80, 0xBF, 0, 0, 0, 0x3F, 0, 0, 0x80, 0xBD, 0, 0, 0xC0, 0x3E, 0x80, 0, 0, 0,    0}));
  EXPECT_EQ(encoded("atomo", {0, 0}), (Bytes{0}));
}

TEST(PayloadFormat, AtomoOfSingularVectorsIsAnExponentACountAndTwoFactors) {
  // From a program of its own, with Philox written out and the eigenvectors (1, -1) and (1, 1) over the root of two in
  // closed form: singular values 2 and 4 are sent with probabilities 1/3 and 2/3, and t = 0.1705 takes the second, (4,
  // 4, 0) over the root of two, over 2 and the power of two of 3, times 3/2 and the factor 5/9.
  EXPECT_EQ(encoded("atomo(basis=svd, budget=1)", {3, 1, 0, 1, 3, 0, 0, 0, 0, 7}),
            (Bytes{0x80, 0x01, 0x00, 0xF3, 0x04, 0x35, 0x3F, 0xF3, 0x04, 0x35, 0x3F, 0x00, 0x00, 0x00, 0x00, 0x75,
                   0xD9, 0x96, 0x3F, 0x75, 0xD9, 0x96, 0x3F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xE0, 0x40}));
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

TEST(PayloadFormat, TerngradIsTheScaleAndFiveDigitsAByte) {
  // All magnitudes are the scale or zero, so there is nothing to draw. Seven levels take two bytes: of levels 0, 2, 4,
  // 6 (1, 0, 1, -1: digits 1, 0, 1, 2) and of levels 1, 3, 5 (-1, 1, 0: digits 2, 1, 0).
  EXPECT_EQ(encoded("terngrad", {2, -2, 0, 2, 2, 0, -2}), (Bytes{0, 0, 0, 0x40, 1 + 9 + 2 * 27, 2 + 3}));
}

TEST(PayloadFormat, SignsgdIsTheSignsAndABitThatSaysThatThereAreAny) {
  EXPECT_EQ(encoded("signsgd", v), (Bytes{0x52, 0x01}));  // negative at 1, 4 and 6; the ninth bit
  EXPECT_EQ(encoded("signsgd(scale=0.5)", {-1, 2, -3}), (Bytes{1 + 4 + 8}));
  EXPECT_EQ(encoded("signsgd", {0, -0.0f, 0}), (Bytes{0}));
  // Beyond the scale there is nothing to draw.
  EXPECT_EQ(encoded("signsgd(scale=0.5, rounding=stochastic)", {-1, 2, -3}), (Bytes{1 + 4 + 8}));
}

TEST(PayloadFormat, OnebitIsTheTwoMeansAndOneBitEach) {
  // 3, 1, 0, 2, 4 have the mean 2; -1, -4, -1 have the mean -2.
  EXPECT_EQ(encoded("onebit", {3, -1, 1, 0, -4, 2, -1, 4}), (Bytes{0, 0, 0, 0x40, 0, 0, 0, 0xC0, 0x52}));
  EXPECT_EQ(encoded("onebit", {-3, -1}), (Bytes{0, 0, 0, 0, 0, 0, 0, 0xC0, 0x03}));
}

TEST(PayloadFormat, OnebitOfColumnsIsTheMeansOfColumnsAndARowOfBitsEach) {
  // Rows (3, -1), (1, -5) and a rest of 4: means 2 and none, none and -3; then 4 and none.
  EXPECT_EQ(encoded("onebit(block=column)", {3, -1, 1, -5, 4}),
            (Bytes{0, 0, 0,    0x40, 0, 0, 0, 0, 0,   0, 0, 0, 0, 0, 0x40, 0xC0, 0x02, 0x02,  //
                   0, 0, 0x80, 0x40, 0, 0, 0, 0, 0x00}));
}

TEST(PayloadFormat, FixedIsTwosComplementOfAUnit) {
  // The unit is 1/16. Beyond the range: 127 and -128. Half a unit goes down: to 0, and to -1.
  EXPECT_EQ(encoded("fixed(int_bits=4, frac_bits=4, rounding=nearest)",
                    {1.5f, -0.25f, 100, -100, 0.03125f, -0.03125f, 0.04f}),
            (Bytes{0x18, 0xFC, 0x7F, 0x80, 0x00, 0xFF, 0x01}));
  // Multiples of the unit leave nothing to draw. 1, -2 and 3 as codes of 3 bits: 0b011'110'001 and seven zero bits.
  EXPECT_EQ(encoded("fixed(int_bits=3, frac_bits=0)", {1, -2, 3}), (Bytes{0xF1, 0x00}));
}

TEST(PayloadFormat, TwnIsTheMeanAndFiveDigitsAByte) {
  // 0.7 of the mean magnitude is 0.854: 2, -2 and 2 are above it. Digits 1, 2, 0, 0, 1.
  EXPECT_EQ(encoded("twn(threshold=0.7)", {2, -2, 0.1f, 0, 2}), (Bytes{0, 0, 0, 0x40, 1 + 3 * 2 + 81}));
  // c^2/k is 9, 18 and 14.08 for the one, two and three largest.
  EXPECT_EQ(encoded("twn", {3, -3, 0.5f}), (Bytes{0, 0, 0x40, 0x40, 1 + 3 * 2}));
}

TEST(PayloadFormat, TtqIsTheTwoMeansAndFiveDigitsAByte) {
  // The threshold is 0.15. 3 and 1 have the mean 2, -1 and -2 the mean 1.5 (0x3FC00000). Digits 1, 2, 1, 0, 2.
  EXPECT_EQ(encoded("ttq", {3, -1, 1, 0.01f, -2}),
            (Bytes{0, 0, 0, 0x40, 0, 0, 0xC0, 0x3F, 1 + 3 * 2 + 9 * 1 + 81 * 2}));
}

TEST(PayloadFormat, WageIsAnExponentAndTwosComplementCodes) {
  // log2 3 is nearest to 2, so the unit is 4/8: levels 2, -1, 0 (a tie), 1 and 6.
  EXPECT_EQ(encoded("wage(bits=4)", {1, -0.5f, 0.25f, 0.3f, 3}), (Bytes{129, 0xF2, 0x10, 0x06}));
  // 1.25 is nearer to 1: ten units of 1/8, of which there are seven at most. Up it is 2: five units of 1/4.
  EXPECT_EQ(encoded("wage(bits=4)", {1.25f}), (Bytes{127, 0x07}));
  EXPECT_EQ(encoded("wage(bits=4, shift=up)", {1.25f}), (Bytes{128, 0x05}));
}

TEST(PayloadFormat, MxIsElementsAndThenTheScalesOfTheBlocks) {
  // e2m1 has 0, 0.5, 1, 1.5, 2, 3, 4, 6 in this order. 0.25 is a tie and goes to the even code; -0.1 is a negative
  // zero.
  EXPECT_EQ(encoded("mx(element=e2m1)", {6, -3, 0.5f, 0.25f, 1.3f, -0.1f}), (Bytes{0xD7, 0x01, 0x83, 127}));
  // As the specification has them: 448 is S.1111.110, 1 is S.0111.000, 2^-6 the smallest normal number.
  EXPECT_EQ(encoded("mx(element=e4m3)", {448, 1, -0x1p-6f}), (Bytes{0x7E, 0x38, 0x88, 127}));
  // 57344 is S.11110.11; 1 is S.01111.00.
  EXPECT_EQ(encoded("mx(element=e5m2)", {-57344, 1}), (Bytes{0xFB, 0x3C, 127}));
  // 96/64, -64/64 and, rounded, 1/64; then, below a quarter of the scale, 96/64 and -64/64 again.
  EXPECT_EQ(encoded("mx", {1.5f, -1, 0.01f}), (Bytes{0x60, 0xC0, 0x01, 127}));
  EXPECT_EQ(encoded("mx", {0.375f, -0.25f}), (Bytes{0x60, 0xC0, 125}));
}

TEST(PayloadFormat, NaturalIsExponentsAndThenSigns) {
  EXPECT_EQ(encoded("natural", {2, -1, 0.5f, 0, -4}), (Bytes{128, 127, 126, 0, 129, 0x12}));
  // 3 lies half-way; 2^128 (1 - 2^-24) has the exponent that floats do not use.
  EXPECT_EQ(encoded("natural(rounding=nearest)", {3, -1.25f, 3.40282347e38f}), (Bytes{129, 127, 255, 0x02}));
}

TEST(PayloadFormat, NaturalDitheringIsTheNormAndExponentsInTwosComplement) {
  // 1, -1/2, 2^-6 and 0 times the norm of 8 are codes 7, -6, 1 and 0.
  EXPECT_EQ(encoded("natural-dithering", {8, -4, 0.125f, 0}), (Bytes{0, 0, 0x00, 0x41, 0xA7, 0x01}));
}

TEST(PayloadFormat, NuqsgdIsTheNormAndExponentsInTwosComplement) {
  EXPECT_EQ(encoded("nuqsgd", {0, -3, 0}), (Bytes{0, 0, 0x40, 0x40, 0x90, 0x00}));
}

TEST(PayloadFormat, UniformIsTheRangeAndLevelsLessHalf) {
  // With a range of 15 and 15 steps every coordinate is a level: 0, 15, 1 and 8, less 8.
  EXPECT_EQ(encoded("uniform", {0, 15, 1, 8}), (Bytes{0, 0, 0, 0, 0, 0, 0x70, 0x41, 0x78, 0x09}));
  // Half-way is the lower one. Levels 0, 1, 0, 1 less 1.
  EXPECT_EQ(encoded("uniform(bits=1, rounding=nearest)", {0, 1, 0.5f, 0.75f}),
            (Bytes{0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0x05}));
}

TEST(PayloadFormat, UniformOfTheLargestMagnitudeIsTheNormAndTwosComplementCodes) {
  EXPECT_EQ(encoded("uniform(range=absmax)", {7, -3, 0, 1, -7, 2, 5, -6}),
            (Bytes{0, 0, 0xE0, 0x40, 0xD7, 0x10, 0x29, 0xA5}));
}

TEST(PayloadFormat, DorefaIsTheLargestMagnitudeAndLevelsLessHalf) {
  // Points -3, -1, 1 and 3: levels 3, 1, 2 and 0, less 2.
  EXPECT_EQ(encoded("dorefa(bits=2)", {3, -1, 1, -3}), (Bytes{0, 0, 0x40, 0x40, 0x8D}));
}

TEST(PayloadFormat, QsgdOfFewerLevelsHasTheSameCodes) {
  // Of 16 codes of four bits 11 are in use, from -5 to 5: here 5, -3, 0 and 1.
  EXPECT_EQ(encoded("qsgd(levels=5)", {5, -3, 0, 1}), (Bytes{0, 0, 0xA0, 0x40, 0xD5, 0x10}));
}

TEST(PayloadFormat, QsgdEliasIsTheNormsAndTheShortestOfThreeForms) {
  // Sparse, 0b00; zeros before -1 and 1: 2, gamma(3) = 0b1'10; sign 1; gamma(1) = 1; zeros to the end: 5, gamma(6) =
  // 0b10'100. From the least significant: 00 011 1 1 00101 is 0x78, 0x0A. Dense takes 2 + 8 + 3, fixed 2 + 16 bits.
  EXPECT_EQ(encoded("qsgd(bits=2, code=elias)", {0, 0, -1, 0, 0, 0, 0, 0}), (Bytes{0, 0, 0x80, 0x3F, 0x78, 0x0A}));
  // Dense, 0b01. Bit after bit: 10, 7 as gamma(8) = 0001 000 and 0 for plus, 2 as gamma(3) = 01 1 and 0, 0 as gamma(1)
  // = 1, -2 as 01 1 and 1, 0 as 1: 20 bits. Sparse takes 2 + 22, fixed 2 + 20.
  EXPECT_EQ(encoded("qsgd(code=elias)", {7, 2, 0, -2, 0}), (Bytes{0, 0, 0xE0, 0x40, 0x21, 0x58, 0x0F}));
  // Fixed, 0b10, that is 0 1: levels 3, -3 and 3 in three bits each: 01 110 101 110 are 0xAE, 0x03.
  EXPECT_EQ(encoded("qsgd(bits=3, code=elias)", {3, -3, 3}), (Bytes{0, 0, 0x40, 0x40, 0xAE, 0x03}));
  // Nothing for a bucket of zeros.
  EXPECT_EQ(encoded("qsgd(code=elias)", {0, 0}), (Bytes{0, 0, 0, 0}));
}

TEST(PayloadFormat, ClipIsTheUpperBitsOfFloats) {
  EXPECT_EQ(encoded("clip", {1.0f, -2.0f}), (Bytes{0x80, 0x3F, 0x00, 0xC0}));
  // 1.75 = 0 01111111 11.. and -1 = 1 01111111 00.. in ten bits: 0b0'01111111'1 = 0xFF and 0b1'01111111'0 = 0x2FE.
  EXPECT_EQ(encoded("clip(mantissa=1)", {1.75f, -1.0f}), (Bytes{0xFF, 0xF8, 0x0B}));
}

TEST(PayloadFormat, ZipmlIsItsLevelsAndTheirNumbersLessHalf) {
  // As many values as levels: -4, -0.25, 1.5 and 3, numbers 3, 0, 2 and 1, less 2.
  EXPECT_EQ(encoded("zipml", {3, -4, 1.5f, -0.25f}), (Bytes{0, 0, 0x80, 0xC0, 0, 0, 0x80, 0xBE,  //
                                                            0, 0, 0xC0, 0x3F, 0, 0, 0x40, 0x40, 0xC9}));
}

TEST(PayloadFormat, EcqIsTheNormsAndFixedCodesOrFrequenciesAndStates) {
  // Codes from -4 to 4 take four bits.
  EXPECT_EQ(encoded("ecq", {4, -3, 0, 1}), (Bytes{0, 0, 0x80, 0x40, 0, 0xD4, 0x10}));
  // Of 200 zeros no word is written: the symbol 1 has all 4096 parts, and states stay at 2^16. Fixed takes 51 bytes.
  Bytes zeros = {0, 0, 0, 0, 1, 0, 0, 0x00, 0x10, 0, 0};
  for (int state = 0; state < 4; ++state) zeros.insert(zeros.end(), {0, 0, 1, 0});
  EXPECT_EQ(encoded("ecq(levels=1)", std::vector<float>(200)), zeros);
}

TEST(PayloadFormat, LabIsTheWeightedMeanMagnitudeAndOneBitEach) {
  // |v|_2^2 / |v|_1 = 32.5625 / 12.25 = 2.6581633, and 1.75 times the mean magnitude of 1.53125 is 2.6796875.
  const Bytes bytes = encoded("lab", v);
  ASSERT_EQ(bytes.size(), 5u);
  float alpha;
  std::memcpy(&alpha, bytes.data(), sizeof alpha);
  EXPECT_FLOAT_EQ(alpha, 32.5625f / 12.25f);
  EXPECT_EQ(bytes[4], 0x52);
  // With a limit of 1.5 it is 2.296875 = 0x40130000.
  EXPECT_EQ(encoded("lab(limit=1.5)", v), (Bytes{0x00, 0x00, 0x13, 0x40, 0x52}));
}

TEST(PayloadFormat, EntropyIsALengthAndPlanesOfBlocksAsTheyAreOrCoded) {
  // 0x3F800000 and 0xC0000000 in planes of bytes, the lowest first.
  EXPECT_EQ(encoded("entropy", {1.0f, -2.0f}), (Bytes{8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0x3F, 0xC0}));
  // Four planes of 64 zeros: bit 0 of the table of 32 bytes, the frequency 2^12 as 12 zeros, a one and 12 bits, and
  // four states that coding a certain symbol leaves at 2^16.
  Bytes expected = {0, 1, 0, 0};
  for (int plane = 0; plane < 4; ++plane) {
    expected.insert(expected.end(), {1, 1});
    expected.resize(expected.size() + 31);
    expected.insert(expected.end(), {0x00, 0x10, 0x00, 0x00});
    for (int state = 0; state < 4; ++state) expected.insert(expected.end(), {0x00, 0x00, 0x01, 0x00});
  }
  EXPECT_EQ(encoded("entropy", std::vector<float>(64)), expected);
}

TEST(PayloadFormat, HuffmanIsALengthAndBlocksAsTheyAreOrLengthsAndCodes) {
  // Codes of three bits: 0 twelve times, 1 36 times, 3 four times, 5 (-3) eight times, 7 (-1) four times. Joined are 3
  // and 7, 5 and these (of equal weight, the symbol first), 0 and those, and 1: lengths 2 1 0 4 0 3 0 4 in nibbles.
  // Words in order: 1: 0, 0: 10, 5: 110, 3: 1110, 7: 1111. The norm, 3, stays as it is.
  std::vector<float> x;
  for (int i = 0; i < 4; ++i) x.insert(x.end(), {1, 1, 1, 0, 3, 1, 1, -3, 1, 1, -1, 0, 1, 1, -3, 0});
  EXPECT_EQ(encoded("qsgd(bits=3) | huffman", x),
            (Bytes{28,   0,    0,    0,    0,    0,    0,    0x40, 0x40, 1,    0x12, 0x40, 0x30, 0x40,  //
                   0xE8, 0x18, 0x1F, 0x0B, 0x1D, 0xE3, 0x63, 0xA1, 0x63, 0x7C, 0x2C, 0x74, 0x8C, 0x8F, 0x05}));
}

TEST(PayloadFormat, KmeansIsTheCodebookAndIndices) {
  // The best cut of v in order is after -4: 16 + 5.75^2/7 = 20.72, and the next best 20.09. -1 is nearer to 5.75/7 =
  // 0x3F524925. Only v[4] is below.
  EXPECT_EQ(encoded("kmeans(k=2)", v), (Bytes{0, 0, 0x80, 0xC0, 0x25, 0x49, 0x52, 0x3F, 0xEF}));
  // Two values for three centroids: the last is repeated; indices of two bits, 1 0 1 1 0 and padding.
  EXPECT_EQ(encoded("kmeans(k=3)", {2, 1, 2, 2, 1}),
            (Bytes{0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0, 0x40, 0x51, 0x00}));
}

TEST(PayloadFormat, HessianKmeansIsTheCodebookOfWeightedMeansAndIndices) {
  // |x| of 12 on average: weights 1/4 |x|/12 + 3/4, so 1, 13/16, 13/16, 7/8 and 3/2 for 12, 3, 3, 6 and 36. Lloyd's
  // iteration is not asked for; the best cut by weights is before 36. (12 + 39/16 + 39/16 + 21/4) / (7/2) = 6.3214288.
  const Bytes bytes = encoded("hessian-kmeans(k=2, floor=0.75, iterations=0)", {12, 3, 3, 6, 36});
  ASSERT_EQ(bytes.size(), 9u);
  float low;
  std::memcpy(&low, bytes.data(), sizeof low);
  EXPECT_FLOAT_EQ(low, 22.125f / 3.5f);
  EXPECT_EQ(Bytes(bytes.begin() + 4, bytes.end()), (Bytes{0, 0, 0x10, 0x42, 0x10}));
}

TEST(PayloadFormat, ProductIsTheRestTheCodebookAndIndices) {
  // The ninth coordinate, 9; the vectors (1, 2) and (5, 6); indices 1, 0, 1, 0.
  EXPECT_EQ(encoded("product(m=2, k=2)", {5, 6, 1, 2, 5, 6, 1, 2, 9}),
            (Bytes{0, 0, 0x10, 0x41, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0xA0, 0x40, 0, 0, 0xC0, 0x40, 0x05}));
}

TEST(PayloadFormat, ResidualIsAStageAfterTheOther) {
  // The means 1 and 11, with indices 0 0 0 0 1 1; what is left is -1 or 1, with indices 0 1 0 1 0 1.
  EXPECT_EQ(encoded("residual(m=1, k=2)", {0, 2, 0, 2, 10, 12}),
            (Bytes{0, 0, 0x80, 0x3F, 0, 0, 0x30, 0x41, 0x30, 0, 0, 0x80, 0xBF, 0, 0, 0x80, 0x3F, 0x2A}));
}

TEST(PayloadFormat, WeightedEntropyIsTheCodebookOfRootMeanSquaresAndIndices) {
  // -5 is the root of (1 + 49) / 2 and 4.0824829 = 0x4082A3B3 that of (9 + 16 + 25) / 3.
  EXPECT_EQ(encoded("weighted-entropy(k=2)", {3, 4, -1, -7, 5}),
            (Bytes{0, 0, 0xA0, 0xC0, 0xB3, 0xA3, 0x82, 0x40, 0x13}));
}

TEST(PayloadFormat, BytensorIsALengthAndAPayloadForEachTensor) {
  EXPECT_EQ(encoded("bytensor", {1.0f, -2.0f}), (Bytes{8, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
}

}  // namespace
}  // namespace parley::compression
