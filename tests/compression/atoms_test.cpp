// The probabilities of ATOMO, its bases, and the count-sketch.
#include "compression/coding/atoms.h"

#include <gtest/gtest.h>

#include <cmath>

#include "atoms_reference.h"
#include "compression/coding/basis.h"
#include "harness.h"
#include "subjects.h"

namespace parley::compression::test {
namespace {

double probability(float c, const AtomProbabilities& atoms) {
  if (c == 0) return 0;
  return std::abs(c) >= atoms.threshold ? 1 : static_cast<double>(std::abs(c)) / static_cast<double>(atoms.threshold);
}

double second_moment(const Floats& c, const std::vector<double>& p) {
  double sum = 0;
  for (std::size_t i = 0; i < c.size(); ++i)
    if (c[i] != 0) sum += static_cast<double>(c[i]) * static_cast<double>(c[i]) / p[i];
  return sum;
}

TEST(AtomProbabilities, AreThoseOfTheWorkedExample) {
  // By hand: for 4 atoms |-4| is certain, since 4 * 4 > 12.25, then 3 * 3 > 8.25 and 3 is, then 2 * 2 <= 5.25: the rest
  // has 2|c|/5.25. For 6, also 2 (4 * 2 > 5.25), 1.5 and 1 (2 * 1 > 1.75), and the rest has |c|/0.75.
  const Floats v = {3, -1, 0.5f, 0, -4, 2, -0.25f, 1.5f};
  const std::vector<double> four = {1, 2 / 5.25, 1 / 5.25, 0, 1, 4 / 5.25, 0.5 / 5.25, 3 / 5.25};
  const std::vector<double> six = {1, 1, 2.0 / 3, 0, 1, 1, 1.0 / 3, 1};
  for (std::size_t i = 0; i < v.size(); ++i) {
    EXPECT_NEAR(probability(v[i], balance(v, 4)), four[i], 1e-6) << i;
    EXPECT_NEAR(probability(v[i], balance(v, 6)), six[i], 1e-6) << i;
  }
  EXPECT_NEAR(balance(v, 4).second_moment(), 38.78125, 1e-5);
  EXPECT_NEAR(balance(v, 6).second_moment(), 32.8125, 1e-5);
}

TEST(AtomProbabilities, AreThoseOfThePapersAlgorithm) {
  // Thresholds are floats, 2^-24 off; iteration may stop early after a hundred passes, which these inputs do not need.
  for (const std::size_t d : {1u, 2u, 17u, 100u, 1000u}) {
    for (const Input& input : inputs(d)) {
      if (input.name == "denormals" || input.name == "largest" || input.name == "largest among small") continue;
      for (const double share : {0.003, 0.1, 0.5, 0.9, 1.0}) {
        const double budget = share * static_cast<double>(d);
        const auto p = atomo_probabilities(std::vector<double>(input.x.begin(), input.x.end()), budget);
        const AtomProbabilities atoms = balance(input.x, budget);
        double sum = 0;
        for (std::size_t i = 0; i < d; ++i) {
          EXPECT_NEAR(probability(input.x[i], atoms), p[i], 1e-5) << input.name << ' ' << d << ' ' << share;
          sum += probability(input.x[i], atoms);
        }
        EXPECT_LE(sum, budget * (1 + 1e-6)) << input.name << ' ' << d << ' ' << share;
        const double expected = second_moment(input.x, p);
        EXPECT_NEAR(atoms.second_moment(), expected, 1e-5 * expected) << input.name << ' ' << d << ' ' << share;
      }
    }
  }
}

TEST(AtomProbabilities, HaveTheLeastVarianceOfAllOfTheirSum) {
  // Against random probabilities of the same sum: moving weight between two that are not certain never helps.
  base::Random random(key_of(8));
  const Floats c = inputs(40)[9].x;
  const AtomProbabilities atoms = balance(c, 10);
  std::vector<double> best(c.size());
  for (std::size_t i = 0; i < c.size(); ++i) best[i] = probability(c[i], atoms);
  const double least = second_moment(c, best);
  for (int attempt = 0; attempt < 2000; ++attempt) {
    std::vector<double> p = best;
    const std::size_t a = random.below(40), b = random.below(40);
    const double moved = std::min(1 - p[a], p[b] * 0.99) * random.uniform_double();
    if (a == b || moved <= 0) continue;
    p[a] += moved;
    p[b] -= moved;
    EXPECT_GE(second_moment(c, p), least * (1 - 1e-6));
  }
}

TEST(AtomProbabilities, AreThoseOfOneBitQsgdAndOfTerngrad) {
  // A quantiser that sends |x|_q sign(x_i) with probability |x_i| / |x|_q is this one with |x|_1 / |x|_q atoms.
  for (const Input& input : inputs(200)) {
    if (input.name == "denormals" || input.name == "largest") continue;
    double one = 0, two = 0, most = 0;
    for (const float v : input.x) {
      const double m = std::abs(static_cast<double>(v));
      one += m;
      two += m * m;
      most = std::max(most, m);
    }
    if (most == 0) continue;
    two = std::sqrt(two);
    const AtomProbabilities qsgd = balance(input.x, one / two), terngrad = balance(input.x, one / most);
    for (const float v : input.x) {
      const double m = std::abs(static_cast<double>(v));
      EXPECT_NEAR(probability(v, qsgd), m / two, 1e-6) << input.name;
      EXPECT_NEAR(probability(v, terngrad), m / most, 1e-6) << input.name;
    }
    // E|estimate|^2 = |x|_1 |x|_q.
    EXPECT_NEAR(qsgd.second_moment(), one * two, 1e-5 * one * two) << input.name;
    EXPECT_NEAR(terngrad.second_moment(), one * most, 1e-5 * one * most) << input.name;
  }
}

TEST(Atomo, SendsAsOftenAsOneBitQsgdRoundsUp) {
  // The same vector through both operators: how often each coordinate arrives at all. Counts of 20000 are binomial with
  // a deviation of at most 71; ten of those of the difference.
  constexpr std::size_t kSize = 20, kRuns = 20000;
  const Floats x = inputs(kSize)[0].x;
  double one = 0;
  for (const float v : x) one += std::abs(static_cast<double>(v));
  Harness qsgd("qsgd(bits=2, norm=l2, scaling=unbiased)");
  Harness atomo(fmt::format("atomo(budget={}, scaling=unbiased)", one / std::sqrt(squared_norm(x))));
  std::vector<int> difference(kSize);
  for (std::size_t run = 0; run < kRuns; ++run) {
    const Floats a = qsgd.decode(qsgd.encode(x, key_of(run)), kSize, key_of(run));
    const Floats b = atomo.decode(atomo.encode(x, key_of(run + kRuns)), kSize, key_of(run + kRuns));
    for (std::size_t i = 0; i < kSize; ++i) {
      difference[i] += (a[i] != 0 ? 1 : 0) - (b[i] != 0 ? 1 : 0);
      if (a[i] == 0 || b[i] == 0) continue;
      EXPECT_NEAR(a[i], b[i], 1e-5 * std::abs(a[i]));
    }
  }
  for (const int d : difference) EXPECT_LE(std::abs(d), 10 * 100);
}

TEST(Atomo, IsExactWhereTheBudgetSufficesForAllThatIsNotZero) {
  Floats x(300);
  for (std::size_t i = 0; i < 300; i += 17) x[i] = static_cast<float>(i) - 100;
  for (const char* spec : {"atomo(budget=18)", "atomo(budget=20, scaling=unbiased)", "atomo(ratio=1)"}) {
    Harness harness(spec);
    EXPECT_TRUE(same_floats(harness.decode(harness.encode(x), x.size()), x)) << spec;
  }
}

TEST(Atomo, NeedsFewAtomsForWhatItsBasisIsMadeOf) {
  // A cosine is one atom of its basis, a step at a half one of Haar's and the constant.
  constexpr std::size_t kSize = 640;
  Floats cosine(kSize), step(kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    cosine[i] = static_cast<float>(std::cos(M_PI * static_cast<double>(2 * (i % 64) + 1) * 5 / 128));
    step[i] = i % 64 < 32 ? 2.0f : -1.0f;
  }
  const auto error = [&](const char* spec, const Floats& x) {
    Harness harness(spec);
    return squared_distance(harness.decode(harness.encode(x), kSize), x) / squared_norm(x);
  };
  // Roundings of 64 sums leave coefficients of 1e-7 that are drawn now and then.
  EXPECT_LE(error("atomo(basis=dct, budget=11)", cosine), 1e-5);
  EXPECT_LE(error("atomo(basis=haar, budget=21)", step), 1e-5);
  EXPECT_GE(error("atomo(basis=entry, budget=21)", cosine), 0.5);
}

TEST(Atomo, IsBetterInTheBasisInWhichAVectorIsSparse) {
  // A smooth vector: with as many atoms, the cosines keep more of it than entries do.
  constexpr std::size_t kSize = 6400;
  Floats x(kSize);
  for (std::size_t i = 0; i < kSize; ++i) x[i] = static_cast<float>(std::sin(static_cast<double>(i) / 30));
  EXPECT_LE(10 * *atomo_reference({.basis = AtomBasis::dct, .ratio = 0.05})->expected_error(x),
            *atomo_reference({.basis = AtomBasis::entry, .ratio = 0.05})->expected_error(x));
}

TEST(Basis, IsOrthonormal) {
  // Elements are rounded to 2^-25 or better, and products of two vectors have 64 terms.
  for (const Basis* basis : {&cosine_basis(), &haar_basis()}) {
    for (std::size_t a = 0; a < kBasisOrder; ++a)
      for (std::size_t b = 0; b < kBasisOrder; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < kBasisOrder; ++i)
          product += static_cast<double>(basis->synthesis[a * kBasisOrder + i]) *
                     static_cast<double>(basis->analysis[i * kBasisOrder + b]);
        EXPECT_NEAR(product, a == b ? 1 : 0, 1e-6) << a << ' ' << b;
      }
  }
}

TEST(Sketch, IsLinear) {
  // Of whole numbers, so that sums are exact.
  constexpr std::size_t kSize = 500;
  Floats x(kSize), y(kSize), sum(kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    x[i] = static_cast<float>(i % 7) - 3;
    y[i] = static_cast<float>(i % 11);
    sum[i] = x[i] + y[i];
  }
  Harness harness("sketch(rows=3, ratio=0.2)");
  const Bytes a = harness.encode(x), b = harness.encode(y), c = harness.encode(sum);
  for (std::size_t at = 0; at < c.size(); at += 4) {
    float of_a, of_b, of_c;
    std::memcpy(&of_a, a.data() + at, 4);
    std::memcpy(&of_b, b.data() + at, 4);
    std::memcpy(&of_c, c.data() + at, 4);
    EXPECT_EQ(of_a + of_b, of_c);
  }
}

TEST(Sketch, RecoversAFewLargeCoordinatesByTheMedian) {
  // Three spikes in 200 places: two of five rows may collide, three do with probability 1e-5 for each key.
  Floats x(1000);
  x[5] = 3;
  x[500] = -2;
  x[999] = 1;
  Harness harness("sketch(rows=5, ratio=1, scaling=unbiased)");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Floats c = harness.decode(harness.encode(x, key_of(seed)), 1000, key_of(seed));
    for (const std::size_t i : {5u, 500u, 999u}) EXPECT_EQ(c[i], x[i]) << seed;
  }
}

TEST(Sketch, NeedsAMiddleRow) {
  EXPECT_THROW(make_compressor("sketch(rows=4)", base::ParameterLayout()), base::OperatorError);
}

}  // namespace
}  // namespace parley::compression::test
