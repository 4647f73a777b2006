// Rotations and their quantisation: what is kept of Gaussian vectors, what is promised of all, and how biased it is.
#include <gtest/gtest.h>

#include <cmath>

#include "compression/kernels/rotation.h"
#include "eden_reference.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

TEST(Rotation, KeepsLengthsAndAnglesAndIsUndone) {
  for (const std::size_t order : {16u, 32u, 64u, 512u, 1024u, 4096u}) {
    base::Random random(key_of(order));
    std::vector<std::uint32_t> words(kernels::rotation_words(order));
    for (auto& word : words) word = random.bits();
    const std::size_t n = order - 5;
    const Floats x = inputs(n)[0].x;
    Floats r(order);
    kernels::rotate(x.data(), n, 2.0f, order, words.data(), r.data());
    const double scale = 2 * static_cast<double>(order);  // of two Hadamard matrices, and the 2
    // log2(order) sums in each of two transforms, with a rounding each.
    const double rounding = 2 * std::log2(static_cast<double>(order)) * 0x1p-23;
    EXPECT_NEAR(squared_norm(r), scale * scale * squared_norm(x), rounding * scale * scale * squared_norm(x));
    Floats y(n);
    kernels::add_rotated_back(r.data(), order, words.data(),
                              static_cast<float>(1 / (scale * static_cast<double>(order))), 1.0f, n, y.data());
    EXPECT_LE(squared_distance(y, x), std::pow(2 * rounding, 2) * squared_norm(x)) << order;
  }
}

TEST(Eden, KeepsOfGaussianVectorsWhatItsCodebookKeeps) {
  // The error of the best scale is that of the Lloyd-Max quantiser: 1 - 2/pi, and Max's table (1960) for more bits. Of
  // 1024 blocks of 1024 the mean deviates by at most 0.1 % of it (sqrt(2 * 3 / 2^20) times a few).
  constexpr std::size_t kSize = 1 << 20;
  const Floats x = inputs(kSize)[0].x;
  const double expected[] = {1 - 2 / M_PI, 0.1175, 0.03454, 0.009497};
  for (unsigned bits = 1; bits <= 4; ++bits) {
    Harness harness("eden(bits=" + std::to_string(bits) + ")");
    const double error = squared_distance(harness.decode(harness.encode(x), kSize), x) / squared_norm(x);
    EXPECT_NEAR(error, expected[bits - 1], 0.015 * expected[bits - 1]) << bits;
  }
}

TEST(Eden, ContractsAnyVectorOnAverageAsMuchAsItsMomentsProve) {
  // Given the first transform, a coordinate u of the second, over its deviation, is a sum of random signs with fixed
  // weights, so E u^2 = 1, E u^4 <= 3 and E u^6 <= 15. With f(u) the squared distance to the codebook and a + b u^2 +
  // g u^4 + h u^6 >= f(u) everywhere, E f <= a + b + 3 g + 15 h. Between the grid's points f grows by less than 2 * 12
  // * 1e-5, where u <= 12; beyond, h u^6 alone exceeds u^2.
  struct Bound {
    double b, g, h;
  };
  const Bound bounds[] = {{0.06934, 0.005661, 0.00128}, {0.02062, 0.002241, 0.00064}, {0.00463, 0.000971, 0.00032}};
  for (unsigned bits = 2; bits <= 4; ++bits) {
    const auto& [b, g, h] = bounds[bits - 2];
    double a = 0;
    for (double u = 0; u < 12; u += 1e-5) {
      double f = 1e9;
      for (const double point : eden_points(bits)) f = std::min(f, (u - point) * (u - point));
      const double s = u * u;
      a = std::max(a, f - b * s - g * s * s - h * s * s * s);
    }
    Harness harness("eden(bits=" + std::to_string(bits) + ")");
    EXPECT_LE(a + 24e-5 + b + 3 * g + 15 * h, 1 - harness.compressor->properties(1024).delta) << bits;
  }
  EXPECT_EQ(Harness("eden").compressor->properties(1024).delta, 0.5);  // Szarek: E|u| >= 1/sqrt 2
}

TEST(Eden, ContractsTheHardestVectorsAsItSays) {
  // Means of 400 keys; the error of a block deviates by less than half of itself, so that eight standard errors are
  // below 0.2 of it.
  constexpr std::size_t kRuns = 400;
  for (const std::size_t d : {1u, 2u, 16u, 100u, 1024u}) {
    for (unsigned bits = 1; bits <= 4; ++bits) {
      Harness harness("eden(bits=" + std::to_string(bits) + ")");
      const double delta = harness.compressor->properties(d).delta;
      for (const Input& input : inputs(d)) {
        if (input.name == "denormals" || input.name == "largest" || squared_norm(input.x) == 0) continue;
        double sum = 0;
        for (std::size_t run = 0; run < kRuns; ++run)
          sum += squared_distance(harness.decode(harness.encode(input.x, key_of(run)), d, key_of(run)), input.x);
        EXPECT_LE(sum / kRuns, 1.2 * (1 - delta) * squared_norm(input.x)) << input.name << ' ' << d << ' ' << bits;
      }
    }
  }
}

TEST(Eden, IsNearlyUnbiasedWithTheScaleForThat) {
  // Two spikes are the worst case: one Hadamard transform alone would be off by half of the smaller one. An estimate of
  // a coordinate deviates by sqrt(0.57 |x|^2 / 128) = 0.075, its mean over 20000 keys by 0.0005.
  constexpr std::size_t kSize = 128, kRuns = 20000;
  Floats x(kSize);
  x[3] = 1;
  x[7] = 0.5f;
  Harness harness("eden(scaling=unbiased)");
  std::vector<double> mean(kSize);
  double error = 0;
  for (std::size_t run = 0; run < kRuns; ++run) {
    const Floats c = harness.decode(harness.encode(x, key_of(run)), kSize, key_of(run));
    for (std::size_t i = 0; i < kSize; ++i) mean[i] += c[i] / static_cast<double>(kRuns);
    error += squared_distance(c, x) / kRuns;
  }
  for (std::size_t i = 0; i < kSize; ++i) EXPECT_NEAR(mean[i], x[i], 0.01 + 8 * 0.0005) << i;
  EXPECT_NEAR(error / squared_norm(x), M_PI / 2 - 1, 0.03);
  EXPECT_FALSE(harness.compressor->properties(kSize).unbiased);
}

TEST(Eden, RefusesBlocksThatHaveNoHadamardMatrixOfThisKind) {
  EXPECT_THROW(make_compressor("eden(block=1000)", base::ParameterLayout()), base::OperatorError);
}

TEST(Eden, PadsNoMoreThanThirtyTwoCoordinates) {
  for (std::size_t d = 1; d < 3000; d += 7)
    EXPECT_LE(Harness("eden").compressor->max_payload_size(d), (d + 31) / 8 + 4 * (d / 1024 + 6)) << d;
}

}  // namespace
}  // namespace parley::compression::test
