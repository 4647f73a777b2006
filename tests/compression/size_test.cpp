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

TEST(LargePayload, IsThatOfItsPartsAlthoughItIsWrittenPastTheCaches) {
  // From 16 MiB on stores go past the caches: 9 Mi coordinates are more than that in 16 bits.
  constexpr std::size_t kPart = 1 << 20, kSize = 9 * kPart + 37;
  Floats x(kSize);
  base::Random random(kKey);
  for (float& v : x) v = random.uniform() - 0.5f;
  for (const char* spec : {"identity", "bf16", "f16"}) {
    Harness harness(spec);
    for (const std::size_t shift : {0u, 2u, 5u}) {
      Bytes buffer(harness.compressor->max_payload_size(kSize) + shift);
      const auto out = std::as_writable_bytes(std::span(buffer)).subspan(shift);
      const auto size = harness.compressor->encode(x, kKey, *harness.state, out);
      ASSERT_TRUE(size.ok());
      const Floats whole = harness.decode(std::span(buffer).subspan(shift, *size), kSize);
      for (std::size_t i = 0; i < kSize; i += kPart) {
        const std::size_t n = std::min(kPart, kSize - i);
        const Floats part = harness.decode(harness.encode(std::span(x).subspan(i, n)), n);
        ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(i))) << spec << i;
      }
    }
  }
}

}  // namespace
}  // namespace parley::compression::test
