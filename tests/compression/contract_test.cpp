// What every operator promises, for every operator of the registry and some pipelines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>
#include <set>

#include "compression/registry.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

class EveryCompressor : public testing::TestWithParam<Subject> {
 protected:
  EveryCompressor() : harness_(GetParam().spec), reference_(GetParam().reference()) {}

  const Compressor& compressor() const { return *harness_.compressor; }

  Harness harness_;
  ReferencePointer reference_;
};

std::string readable(const testing::TestParamInfo<Subject>& info) {
  std::string name;
  for (const char c : info.param.spec) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Contract, EveryCompressor, testing::ValuesIn(subjects()), readable);

class EveryCompressorWithSlices : public EveryCompressor {};

std::vector<Subject> subjects_with_slices() {
  std::vector<Subject> with_slices = subjects();
  std::erase_if(with_slices, [](const Subject& subject) { return Harness(subject.spec).compressor->slice() == 0; });
  return with_slices;
}
INSTANTIATE_TEST_SUITE_P(Contract, EveryCompressorWithSlices, testing::ValuesIn(subjects_with_slices()), readable);

TEST(ContractTable, HasEveryOperatorOfTheRegistry) {
  std::set<std::string> covered;
  for (const Subject& subject : subjects()) covered.insert(base::parse_pipeline(subject.spec).front().name);
  for (const Row& row : registry()) EXPECT_TRUE(covered.contains(std::string(row.name))) << row.name;
}

TEST_P(EveryCompressor, HasACanonicalSpecThatBuildsTheSameOperator) {
  const auto again = make_compressor(compressor().spec(), base::ParameterLayout());
  EXPECT_EQ(again->spec(), compressor().spec());
  EXPECT_EQ(again->wire_id(), compressor().wire_id());
}

