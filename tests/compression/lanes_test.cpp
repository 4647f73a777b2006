// Operators that share their work among threads make the same bytes, floats and refusals with any number of them.
#include "compression/coding/lanes.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "executors.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

constexpr std::size_t kLarge = kWorthSharing + 12345;  // several pieces and a rest

class EverySharedCompressor : public testing::TestWithParam<Subject> {};

INSTANTIATE_TEST_SUITE_P(Lanes, EverySharedCompressor, testing::ValuesIn(subjects()),
                         [](const auto& instance) { return std::to_string(instance.index); });

/// Ordinary vectors, and those that make most work for selection.
std::vector<Floats> large_vectors() {
  base::Random random(key_of(21));
  Floats gaussian(kLarge), next(kLarge), sparse(kLarge), ties(kLarge);
  for (std::size_t i = 0; i < kLarge; ++i) {
    gaussian[i] = static_cast<float>(random.normal());
    next[i] = gaussian[i] + 0.1f * static_cast<float>(random.normal());
    if (random.below(1000) == 0) sparse[i] = static_cast<float>(random.normal() * std::exp(4 * random.normal()));
    ties[i] = random.below(3) == 0 ? -1.0f : 1.0f;
  }
  return {gaussian, next, sparse, ties};
}

std::string text_of(const base::Result<void>& result) {
  return result.ok() ? "" : std::string(result.refusal().reason) + ": " + result.refusal().detail;
}

TEST_P(EverySharedCompressor, IsTheSameWithAnyNumberOfThreads) {
  static const std::vector<Floats> vectors = large_vectors();
  Harness alone(GetParam().spec);
  std::vector<Bytes> payloads;
  std::vector<Floats> sums;
  for (std::size_t v = 0; v < vectors.size(); ++v) {
    payloads.push_back(alone.encode(vectors[v], key_of(v)));
    Floats y = vectors[(v + 1) % vectors.size()];
    ASSERT_TRUE(alone.decode_add(payloads[v], -0.3f, y, key_of(v)).ok());
    sums.push_back(std::move(y));
  }
  for (const std::size_t width : {1u, 2u, 3u, 7u}) {
    Threads threads(width);
    Harness shared(GetParam().spec);
    shared.state->share_with(threads);
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      SCOPED_TRACE(testing::Message() << GetParam().spec << ", " << width << " threads, vector " << v);
      ASSERT_TRUE(same_bytes(shared.encode(vectors[v], key_of(v)), payloads[v]));
      Floats y = vectors[(v + 1) % vectors.size()];
      ASSERT_TRUE(shared.decode_add(payloads[v], -0.3f, y, key_of(v)).ok());
      ASSERT_TRUE(same_floats(y, sums[v]));
    }
  }
}

TEST_P(EverySharedCompressor, NamesTheFirstCoordinateThatIsNotFinite) {
  static const Floats gaussian = large_vectors().front();
  Threads threads(3);
  Harness shared(GetParam().spec);
  shared.state->share_with(threads);
  Bytes out(shared.compressor->max_payload_size(kLarge));
  for (const std::size_t at : {std::size_t{0}, kPiece + 7, kLarge - 3}) {
    Floats x = gaussian;
    x[at] = std::numeric_limits<float>::infinity();
    x[kLarge - 2] = std::nanf("");
    const auto size = shared.compressor->encode(x, kKey, *shared.state, std::as_writable_bytes(std::span(out)));
    ASSERT_FALSE(size.ok());
    EXPECT_EQ(size.refusal().reason, "not_finite");
    EXPECT_NE(size.refusal().detail.find(fmt::format("x[{}]", at)), std::string::npos) << size.refusal().detail;
  }
}

TEST_P(EverySharedCompressor, RefusesWhatItWouldRefuseAloneForTheSameReason) {
  static const Floats gaussian = large_vectors().front();
  Harness alone(GetParam().spec), shared(GetParam().spec);
  Threads threads(3);
  shared.state->share_with(threads);
  const Bytes payload = alone.encode(gaussian);
  const Floats before(kLarge, 0.25f);
  base::Random random(key_of(5));
  Floats y, z;
  for (int attempt = 0; attempt < 8; ++attempt) {
    // Whole stretches, so that several pieces are wrong at once.
    Bytes bytes = payload;
    const std::size_t length = attempt % 2 == 0 ? 1 : 1 + random.below(static_cast<std::uint32_t>(bytes.size()));
    const std::size_t first = random.below(static_cast<std::uint32_t>(bytes.size() - length + 1));
    const auto fill = static_cast<std::uint8_t>(attempt % 4 < 2 ? 0xFF : random.below(256));
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(first), length, fill);
    y = before, z = before;
    const auto found = alone.decode_add(bytes, 1.0f, y), found_shared = shared.decode_add(bytes, 1.0f, z);
    EXPECT_EQ(text_of(found_shared), text_of(found)) << GetParam().spec;
    ASSERT_EQ(std::memcmp(y.data(), z.data(), sizeof(float) * y.size()), 0) << GetParam().spec;
    ASSERT_TRUE(found.ok() || same_floats(z, before)) << GetParam().spec;
  }
}

TEST_P(EverySharedCompressor, KeepsSmallVectorsToItself) {
  Backwards executor(3);
  Harness shared(GetParam().spec);
  shared.state->share_with(executor);
  const Floats x = inputs(kWorthSharing - 1)[0].x;
  const Bytes bytes = shared.encode(x);
  shared.decode(bytes, x.size());
  EXPECT_EQ(executor.calls, 0u);
}

}  // namespace
}  // namespace parley::compression::test
