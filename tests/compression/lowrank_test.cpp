// Power iteration on the matrices of a layout: what it converges to, what it promises, and what it remembers.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compression/coding/orthonormal.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

Floats gaussian(std::size_t d, std::uint64_t seed) {
  base::Random random(key_of(seed));
  Floats x(d);
  for (float& v : x) v = static_cast<float>(random.normal());
  return x;
}

/// `count` orthonormal vectors of m floats, one after the other.
Floats orthonormal(std::size_t m, std::size_t count, std::uint64_t seed) {
  Floats vectors = gaussian(m * count, seed);
  std::vector<double> scratch;
  orthonormalise(vectors, m, scratch);
  return vectors;
}

/// The matrix with these singular values, row-major.
Floats with_singular_values(std::size_t m, std::size_t n, const std::vector<double>& sigma) {
  const Floats u = orthonormal(m, sigma.size(), 1), v = orthonormal(n, sigma.size(), 2);
  Floats x(m * n);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < sigma.size(); ++k)
        sum += sigma[k] * static_cast<double>(u[k * m + i]) * static_cast<double>(v[k * n + j]);
      x[i * n + j] = static_cast<float>(sum);
    }
  return x;
}

/// An operator with its layout.
struct Swarm {
  Swarm(const std::string& spec, const base::ParameterLayout& layout)
      : compressor(make_compressor(spec, layout)),
        sender(compressor->make_state()),
        receiver(compressor->make_state()) {}

  Bytes encode(const Floats& x, const base::RandomKey& key = kKey) {
    Bytes bytes(compressor->max_payload_size(x.size()));
    const auto size = compressor->encode(x, key, *sender, std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(size.ok());
    return bytes;
  }
  Floats decode(const Bytes& bytes, std::size_t d) {
    Floats y(d);
    EXPECT_TRUE(compressor->decode_add(std::as_bytes(std::span(bytes)), kKey, 1.0f, *receiver, y).ok());
    return y;
  }
  Floats sent(const Floats& x, const base::RandomKey& key = kKey) { return decode(encode(x, key), x.size()); }

  std::unique_ptr<Compressor> compressor;
  std::unique_ptr<State> sender, receiver;
};

base::ParameterLayout matrix(std::size_t m, std::size_t n) {
  base::ParameterLayout layout;
  layout.add("weight", {m, n});
  return layout;
}

TEST(Orthonormalise, MakesOrthonormalVectorsAndDropsDependentOnes) {
  constexpr std::size_t kLength = 50;
  Floats vectors = gaussian(kLength * 4, 3);
  for (std::size_t i = 0; i < kLength; ++i) {
    vectors[2 * kLength + i] = 3 * vectors[i] - vectors[kLength + i];  // rounding leaves 1e-7 of it
    vectors[3 * kLength + i] *= 1e-30f;
  }
  std::vector<double> scratch;
  orthonormalise(vectors, kLength, scratch);
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < 4; ++b) {
      double product = 0;
      for (std::size_t i = 0; i < kLength; ++i)
        product += static_cast<double>(vectors[a * kLength + i]) * static_cast<double>(vectors[b * kLength + i]);
      EXPECT_NEAR(product, a == b && a != 2 ? 1 : 0, kLength * 0x1p-24) << a << ' ' << b;
    }
}

TEST(Lowrank, IsExactForMatricesOfItsRank) {
  // Errors are roundings: 2^-24 of the largest values, summed over at most 60 terms.
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{40, 60}, {60, 40}, {16, 16}}) {
    const Floats x = with_singular_values(m, n, {5, 2, 1});
    Swarm swarm("lowrank(rank=3)", matrix(m, n));
    EXPECT_LE(squared_distance(swarm.sent(x), x), std::pow(60 * 0x1p-24, 2) * squared_norm(x) * 60);
  }
}

TEST(Lowrank, IsAProjection) {
  // |M|^2 = |C(M)|^2 + |M - C(M)|^2, up to roundings.
  for (const Input& input : inputs(4096)) {
    if (input.name == "largest" || input.name == "denormals") continue;  // limited or lost at the ends of the range
    Swarm swarm("lowrank(rank=2)", matrix(64, 64));
    const Floats c = swarm.sent(input.x);
    EXPECT_NEAR(squared_norm(c) + squared_distance(c, input.x), squared_norm(input.x), 1e-5 * squared_norm(input.x))
        << input.name;
  }
}

TEST(Lowrank, ConvergesToTheBestOfItsRankFromCallToCall) {
  // Power iteration shrinks what is wrong by (1/2)^2 a call; thirty calls leave 1e-9 of it.
  const std::vector<double> sigma = {8, 6, 3, 1, 0.5, 0.25};
  const Floats x = with_singular_values(50, 30, sigma);
  Swarm warm("lowrank(rank=2)", matrix(50, 30)), cold("lowrank(rank=2, start=cold)", matrix(50, 30));
  const double best = 9 + 1 + 0.25 + 0.0625;
  double first = 0, last = 0, never = 0;
  for (std::uint64_t call = 0; call < 30; ++call) {
    last = squared_distance(warm.sent(x, key_of(call)), x);
    if (call == 0) first = last;
    never += squared_distance(cold.sent(x, key_of(call)), x) / 30;
  }
  EXPECT_GE(first, best * (1 - 1e-5));
  EXPECT_NEAR(last, best, 1e-4 * best);
  EXPECT_GT(never, 1.01 * best);
}

