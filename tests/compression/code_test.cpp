// What is special about Elias codes, truncated floats and weighted signs, beyond what every operator promises.
#include <gtest/gtest.h>

#include <cmath>

#include "compression/coding/elias.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

TEST(EliasLevels, SayTheSameAsTheFixedWidth) {
  for (const std::size_t d : {1u, 65u, 4099u}) {
    for (const Input& input : inputs(d)) {
      for (const char* arguments :
           {"bits=4", "bits=2, norm=l2", "bits=5, levels=11, bucket=100, norm=l2, scaling=unbiased"}) {
        Harness fixed(fmt::format("qsgd({})", arguments)), elias(fmt::format("qsgd({}, code=elias)", arguments));
        const Floats expected = fixed.decode(fixed.encode(input.x), d);
        EXPECT_TRUE(same_floats(elias.decode(elias.encode(input.x), d), expected)) << input.name << ' ' << d;
      }
    }
  }
}

TEST(EliasLevels, OfLongGapsAndLargeLevelsComeBack) {
  // A gap of 2^20 takes 41 bits, which are more than are written at once.
  const LevelAlphabet alphabet{.s = 32767, .width = 16};
  std::vector<std::int16_t> levels(1 << 20), again(levels.size());
  levels.back() = -32767;
  for (const std::int16_t first : std::initializer_list<std::int16_t>{0, 1, 32767}) {
    levels.front() = first;
    Bytes bytes(64);
    BitWriter writer(reinterpret_cast<std::byte*>(bytes.data()));
    put_levels(writer, levels.data(), levels.size(), alphabet);
    bytes.resize(static_cast<std::size_t>(writer.finish() - reinterpret_cast<std::byte*>(bytes.data())));
    BitReader reader(std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(get_levels(reader, again.size(), alphabet, again.data()));
    EXPECT_TRUE(reader.good() && reader.align());
    EXPECT_EQ(reader.position(), bytes.size());
    EXPECT_EQ(again, levels);
  }
}

TEST(EliasLevels, InALongerFormAreRefused) {
  // Eight zeros in the dense form, where the sparse one takes 7 bits: 0b01 and then eight ones, each a zero.
  const Bytes bytes = {0xFD, 0x03};
  std::int16_t levels[8];
  BitReader reader(std::as_bytes(std::span(bytes)));
  EXPECT_FALSE(get_levels(reader, 8, {.s = 1, .width = 2}, levels));
  EXPECT_TRUE(reader.good());
}

TEST(PayloadSize, OfOneLevelOfTheEuclideanNormIsFarBelowTwoBits) {
  // A share of sqrt(2 B / pi) / B = 0.035 of the coordinates is sent; gamma of a gap of mean 28, a sign and a level are
  // some 10 bits, and a bucket of 512 has 34 and the gap at its end besides: below 0.5 bits.
  const std::size_t d = 1 << 18;
  Harness harness("qsgd(bits=2, norm=l2, code=elias)");
  EXPECT_LT(8 * static_cast<double>(harness.encode(inputs(d)[0].x).size()), 0.5 * static_cast<double>(d));
}

TEST(Clip, KeepsWhatHasFewDigitsAndItsOwnResults) {
  const Floats x = inputs(4099)[0].x;
  for (const int mantissa : {0, 3, 7, 15}) {
    Harness harness(fmt::format("clip(mantissa={})", mantissa));
    const Floats once = harness.decode(harness.encode(x), x.size());
    EXPECT_TRUE(same_floats(harness.decode(harness.encode(once), x.size()), once)) << mantissa;
  }
}

TEST(Clip, NeverEnlargesAndIsOffByLessThanAUnitOfItsLastDigit) {
  base::Random random(key_of(1));
  Floats x(100000);
  for (float& v : x)
    v = std::ldexp(random.uniform() < 0.5f ? -1 - random.uniform() : 1 + random.uniform(),
                   static_cast<int>(random.below(250)) - 126);
  for (const int mantissa : {0, 1, 7, 15}) {
    Harness harness(fmt::format("clip(mantissa={})", mantissa));
    const Floats c = harness.decode(harness.encode(x), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double kept = static_cast<double>(c[i]) / x[i];
      ASSERT_LE(kept, 1) << x[i];
      ASSERT_GT(kept, 1 - 1 / (std::ldexp(1.0, mantissa) + 1)) << x[i];
    }
  }
}

TEST(Lab, WithoutRoomForCurvatureIsSign) {
  for (const std::size_t d : {1u, 65u, 4099u}) {
    for (const Input& input : inputs(d)) {
      Harness lab("lab(block=100, limit=1)"), sign("sign(block=100)");
      EXPECT_TRUE(same_bytes(lab.encode(input.x), sign.encode(input.x))) << input.name << ' ' << d;
    }
  }
}

TEST(Lab, HasTheBestScaleForItsCurvature) {
  // sum D (|x| - alpha)^2 with D = |x|, for the scale on the wire and for some beside it.
  const Floats x = inputs(64)[0].x;
  Harness harness("lab(limit=2)");
  const double alpha = std::abs(harness.decode(harness.encode(x), x.size())[0]);
  const auto loss = [&](double scale) {
    double sum = 0;
    for (const float v : x) sum += std::abs(v) * std::pow(std::abs(static_cast<double>(v)) - scale, 2);
    return sum;
  };
  for (const double factor : {0.5, 0.9, 0.99, 0.999, 1.001, 1.01, 1.1, 2.0})
    EXPECT_LT(loss(alpha), loss(factor * alpha)) << factor;
}

}  // namespace
}  // namespace parley::compression::test