/// Runs the body once for each SIMD target of this processor.
template <class Body>
void on_every_target(Body body) {
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    SCOPED_TRACE(hwy::TargetName(target));
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

TEST_P(EveryCompressor, EncodesAndDecodesAsItsReferenceOnEverySimdTarget) {
  for (const std::size_t d : sizes()) {
    for (const Input& input : inputs(d)) {
      SCOPED_TRACE(testing::Message() << input.name << ", d = " << d);
      const Bytes expected = reference_->encode(input.x, kKey);
      const Floats decoded = reference_->decode(expected, d, kKey);
      on_every_target([&] {
        ASSERT_TRUE(same_bytes(harness_.encode(input.x), expected));
        ASSERT_TRUE(same_floats(harness_.decode(expected, d), decoded));
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryCompressor, NeverExceedsItsLargestPayload) {
  for (const std::size_t d : sizes()) {
    for (const Input& input : inputs(d)) {
      // encode writes to the front of a buffer of exactly that size; the guard behind it stays as it is.
      const std::size_t bound = compressor().max_payload_size(d);
      Bytes buffer(bound + 8, 0xA5);
      const auto size =
          compressor().encode(input.x, kKey, *harness_.state, std::as_writable_bytes(std::span(buffer)).first(bound));
      ASSERT_TRUE(size.ok());
      EXPECT_LE(*size, bound) << input.name << ' ' << d;
      EXPECT_EQ(std::count(buffer.end() - 8, buffer.end(), 0xA5), 8) << input.name << ' ' << d;
    }
  }
}

TEST_P(EveryCompressor, TakesAsManyBitsAsItDeclares) {
  // Sizes are fixed but for the sparse index codes, whose size for random places has a relative deviation below
  // 1/sqrt(k) = 0.05 at the k of at least 400 here, which the values' 32 bits dilute further.
  constexpr std::size_t kSize = 40960;
  base::Random random(key_of(4));
  Floats x(kSize);
  for (float& v : x) v = static_cast<float>(random.normal());
  const double bits = 8.0 * static_cast<double>(harness_.encode(x).size()) / kSize;
  const bool sparse = GetParam().spec.find("topk") != std::string::npos && GetParam().spec != "topk(k=5)";
  const double tolerance = GetParam().spec == "topk(k=5)" ? 0.01 : sparse ? 0.03 * bits : 1e-9;
  EXPECT_NEAR(bits, compressor().properties(kSize).bits_per_coordinate,
              std::max(tolerance, GetParam().size_tolerance * bits));
}

TEST_P(EveryCompressor, DependsOnNothingButTheVectorAndTheKey) {
  Harness used(GetParam().spec);
  for (const std::size_t d : {513u, 64u, 4099u}) {
    for (const Input& input : inputs(d)) {
      const Bytes bytes = used.encode(input.x);
      Harness fresh(GetParam().spec);
      EXPECT_TRUE(same_bytes(fresh.encode(input.x), bytes)) << input.name << ' ' << d;
      EXPECT_TRUE(same_floats(fresh.decode(bytes, d), used.decode(bytes, d))) << input.name << ' ' << d;
    }
  }
}

TEST_P(EveryCompressor, NeedsNoAlignment) {
  constexpr std::size_t kSize = 1037;
  const Floats x = inputs(kSize)[0].x;
  const Bytes expected = harness_.encode(x);
  const Floats decoded = harness_.decode(expected, kSize);
  for (std::size_t shift = 0; shift < 17; ++shift) {
    Floats moved(kSize + shift);
    std::copy(x.begin(), x.end(), moved.begin() + static_cast<std::ptrdiff_t>(shift));
    Bytes out(compressor().max_payload_size(kSize) + shift);
    const auto size = compressor().encode(std::span(moved).subspan(shift), kKey, *harness_.state,
                                          std::as_writable_bytes(std::span(out)).subspan(shift));
    ASSERT_TRUE(size.ok());
    ASSERT_TRUE(same_bytes(Bytes(out.begin() + static_cast<std::ptrdiff_t>(shift),
                                 out.begin() + static_cast<std::ptrdiff_t>(shift + *size)),
                           expected));
    Floats y(kSize + shift);
    ASSERT_TRUE(harness_.decode_add(std::span(out).subspan(shift, *size), 1.0f, std::span(y).subspan(shift)).ok());
    ASSERT_TRUE(same_floats(Floats(y.begin() + static_cast<std::ptrdiff_t>(shift), y.end()), decoded));
  }
}

TEST_P(EveryCompressor, DecodesAddsAndScalesWithOneRoundingEach) {
  for (const std::size_t d : sizes()) {
    const Floats x = inputs(d)[0].x;
    const Floats start = inputs(d)[9].x;
    const Bytes bytes = harness_.encode(x);
    const Floats decoded = harness_.decode(bytes, d);
    for (const float scale : {1.0f, -1.0f, 0.3f, -1.7e-5f, 0.0f}) {
      Floats expected = start;
      for (std::size_t i = 0; i < d; ++i) {
        const volatile float product = scale * decoded[i];  // volatile: rounded here
        expected[i] = expected[i] + product;
      }
      Floats y = start;
      ASSERT_TRUE(harness_.decode_add(bytes, scale, y).ok());
      EXPECT_TRUE(same_floats(y, expected)) << d << ' ' << scale;
    }
  }
}

TEST_P(EveryCompressorWithSlices, DecodesSlicesAsAWhole) {
  const std::size_t slice = compressor().slice();
  for (const std::size_t d : sizes()) {
    for (const Input& input : inputs(d)) {
      const Bytes bytes = harness_.encode(input.x);
      const auto payload = std::as_bytes(std::span(bytes));
      ASSERT_TRUE(compressor().check(payload, d).ok());
      Floats whole(d, 0.25f), sliced(d, 0.25f);
      ASSERT_TRUE(harness_.decode_add(bytes, -0.3f, whole).ok());
      // Backwards, so that no slice can lean on the one before.
      const std::size_t length = slice * (1 + 64 / slice);
      for (std::size_t first = (d + length - 1) / length * length; first > 0;) {
        first -= length;
        compressor().add_slice(payload, d, first, -0.3f, std::span(sliced).subspan(first, std::min(length, d - first)));
      }
      ASSERT_TRUE(same_floats(sliced, whole)) << input.name << ' ' << d;
    }
  }
}

TEST_P(EveryCompressorWithSlices, ChecksAPayloadAsItsDecoderDoes) {
  base::Random random(key_of(9));
  constexpr std::size_t kSize = 70;
  for (const Input& input : inputs(kSize)) {
    for (int i = 0; i < 200; ++i) {
      Bytes bytes = harness_.encode(input.x);
      if (i % 8 == 7) bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size()) + 9));
      if (!bytes.empty())
        bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<std::uint8_t>(random.below(256));
      Floats y(kSize);
      EXPECT_EQ(compressor().check(std::as_bytes(std::span(bytes)), kSize).ok(), harness_.decode_add(bytes, 1, y).ok());
    }
  }
}

TEST_P(EveryCompressor, SendsTheFloatsThemselvesIfItSaysSo) {
  const Input gaussian = inputs(513).front();
  const Bytes bytes = harness_.encode(gaussian.x);
  const auto floats = std::as_bytes(std::span(gaussian.x));
  const bool same = std::ranges::equal(std::as_bytes(std::span(bytes)), floats);
  EXPECT_EQ(same, compressor().sends_floats());
}

TEST_P(EveryCompressor, SendsZerosForZeros) {
  for (const std::size_t d : sizes()) {
    const Floats zeros(d);
    EXPECT_TRUE(same_floats(harness_.decode(harness_.encode(zeros), d), zeros)) << d;
  }
}

TEST_P(EveryCompressor, SendsNothingForNothing) {
  EXPECT_TRUE(harness_.encode({}).empty());
  EXPECT_EQ(compressor().max_payload_size(0), 0u);
}

TEST_P(EveryCompressor, RefusesWhatIsNotFiniteAndSaysWhere) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const std::size_t d : {1u, 33u, 4099u}) {
    for (const std::size_t at : {std::size_t{0}, d / 2, std::size_t{d - 1}}) {
      for (const float bad : {std::nanf(""), kInfinity, -kInfinity}) {
        Floats x = inputs(d)[0].x;
        x[at] = bad;
        if (at + 2 < d) x[at + 2] = bad;  // the first one is named
        Bytes out(compressor().max_payload_size(d));
        const auto size = compressor().encode(x, kKey, *harness_.state, std::as_writable_bytes(std::span(out)));
        ASSERT_FALSE(size.ok());
        EXPECT_EQ(size.refusal().reason, "not_finite");
        EXPECT_THAT(size.refusal().detail, testing::HasSubstr(fmt::format("x[{}]", at)));
      }
    }
  }
}

