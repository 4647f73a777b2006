#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "learning/dataset.h"
#include "learning/datasets/glyph_raster.h"
#include "learning/datasets/glyph_strokes.h"

namespace parley::learning {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kPixels = 28 * 28;

const std::vector<std::uint8_t>& stored(const Dataset& dataset) {
  return std::get<DenseBytes>(dataset.features).values;
}

Rows first(std::size_t count) {
  Rows rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

TEST(Glyphs, AreAsManyAsMnist) {
  const auto source = open_dataset("glyphs", "", 1);
  EXPECT_EQ(source->train_size(), 60000u);
  EXPECT_EQ(source->test_size(), 10000u);
  EXPECT_EQ(source->classes(), 10u);
  EXPECT_THAT(source->schema().sample_shape, ElementsAre(1, 28, 28));
}

TEST(Glyphs, ASampleDoesNotDependOnWhichOthersAreAsked) {
  const auto source = open_dataset("glyphs(train=1000)", "", 1);
  const auto longer = open_dataset("glyphs(train=5000, test=1)", "", 1);
  const Dataset all = source->load_train(first(1000));
  EXPECT_EQ(all.targets, source->train_targets());
  const Rows some = {0, 3, 17, 500, 999};
  for (const auto& from : {source.get(), longer.get()}) {
    const Dataset part = from->load_train(some);
    for (std::size_t i = 0; i < some.size(); ++i) {
      EXPECT_EQ(part.targets[i], all.targets[some[i]]);
      EXPECT_TRUE(std::equal(stored(part).begin() + static_cast<std::ptrdiff_t>(i * kPixels),
                             stored(part).begin() + static_cast<std::ptrdiff_t>((i + 1) * kPixels),
                             stored(all).begin() + static_cast<std::ptrdiff_t>(some[i] * kPixels)));
    }
  }
}

TEST(Glyphs, LabelsAreBalancedAndInNoOrder) {
  const auto source = open_dataset("glyphs", "", 1);
  const std::vector<float> targets = source->train_targets();
  for (float digit = 0; digit < 10; ++digit) EXPECT_EQ(std::count(targets.begin(), targets.end(), digit), 6000);
  const Dataset test = open_dataset("glyphs(test=1000)", "", 1)->load_test();
  for (float digit = 0; digit < 10; ++digit)
    EXPECT_EQ(std::count(test.targets.begin(), test.targets.end(), digit), 100);
  // Each digit comes first in a tenth of the 6000 groups of ten: binomial, standard deviation 23.2. Six and a half of
  // these are exceeded with probability below 1e-10.
  for (float digit = 0; digit < 10; ++digit) {
    int leads = 0;
    for (std::size_t i = 0; i < targets.size(); i += 10) leads += targets[i] == digit ? 1 : 0;
    EXPECT_NEAR(leads, 600, 151);
  }
}

TEST(Glyphs, SeedsAndTrainingAndTestDiffer) {
  const auto one = open_dataset("glyphs(train=100, test=100)", "", 1);
  const auto two = open_dataset("glyphs(train=100, test=100)", "", 2);
  const auto one_again = open_dataset("glyphs(train=100, test=100, seed=1)", "", 2);
  EXPECT_NE(stored(one->load_train(first(100))), stored(two->load_train(first(100))));
  EXPECT_NE(stored(one->load_train(first(100))), stored(one->load_test()));
  EXPECT_EQ(stored(one->load_train(first(100))), stored(one_again->load_train(first(100))));
}

TEST(Glyphs, TheNearestMeanFindsSomeDigitsAndMissesMany) {
  // What makes the data useful: classes that can be told apart, but not by a template.
  const auto source = open_dataset("glyphs(train=4000, test=2000)", "", 1);
  const Dataset train = source->load_train(first(4000)), test = source->load_test();
  std::vector<std::vector<double>> mean(10, std::vector<double>(kPixels, 0.0));
  std::vector<float> sample(kPixels);
  for (std::size_t i = 0; i < train.size(); ++i) {
    train.read(i, sample);
    for (std::size_t j = 0; j < kPixels; ++j) mean[static_cast<std::size_t>(train.targets[i])][j] += sample[j] / 400.0;
  }
  int correct = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    test.read(i, sample);
    std::vector<double> distance(10, 0.0);
    for (std::size_t digit = 0; digit < 10; ++digit) {
      for (std::size_t j = 0; j < kPixels; ++j)
        distance[digit] += (sample[j] - mean[digit][j]) * (sample[j] - mean[digit][j]);
    }
    const auto nearest = std::min_element(distance.begin(), distance.end()) - distance.begin();
    correct += static_cast<float>(nearest) == test.targets[i] ? 1 : 0;
  }
  EXPECT_GT(correct, 2000 * 40 / 100);
  EXPECT_LT(correct, 2000 * 90 / 100);
}

TEST(Glyphs, EveryDigitHasStylesWithinTheFrame) {
  for (unsigned digit = 0; digit < 10; ++digit) {
    EXPECT_GE(glyph_styles(digit).size(), 2u);
    for (const Style style : glyph_styles(digit)) {
      for (const Stroke& stroke : style) {
        EXPECT_GE(stroke.points.size(), stroke.curved ? 3u : 2u);
        for (Point p : stroke.points) EXPECT_LE(std::max(std::abs(p.x), std::abs(p.y)), 1.25f);
      }
    }
  }
}

TEST(GlyphRaster, CoverageFollowsTheDistanceFromTheNearestSegment) {
  base::Random random({.seed = 1, .peer = {}, .round = {}, .stream = base::Stream::test});
  for (int trial = 0; trial < 50; ++trial) {
    const float radius = 0.5f + 2 * random.uniform();
    GlyphRaster raster(radius);
    std::vector<std::pair<Point, Point>> segments;
    for (int i = 0; i < 5; ++i) {
      const auto anywhere = [&] {
        Point p;
        p.x = 40 * random.uniform() - 6;  // also outside of the image
        p.y = 40 * random.uniform() - 6;
        return p;
      };
      const Point from = anywhere(), to = i == 0 ? from : anywhere();
      segments.emplace_back(from, to);
      raster.draw(from, to);
    }
    std::array<float, kGlyphPixels> coverage;
    raster.coverage(coverage);
    for (std::size_t i = 0; i < kGlyphPixels; ++i) {
      const double x = static_cast<double>(i % 28) + 0.5, y = static_cast<double>(i / 28) + 0.5;
      double nearest = 1e9;
      for (const auto& [a, b] : segments) {
        const double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
        const double t = square > 0 ? std::clamp(((x - a.x) * dx + (y - a.y) * dy) / square, 0.0, 1.0) : 0.0;
        nearest = std::min(nearest, std::hypot(x - a.x - t * dx, y - a.y - t * dy));
      }
      // Coordinates up to 64 in single precision, a handful of roundings, a square root: 64^2 * 2^-24 * 8 under the
      // root, which is at most its own root, 0.045, at distance 0, where coverage is 1 anyway, and below 0.004 beyond
      // 1/2.
      EXPECT_NEAR(coverage[i], std::clamp(radius + 0.5 - nearest, 0.0, 1.0), 0.004);
    }
  }
}

}  // namespace
}  // namespace parley::learning
