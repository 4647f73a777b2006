// What a coordinate costs, against the budgets that the operators are chosen for.
#include <gtest/gtest.h>

#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

double bytes_of(const char* spec, const Floats& x) {
  Harness harness(spec);
  return static_cast<double>(harness.encode(x).size());
}

TEST(PayloadSize, OfOnePerCentTopkIsAtMost42BitsForEachKeptValue) {
  constexpr std::size_t kSize = 1'000'000;
  const Floats x = inputs(kSize)[0].x;
  EXPECT_LE(8 * bytes_of("topk(ratio=0.01)", x), 42.0 * kSize / 100);
}

TEST(PayloadSize, OfFourBitsIsCloseToFourBits) {
  for (const std::size_t d : {7850u, 203530u}) {
    const Floats x = inputs(d)[0].x;
    EXPECT_LE(8 * bytes_of("qsgd(bits=4)", x), 4.2 * static_cast<double>(d));
  }
}

TEST(PayloadSize, OfSparseSharedPlacesIsTheValuesAlone) {
  EXPECT_EQ(bytes_of("randk(k=100)", inputs(5000)[0].x), 400);
}

TEST(PayloadSize, OfAPipelineIsThatOfItsParts) {
  // 50 kept values as nibbles with one norm, and the indices of the sparse payload without values.
  const Floats x = inputs(5000)[0].x;
  EXPECT_EQ(bytes_of("topk(k=50) | qsgd", x), bytes_of("topk(k=50)", x) - 50 * 4 + 25 + 4);
}

}  // namespace
}  // namespace parley::compression::test