/// What a bucket or block that is too small for its levels to be normal floats may lose: all of it.
double negligible(std::size_t d) {
  constexpr double kMostLevels = 32767;
  return static_cast<double>(d) * std::pow(kMostLevels * std::numeric_limits<float>::min(), 2);
}

TEST_P(EveryCompressor, IsADeltaContractionOfEveryInput) {
  for (const std::size_t d : sizes()) {
    const double delta = compressor().properties(d).delta;
    EXPECT_GE(delta, 0);
    EXPECT_LE(delta, 1);
    for (const Input& input : inputs(d)) {
      const auto error = reference_->expected_error(input.x);
      if (!error || delta == 0) continue;
      // The formulas are in real numbers; decoded values carry a few roundings of 2^-24 each.
      const double energy = squared_norm(input.x);
      EXPECT_LE(*error, (1 - delta) * energy + 0x1p-21 * energy + negligible(d)) << input.name << ' ' << d;
    }
  }
}

TEST_P(EveryCompressor, HasTheErrorOfItsFormula) {
  constexpr std::size_t kSize = 60, kRuns = 20000;
  for (const std::size_t which : {0u, 9u}) {
    const Floats x = inputs(kSize)[which].x;
    const auto expected = reference_->expected_error(x);
    const double delta = compressor().properties(kSize).delta;
    double sum = 0, sum_of_squares = 0;
    for (std::size_t run = 0; run < kRuns; ++run) {
      const base::RandomKey key = key_of(1000 + run);
      const double error = squared_distance(harness_.decode(harness_.encode(x, key), kSize, key), x);
      sum += error;
      sum_of_squares += error * error;
    }
    const double mean = sum / kRuns;
    // Eight standard errors are exceeded with probability 1.3e-15. Roundings as in the contraction.
    const double slack =
        8 * std::sqrt(std::max(0.0, sum_of_squares / kRuns - mean * mean) / kRuns) + 0x1p-21 * squared_norm(x);
    EXPECT_NEAR(mean, expected.value_or(mean), slack) << which;
    // delta = 0 promises nothing.
    EXPECT_TRUE(delta == 0 || mean <= (1 - delta) * squared_norm(x) + slack) << which << ": " << mean;
  }
}