TEST(Lowrank, KeepsItsContractionFromTheWorstStart) {
  // A start that the matrix maps to nothing, and one that sees only the smallest of many directions.
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{24, 40}, {40, 24}}) {
    std::vector<double> sigma(24, 1.0);
    sigma.back() = 1e-3;
    const Floats x = with_singular_values(m, n, sigma);
    const Floats v = orthonormal(n, 24, 2);
    Swarm swarm("lowrank(rank=1)", matrix(m, n));
    ASSERT_TRUE(swarm.sender->restore(std::span(v).last(n)).ok());
    const double delta = swarm.compressor->properties(m * n).delta;
    EXPECT_EQ(delta, 1.0 / 24);
    EXPECT_LE(squared_distance(swarm.sent(x), x), (1 - delta) * squared_norm(x) * (1 + 0x1p-20));
  }
}

TEST(Lowrank, IsADeltaContractionOfEveryInputWarmOrCold) {
  for (const std::size_t d : {30u, 100u, 513u, 4099u}) {
    Swarm warm("lowrank(rank=1)", base::ParameterLayout()),
        cold("lowrank(rank=3, start=cold)", base::ParameterLayout());
    for (Swarm* swarm : {&warm, &cold}) {
      const double delta = swarm->compressor->properties(d).delta;
      EXPECT_GT(delta, 0);
      for (const Input& input : inputs(d)) {
        const double energy = squared_norm(input.x);
        // Below the smallest normal float a matrix is sent as zeros.
        const double negligible = static_cast<double>(d) * std::pow(std::numeric_limits<float>::min(), 2);
        EXPECT_LE(squared_distance(swarm->sent(input.x), input.x), (1 - delta + 0x1p-19) * energy + negligible)
            << input.name << ' ' << d;
      }
    }
  }
}

TEST(Lowrank, FollowsTheLayoutAndSendsSmallTensorsAsTheyAre) {
  base::ParameterLayout layout;
  layout.add("scalar", {});
  layout.add("hidden.weight", {30, 20});
  layout.add("hidden.bias", {30});
  layout.add("filter", {16, 3, 3, 3});  // a matrix of 16 x 27
  layout.add("narrow", {2, 100});       // two factors of rank 2 would be longer
  Swarm swarm("lowrank(rank=2)", layout);
  const Floats x = gaussian(layout.size(), 9);
  const Bytes bytes = swarm.encode(x);
  EXPECT_EQ(bytes.size(), 4 * (1 + 2 * 50 + 30 + 2 * 43 + 200) + 2u);
  const Floats c = swarm.decode(bytes, x.size());
  const auto tensor = [&](const Floats& from, std::size_t t) {
    const base::Tensor& which = layout.tensors()[t];
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(which.offset);
    return Floats(begin, begin + static_cast<std::ptrdiff_t>(which.size()));
  };
  for (const std::size_t t : {0u, 2u, 4u}) EXPECT_TRUE(same_floats(tensor(c, t), tensor(x, t))) << t;
  for (const std::size_t t : {1u, 3u}) EXPECT_FALSE(same_floats(tensor(c, t), tensor(x, t))) << t;
  // Every matrix alone has the same factors: only the random signs of the second differ, and each start is a good one.
  Swarm alone("lowrank(rank=2)", matrix(30, 20));
  EXPECT_TRUE(same_floats(alone.sent(tensor(x, 1)), tensor(c, 1)));
}

TEST(Lowrank, IsDecodedAlikeWhateverTheReceiverHasSeen) {
  Swarm swarm("lowrank(rank=2)", matrix(40, 40)), late("lowrank(rank=2)", matrix(40, 40));
  for (std::uint64_t call = 0; call < 4; ++call) {
    const Bytes bytes = swarm.encode(gaussian(1600, call), key_of(call));
    Swarm fresh("lowrank(rank=2)", matrix(40, 40));
    EXPECT_TRUE(same_floats(swarm.decode(bytes, 1600), fresh.decode(bytes, 1600)));
  }
}

TEST(Lowrank, GoesOnFromACheckpoint) {
  Swarm swarm("lowrank(rank=2)", matrix(40, 30)), again("lowrank(rank=2)", matrix(40, 30));
  swarm.encode(gaussian(1200, 1));
  const Floats memory(swarm.sender->memory().begin(), swarm.sender->memory().end());
  EXPECT_EQ(memory.size(), 60u);
  ASSERT_TRUE(again.sender->restore(memory).ok());
  const Floats next = gaussian(1200, 2);
  EXPECT_TRUE(same_bytes(swarm.encode(next), again.encode(next)));

  EXPECT_EQ(again.sender->restore(Floats(59)).refusal().reason, "memory_size");
  EXPECT_EQ(again.sender->restore(Floats(60, std::nanf(""))).refusal().reason, "memory_not_possible");
}

TEST(Lowrank, RemembersNothingOfWhatItRefuses) {
  Swarm swarm("lowrank(rank=2)", matrix(40, 30));
  swarm.encode(gaussian(1200, 1));
  const Floats before(swarm.sender->memory().begin(), swarm.sender->memory().end());
  Floats bad = gaussian(1200, 2);
  bad.back() = std::numeric_limits<float>::infinity();
  Bytes out(swarm.compressor->max_payload_size(1200));
  EXPECT_FALSE(swarm.compressor->encode(bad, kKey, *swarm.sender, std::as_writable_bytes(std::span(out))).ok());
  EXPECT_TRUE(same_floats(Floats(swarm.sender->memory().begin(), swarm.sender->memory().end()), before));
}

}  // namespace
}  // namespace parley::compression::test
