#include "learning/kernels/gemm.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <functional>
#include <vector>

#include "base/random.h"

namespace parley::learning {
namespace {

using Values = std::vector<float>;

Values random_values(std::size_t count, std::uint64_t seed) {
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::test});
  Values values(count);
  for (float& value : values) value = 2 * random.uniform() - 1;
  return values;
}

/// c + sum_k a_ik b_kj, each product added without a rounding of its own, in ascending k.
float chain(std::size_t depth, const std::function<float(std::size_t)>& a, const std::function<float(std::size_t)>& b,
            float c) {
  for (std::size_t k = 0; k < depth; ++k) c = std::fma(a(k), b(k), c);
  return c;
}

/// Runs `test` as if this machine had only its worst instruction set, then also the next better one, and so on.
void for_each_target(const std::function<void(bool has_fma)>& test) {
  constexpr std::int64_t kFused = HWY_AVX2 | HWY_AVX3 | HWY_AVX3_DL | HWY_NEON;
  const std::int64_t supported = hwy::SupportedTargets();
  for (std::int64_t left = supported; left != 0; left &= left - 1) {
    const std::int64_t best = left & -left;  // of the bits, the lower is the better
    hwy::SetSupportedTargetsForTest(supported & -best);
    SCOPED_TRACE(hwy::TargetName(best));
    test((best & kFused) != 0);
  }
  hwy::SetSupportedTargetsForTest(0);
}

// Around the tile (8 or 4 rows, 3 vectors), the vector (4, 8, 16), the block of rows and the depth of a panel.
struct Shape {
  std::size_t rows, columns, depth;
};
const Shape kShapes[] = {{1, 1, 1},    {1, 16, 3},   {4, 48, 7},   {5, 49, 16},   {8, 47, 33},   {9, 12, 200},
                         {13, 97, 40}, {32, 10, 64}, {64, 33, 17}, {65, 20, 171}, {130, 50, 31}, {3, 5, 700}};
constexpr std::size_t kGap = 3;  // rows of all operands are further apart than they are long

void expect_chain(const Shape& shape, bool has_fma, float found, float expected, double absolute_sum) {
  if (has_fma) {
    EXPECT_EQ(found, expected) << shape.rows << "x" << shape.columns << "x" << shape.depth;
  } else {  // two roundings per summand instead of one
    EXPECT_NEAR(found, expected, 2 * static_cast<double>(shape.depth + 1) * 0x1p-24 * (1 + absolute_sum));
  }
}

using Multiply = void (*)(ConstMatrix, ConstMatrix, Write, Matrix);

void expect_products(Multiply multiply_under_test, bool left_transposed, bool right_transposed) {
  for_each_target([&](bool has_fma) {
    for (const Shape& s : kShapes) {
      const std::size_t a_rows = left_transposed ? s.depth : s.rows, a_columns = left_transposed ? s.rows : s.depth;
      const std::size_t b_rows = right_transposed ? s.columns : s.depth,
                        b_columns = right_transposed ? s.depth : s.columns;
      const Values a = random_values(a_rows * (a_columns + kGap), 1), b = random_values(b_rows * (b_columns + kGap), 2);
      const Values before = random_values(s.rows * (s.columns + kGap), 3);
      const auto a_at = [&](std::size_t i, std::size_t k) {
        return left_transposed ? a[k * (a_columns + kGap) + i] : a[i * (a_columns + kGap) + k];
      };
      const auto b_at = [&](std::size_t k, std::size_t j) {
        return right_transposed ? b[j * (b_columns + kGap) + k] : b[k * (b_columns + kGap) + j];
      };
      for (const Write write : {Write::set, Write::add}) {
        Values c = before;
        if (write == Write::set) {  // what was there must not be read
          for (std::size_t i = 0; i < s.rows; ++i)
            std::fill_n(c.begin() + static_cast<std::ptrdiff_t>(i * (s.columns + kGap)), s.columns, std::nanf(""));
        }
        multiply_under_test({a.data(), a_rows, a_columns, a_columns + kGap},
                            {b.data(), b_rows, b_columns, b_columns + kGap}, write,
                            {c.data(), s.rows, s.columns, s.columns + kGap});
        for (std::size_t i = 0; i < s.rows; ++i) {
          for (std::size_t j = 0; j < s.columns + kGap; ++j) {
            const std::size_t at = i * (s.columns + kGap) + j;
            if (j >= s.columns) {
              EXPECT_EQ(c[at], before[at]) << "between the rows";
              continue;
            }
            const float start = write == Write::set ? 0 : before[at];
            const float expected = chain(
                s.depth, [&](std::size_t k) { return a_at(i, k); }, [&](std::size_t k) { return b_at(k, j); }, start);
            expect_chain(s, has_fma, c[at], expected, static_cast<double>(s.depth));
          }
        }
      }
    }
  });
}

TEST(Gemm, ProductIsOneFusedChainPerElement) {
  expect_products(multiply, false, false);
}

TEST(Gemm, ProductWithTheLeftTransposedIsOneFusedChainPerElement) {
  expect_products(multiply_transposed_left, true, false);
}

TEST(Gemm, ProductWithTheRightTransposedIsOneFusedChainPerElement) {
  expect_products(multiply_transposed_right, false, true);
}

TEST(GemmDeathTest, ShapesThatDoNotFitAreABug) {
  Values values(16);
  EXPECT_DEATH(multiply({values.data(), 2, 3}, {values.data(), 2, 2}, Write::set, {values.data(), 2, 2}), "a.columns");
}

}  // namespace
}  // namespace parley::learning