TEST_P(EveryCompressor, IsUnbiasedIfItSaysSo) {
  constexpr std::size_t kSize = 40, kRuns = 20000;
  const Properties properties = compressor().properties(kSize);
  if (!properties.unbiased) {
    EXPECT_EQ(properties.omega, 0);
    return;
  }
  for (const Input& input : inputs(kSize)) {
    if (input.name == "largest" || input.name == "largest among small") continue;  // d/k times these is not a float
    std::vector<double> sum(kSize), sum_of_squares(kSize);
    double error = 0;
    for (std::size_t run = 0; run < kRuns; ++run) {
      const base::RandomKey key = key_of(5000 + run);
      const Floats c = harness_.decode(harness_.encode(input.x, key), kSize, key);
      for (std::size_t i = 0; i < kSize; ++i) {
        sum[i] += c[i];
        sum_of_squares[i] += static_cast<double>(c[i]) * c[i];
      }
      error += squared_distance(c, input.x);
    }
    const double energy = squared_norm(input.x);
    // Ten standard errors and the rarest event: probability below 1e-12 for each of some 10^4 coordinates. What is seen
    // less than once in the runs moves the mean by less than its size / runs, and sizes are at most (1 + omega) |x|.
    const double unseen = 30 * (1 + properties.omega) * std::sqrt(energy) / kRuns;
    for (std::size_t i = 0; i < kSize; ++i) {
      const double mean = sum[i] / kRuns;
      const double variance = std::max(0.0, sum_of_squares[i] / kRuns - mean * mean);
      EXPECT_NEAR(mean, input.x[i], 10 * std::sqrt(variance / kRuns) + unseen + std::sqrt(negligible(1)))
          << input.name << " [" << i << ']';
    }
    const double slack = 30 * std::pow(1 + properties.omega, 2) * energy / kRuns;
    EXPECT_LE(error / kRuns, properties.omega * energy * 1.05 + slack + negligible(kSize)) << input.name;
  }
}

/// Offers bytes to the decoder: it either refuses them and leaves y alone, or adds finite values.
void offer(Harness& harness, const Bytes& bytes, std::size_t d) {
  const Floats before(d, 0.25f);
  Floats y = before;
  const auto added = harness.decode_add(bytes, 1.0f, y);
  if (added.ok()) {
    for (const float v : y) ASSERT_TRUE(std::isfinite(v));
  } else {
    ASSERT_FALSE(added.refusal().reason.empty());
    ASSERT_TRUE(same_floats(y, before)) << added.refusal().reason;
  }
}

TEST_P(EveryCompressor, RefusesOrDecodesArbitraryBytes) {
  base::Random random(key_of(99));
  for (const std::size_t d : {0u, 1u, 9u, 64u, 513u}) {
    const std::size_t bound = compressor().max_payload_size(d);
    for (int attempt = 0; attempt < 2000; ++attempt) {
      Bytes bytes(attempt % 2 == 0 ? bound : random.below(static_cast<std::uint32_t>(bound + 20)));
      // Bytes that are often zero or all ones get further into a decoder than uniform ones.
      const std::uint32_t style = random.below(4);
      for (auto& byte : bytes) {
        byte = static_cast<std::uint8_t>(random.bits());
        if (style == 1 && random.below(4) != 0) byte = 0;
        if (style == 2 && random.below(4) != 0) byte = 0xFF;
        if (style == 3) byte = static_cast<std::uint8_t>(byte % 8);
      }
      offer(harness_, bytes, d);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryCompressor, RefusesOrDecodesMutatedPayloads) {
  base::Random random(key_of(98));
  for (const std::size_t d : {1u, 9u, 64u, 513u}) {
    for (const Input& input : inputs(d)) {
      if (input.name.find("argest") != std::string::npos) continue;  // their sums with y may overflow
      const Bytes payload = harness_.encode(input.x);
      for (int attempt = 0; attempt < 200; ++attempt) {
        Bytes bytes = payload;
        const std::uint32_t mutations = 1 + random.below(3);
        for (std::uint32_t m = 0; m < mutations && !bytes.empty(); ++m) {
          auto& byte = bytes[random.below(static_cast<std::uint32_t>(bytes.size()))];
          byte = static_cast<std::uint8_t>(byte ^ (1u << random.below(8)));
        }
        offer(harness_, bytes, d);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(EveryCompressor, RefusesPayloadsThatAreCutShortOrHaveATail) {
  for (const std::size_t d : {1u, 9u, 64u, 513u}) {
    const Bytes payload = harness_.encode(inputs(d)[0].x);
    for (std::size_t size = 0; size <= payload.size() + 3; ++size) {
      if (size == payload.size()) continue;
      Bytes bytes = payload;
      bytes.resize(size);
      Floats y(d, 1.5f);
      EXPECT_FALSE(harness_.decode_add(bytes, 1.0f, y).ok()) << d << ' ' << size;
      EXPECT_TRUE(same_floats(y, Floats(d, 1.5f)));
    }
  }
}

TEST_P(EveryCompressor, SuggestsAStepSizeWithinItsRange) {
  for (const std::size_t d : sizes()) {
    const double gamma = compressor().properties(d).suggested_gamma;
    EXPECT_GT(gamma, 0) << d;
    EXPECT_LE(gamma, 1) << d;
  }
}

}  // namespace
}  // namespace parley::compression::test
