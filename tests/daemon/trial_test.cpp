// `parley compressors --try`: what is said of an operator is what can be worked out by hand.
#include "daemon/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "scratch_directory.h"

namespace parley::daemon {
namespace {

TEST(Trial, AnExactOperatorHasNoErrorAndTakesItsBits) {
  const Trial trial = try_compressor("identity", gaussian_floats(1000));
  EXPECT_EQ(trial.error, 0);
  EXPECT_EQ(trial.payload_bytes, 4000U);
  const auto report = nlohmann::json::parse(trial_json(trial));
  EXPECT_EQ(report.at("bits_per_coordinate"), 32);
  EXPECT_EQ(report.at("spec"), "identity");
}

TEST(Trial, TheErrorOfTopkIsTheEnergyThatItDrops) {
  const std::vector<float> x = {3, -1, 0, 2, -4};  // energy 30; the two largest have 25
  EXPECT_DOUBLE_EQ(try_compressor("topk(k=2)", x).error, 5.0 / 30.0);
}

TEST(Trial, AVectorOfZerosHasNoError) {
  EXPECT_EQ(try_compressor("sign", std::vector<float>(100)).error, 0);
}

TEST(Trial, GaussianFloatsHaveMeanZeroAndVarianceOne) {
  constexpr std::size_t kSize = 100000;
  double sum = 0, squares = 0;
  for (const float value : gaussian_floats(kSize)) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  // Five standard deviations: 1/sqrt(n) of the mean, sqrt(2/n) of the mean square.
  EXPECT_NEAR(sum / kSize, 0, 5 / std::sqrt(kSize));
  EXPECT_NEAR(squares / kSize, 1, 5 * std::sqrt(2.0 / kSize));
}

TEST(Trial, ReadsEveryElementOfAnNpyFile) {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "x.npy";
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  header.resize(118 - 1, ' ');
  header += '\n';
  const float elements[] = {1, 2, 3, 4, 5, 6.5f};
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00\x76\x00", 10).write(header.data(), static_cast<std::streamsize>(header.size()));
  file.write(reinterpret_cast<const char*>(elements), sizeof elements);
  file.close();
  EXPECT_THAT(npy_floats(path), testing::ElementsAreArray(elements));
}

TEST(Trial, RefusesAnUnknownOperatorAndAVectorThatIsNotFinite) {
  EXPECT_THROW(try_compressor("nosuch", gaussian_floats(10)), base::OperatorError);
  EXPECT_THROW(try_compressor("sign", std::vector<float>{1, std::numeric_limits<float>::infinity()}),
               base::OperatorError);
}

}  // namespace
}  // namespace parley::daemon
