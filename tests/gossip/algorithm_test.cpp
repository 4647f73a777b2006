#include "gossip/algorithm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "local_swarm.h"

namespace parley::gossip {
namespace {

using ::testing::HasSubstr;

/// x* of the golden problem: the minimiser of the sum of the quadratics, from its closed form.
std::vector<double> golden_optimum() {
  std::vector<double> weighted(6), total(6);
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 6; ++j) {
      const double h = 1 + ((i + 2 * j) % 5) / 2.0;
      weighted[static_cast<std::size_t>(j)] += h * (((3 * i + 5 * j) % 11) - 5);
      total[static_cast<std::size_t>(j)] += h;
    }
  }
  for (std::size_t j = 0; j < 6; ++j) weighted[j] /= total[j];
  return weighted;
}

double root_mean_square_distance(const LocalSwarm& swarm, const std::vector<double>& point) {
  double sum = 0;
  for (std::uint32_t i = 0; i < swarm.size(); ++i) {
    for (std::size_t j = 0; j < point.size(); ++j) {
      sum += std::pow(static_cast<double>(swarm.node(i).x()[j]) - point[j], 2);
    }
  }
  return std::sqrt(sum / static_cast<double>(swarm.size()));
}

/// Values of the method reference, computed there in double precision with numpy.
struct GoldenRun {
  const char* algorithm;
  const char* compressor;
  double error, consensus, x00, x35;
};

void PrintTo(const GoldenRun& run, std::ostream* out) {
  *out << run.algorithm << ' ' << run.compressor;
}

class Golden : public ::testing::TestWithParam<GoldenRun> {};

TEST_P(Golden, RunAgreesWithTheMethodReference) {
  const GoldenRun& golden = GetParam();
  LocalSwarm swarm({.algorithm = golden.algorithm, .compressor = golden.compressor, .edges = ring_edges(8)},
                   golden_learners());
  swarm.run();
  // 100 rounds of at most ten roundings of numbers below 8 in single precision, without amplification (the mixing step
  // and the gradient step are both contractions): 1000 * 8 * 2^-24 < 5e-4.
  constexpr double kTolerance = 5e-4;
  EXPECT_NEAR(root_mean_square_distance(swarm, golden_optimum()), golden.error, kTolerance);
  EXPECT_NEAR(root_mean_square_distance(swarm, swarm.average()), golden.consensus, kTolerance);
  EXPECT_NEAR(static_cast<double>(swarm.node(0).x()[0]), golden.x00, kTolerance);
  EXPECT_NEAR(static_cast<double>(swarm.node(3).x()[5]), golden.x35, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Golden,
                         ::testing::Values(GoldenRun{"dpsgd(order=atc)", "identity", 9.923619702456e-01,
                                                     9.853047685499e-01, 0.420208054394, -0.308178745457},
                                           GoldenRun{"dpsgd(order=cta)", "identity", 1.381460590535e+00,
                                                     1.375004613652e+00, 0.131102557328, -0.674377818664},
                                           GoldenRun{"choco(gamma=0.2, order=cta)", "topk(k=2)", 3.988504538978e+00,
                                                     3.974796711854e+00, -1.020480227822, -2.047151757371},
                                           GoldenRun{"choco(gamma=0.4, order=atc)", "sign(block=8)", 2.163983573185e+00,
                                                     2.153081482559e+00, 0.019196905078, -0.945285671430}));

std::vector<std::unique_ptr<learning::Learner>> random_learners(std::uint32_t n, std::size_t d, bool flat,
                                                                std::uint64_t seed) {
  std::vector<std::unique_ptr<learning::Learner>> learners;
  for (std::uint32_t i = 0; i < n; ++i) {
    base::Random random({.seed = seed, .peer = base::PeerId{i}});
    std::vector<double> h(d), c(d);
    for (std::size_t j = 0; j < d; ++j) {
      h[j] = flat ? 0 : 0.5 + random.uniform_double();
      c[j] = random.normal();
    }
    learners.push_back(std::make_unique<QuadraticLearner>(std::move(h), std::move(c)));
  }
  return learners;
}

void expect_same_models(const LocalSwarm& a, const LocalSwarm& b, double tolerance) {
  for (std::uint32_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.node(i).size(); ++j) {
      ASSERT_NEAR(static_cast<double>(a.node(i).x()[j]), static_cast<double>(b.node(i).x()[j]), tolerance)
          << i << ' ' << j;
    }
  }
}

/// The golden problem `copies` times side by side: every coordinate is a problem of its own.
std::vector<std::unique_ptr<learning::Learner>> tiled_golden_learners(std::size_t copies) {
  std::vector<std::unique_ptr<learning::Learner>> learners;
  for (std::size_t i = 0; i < 8; ++i) {
    std::vector<double> h, c;
    for (std::size_t j = 0; j < 6 * copies; ++j) {
      h.push_back(1 + static_cast<double>((i + 2 * (j % 6)) % 5) / 2.0);
      c.push_back(static_cast<double>((3 * i + 5 * (j % 6)) % 11) - 5);
    }
    learners.push_back(std::make_unique<QuadraticLearner>(std::move(h), std::move(c)));
  }
  return learners;
}

TEST(EveryAlgorithm, TreatsModelsOfManyBlocksAsItTreatsSmallOnes) {
  constexpr std::size_t kCopies = 800;  // 4,800 coordinates: more than two blocks of a pass
  for (const char* compressor : {"identity", "bf16"}) {
    for (const char* algorithm :
         {"dpsgd(order=cta)", "dpsgd(order=atc)", "choco(gamma=0.5, order=cta)", "choco(gamma=0.5, order=atc)"}) {
      const SwarmSettings settings{
          .algorithm = algorithm, .compressor = compressor, .rounds = 30, .edges = ring_edges(8)};
      LocalSwarm small(settings, golden_learners()), large(settings, tiled_golden_learners(kCopies));
      small.run();
      large.run();
      for (std::uint32_t i = 0; i < 8; ++i) {
        for (std::size_t j = 0; j < 6 * kCopies; ++j)
          ASSERT_EQ(large.node(i).x()[j], small.node(i).x()[j % 6]) << algorithm << ' ' << compressor << ' ' << j;
      }
    }
  }
}

TEST(Dpsgd, DecodesWholePayloadsWhereTheBlocksOfAPassDoNotFitTheOperators) {
  constexpr std::size_t kCopies = 800;
  SwarmSettings settings{.algorithm = "dpsgd", .rounds = 30, .edges = ring_edges(8)};
  LocalSwarm exact(settings, tiled_golden_learners(kCopies));
  settings.compressor = "f16(block=1000)";
  LocalSwarm rounded(settings, tiled_golden_learners(kCopies));
  exact.run();
  rounded.run();
  // Each round adds at most the rounding of two neighbours' and the own model, below 8, to eleven bits; steps contract.
  expect_same_models(exact, rounded, 30 * 3 * 8 * 0x1p-11);
  EXPECT_NE(exact.node(0).x()[0], rounded.node(0).x()[0]) << "else nothing was rounded";
}

TEST(Choco, WithoutCompressionAndGammaOneIsDpsgdAdaptThenCombine) {
  LocalSwarm choco({.algorithm = "choco(gamma=1, order=atc)", .rounds = 60, .edges = ring_edges(8)}, golden_learners());
  LocalSwarm dpsgd({.algorithm = "dpsgd(order=atc)", .rounds = 60, .edges = ring_edges(8)}, golden_learners());
  choco.run();
  dpsgd.run();
  expect_same_models(choco, dpsgd, 1e-4);
}

TEST(Choco, WithoutCompressionAndGammaOneMixesThePointsOfDpsgdCombineThenAdapt) {
  // In this order CHOCO's mixed points are D-PSGD's iterates, and its x is such a point after one gradient step.
  LocalSwarm choco({.algorithm = "choco(gamma=1, order=cta)", .rounds = 60, .edges = ring_edges(8)}, golden_learners());
  LocalSwarm dpsgd({.algorithm = "dpsgd(order=cta)", .rounds = 59, .edges = ring_edges(8)}, golden_learners());
  choco.run();
  dpsgd.run();
  for (std::uint32_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      const double h = 1 + static_cast<double>((i + 2 * j) % 5) / 2.0;
      const double c = static_cast<double>((3 * i + 5 * j) % 11) - 5;
      const double mixed = static_cast<double>(dpsgd.node(i).x()[j]);
      EXPECT_NEAR(static_cast<double>(choco.node(i).x()[j]), mixed - 0.05 * h * (mixed - c), 1e-4) << i << ' ' << j;
    }
  }
}

struct Mixing {
  const char* algorithm;
  const char* compressor;
  std::vector<topology::Arcs> arcs = {};  // instead of the irregular graph
};

void PrintTo(const Mixing& mixing, std::ostream* out) {
  *out << mixing.algorithm << ' ' << mixing.compressor << (mixing.arcs.empty() ? "" : " on other graphs");
}

/// The matchings of five peers in turn; nobody for peer 4, then for 0, and then for three of them.
const std::vector<topology::Arcs> kChanging = {topology::both_ways({{0, 1}, {2, 3}}),
                                               topology::both_ways({{1, 2}, {3, 4}}), topology::both_ways({{0, 4}})};
const std::vector<topology::Arcs> kRingOfOneDirection = {{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 0}}};

class EveryMixing : public ::testing::TestWithParam<Mixing> {};

TEST_P(EveryMixing, PreservesTheAverage) {
  // Without gradients the average must not move, whatever the operator drops and on an irregular graph.
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> edges = {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {1, 3}, {3, 4}};
  SwarmSettings settings{.algorithm = GetParam().algorithm,
                         .compressor = GetParam().compressor,
                         .learning_rate = 0.3,
                         .rounds = 1,
                         .edges = edges,
                         .arcs = GetParam().arcs};
  const std::size_t d = 257;
  // A first round with gradients makes the models differ; then the gradients are gone.
  class OneStep final : public learning::Learner {
   public:
    OneStep(std::size_t d, std::uint32_t peer)
        : layout_(base::ParameterLayout::flat(d)), random_({.seed = 7, .peer = base::PeerId{peer}}) {}
    const base::ParameterLayout& layout() const override { return layout_; }
    void initial_model(std::span<float> x) override { std::fill(x.begin(), x.end(), 0.0f); }
    bool common_initial_model() const override { return true; }
    double gradient(std::span<const float>, base::Round round, std::span<float> g) override {
      for (float& value : g) value = round.value == 0 ? static_cast<float>(random_.normal()) : 0.0f;
      return 0;
    }
    learning::Evaluation evaluate(std::span<const float>) override { return {}; }

   private:
    base::ParameterLayout layout_;
    base::Random random_;
  };
  std::vector<double> expected(d);
  for (std::uint32_t i = 0; i < 5; ++i) {
    base::Random random({.seed = 7, .peer = base::PeerId{i}});
    for (double& value : expected) value -= 0.3 * random.normal() / 5;
  }
  for (std::uint64_t rounds : {1u, 2u, 50u}) {
    std::vector<std::unique_ptr<learning::Learner>> learners;
    for (std::uint32_t i = 0; i < 5; ++i) learners.push_back(std::make_unique<OneStep>(d, i));
    settings.rounds = rounds;
    LocalSwarm swarm(settings, std::move(learners));
    swarm.run();
    const auto average = swarm.average();
    // Each round rounds each of the 5 models a handful of times, at magnitude below 2: 50 * 8 * 2 * 2^-24 < 5e-5.
    for (std::size_t j = 0; j < d; ++j) ASSERT_NEAR(average[j], expected[j], 5e-5) << rounds << ' ' << j;
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EveryMixing,
                         ::testing::Values(Mixing{"dpsgd(order=cta)", "identity"}, Mixing{"dpsgd(order=atc)", "f16"},
                                           Mixing{"dpsgd(order=atc)", "bf16"},
                                           Mixing{"choco(gamma=0.05)", "topk(ratio=0.05)"},
                                           Mixing{"choco(gamma=auto)", "topk(ratio=0.05)"},
                                           Mixing{"choco(gamma=auto)", "qsgd(bits=4)"},
                                           Mixing{"choco(gamma=auto, order=cta)", "sign(block=64)"},
                                           Mixing{"choco(gamma=auto)", "randk(ratio=0.1)"},
                                           Mixing{"choco(gamma=auto)", "topk(ratio=0.1) | qsgd(bits=4)"},
                                           Mixing{"choco(gamma=auto, references=link)", "topk(ratio=0.1)"},
                                           Mixing{"dpsgd(order=cta)", "identity", kChanging},
                                           Mixing{"dpsgd(order=atc)", "identity", kRingOfOneDirection},
                                           Mixing{"choco(gamma=auto)", "topk(ratio=0.1)", kChanging},
                                           Mixing{"choco(gamma=auto, order=cta)", "sign(block=64)", kChanging},
                                           Mixing{"choco(gamma=auto)", "lowrank(rank=2)", kChanging}));

/// CHOCO with a reference each way on every link, written down from its formula in double precision.
class ChocoByLinkReference {
 public:
  ChocoByLinkReference(const std::vector<topology::Arcs>& rounds, std::size_t n, std::size_t k, double gamma)
      : rounds_(rounds), k_(k), gamma_(gamma), x_(n, std::vector<double>(6)) {}

  void round(std::uint64_t t, double eta) {
    for (std::size_t i = 0; i < x_.size(); ++i) {
      for (std::size_t j = 0; j < 6; ++j) {
        const double h = 1 + static_cast<double>((i + 2 * j) % 5) / 2.0;
        const double c = static_cast<double>((3 * i + 5 * j) % 11) - 5;
        x_[i][j] -= eta * h * (x_[i][j] - c);
      }
    }
    const topology::Arcs& arcs = rounds_[t % rounds_.size()];
    for (const auto& [from, to] : arcs) {
      std::vector<double>& reference = reference_[{from, to}];
      reference.resize(6);
      std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5};
      std::stable_sort(order.begin(), order.end(), [&, a = from](std::size_t p, std::size_t q) {
        return std::abs(x_[a][p] - reference[p]) > std::abs(x_[a][q] - reference[q]);
      });
      for (std::size_t kept = 0; kept < k_; ++kept) reference[order[kept]] = x_[from][order[kept]];
    }
    for (const auto& [from, to] : arcs) {
      const auto degree = [&](std::uint32_t peer) {
        return std::count_if(arcs.begin(), arcs.end(), [&](const auto& arc) { return arc.first == peer; });
      };
      const double w = 1.0 / (1.0 + static_cast<double>(std::max(degree(from), degree(to))));
      for (std::size_t j = 0; j < 6; ++j)
        x_[to][j] += gamma_ * w * (reference_[{from, to}][j] - reference_[{to, from}][j]);
    }
  }
  const std::vector<double>& x(std::size_t i) const { return x_[i]; }

 private:
  std::vector<topology::Arcs> rounds_;
  std::size_t k_;
  double gamma_;
  std::vector<std::vector<double>> x_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<double>> reference_;
};

TEST(Choco, OnAChangingGraphAgreesWithTheFormulaOnEveryLink) {
  // Eight peers, a matching that turns, and a denser round in between.
  const std::vector<topology::Arcs> rounds = {topology::both_ways({{0, 1}, {2, 3}, {4, 5}, {6, 7}}),
                                              topology::both_ways({{1, 2}, {3, 4}, {5, 6}, {7, 0}}),
                                              topology::both_ways({{0, 4}, {1, 5}, {0, 2}, {4, 6}, {0, 6}})};
  LocalSwarm swarm({.algorithm = "choco(gamma=0.5)", .compressor = "topk(k=2)", .rounds = 100, .arcs = rounds},
                   golden_learners());
  swarm.run();
  ChocoByLinkReference reference(rounds, 8, 2, 0.5);
  for (std::uint64_t t = 0; t < 100; ++t) reference.round(t, 0.05);
  for (std::uint32_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < 6; ++j)
      EXPECT_NEAR(static_cast<double>(swarm.node(i).x()[j]), reference.x(i)[j], 5e-4) << i << ' ' << j;
  }
}

TEST(Choco, ByLinkWithoutLossIsDpsgdOnAChangingGraph) {
  const auto models = [](const char* algorithm) {
    auto swarm = std::make_unique<LocalSwarm>(
        SwarmSettings{.algorithm = algorithm, .rounds = 40, .edges = {}, .arcs = kChanging},
        random_learners(5, 50, false, 4));
    swarm->run();
    return swarm;
  };
  expect_same_models(*models("choco(gamma=1)"), *models("dpsgd(order=atc)"), 1e-4);
}

TEST(Choco, AgreesOnTheAverageOfTheStartingModels) {
  // Consensus without gradients: the distance to the average falls by orders of magnitude, linearly.
  std::vector<std::unique_ptr<learning::Learner>> learners;
  for (std::uint32_t i = 0; i < 6; ++i) {
    base::Random random({.seed = 3, .peer = base::PeerId{i}});
    std::vector<float> start(100);
    for (float& value : start) value = static_cast<float>(random.normal());
    learners.push_back(
        std::make_unique<QuadraticLearner>(std::vector<double>(100, 0.0), std::vector<double>(100, 0.0), start));
  }
  LocalSwarm swarm(
      {.algorithm = "choco(gamma=auto)", .compressor = "topk(ratio=0.1)", .rounds = 600, .edges = ring_edges(6)},
      std::move(learners));
  const double before = root_mean_square_distance(swarm, swarm.average());
  const auto average = swarm.average();
  swarm.run();
  EXPECT_GT(before, 1);
  EXPECT_LT(root_mean_square_distance(swarm, average), 1e-2 * before);
}

TEST(EveryAlgorithm, GivesTheSameBitsInAnyOrderOfDelivery) {
  for (const AlgorithmRow& row : registry()) {
    const char* compressor = row.name == "dpsgd" ? "identity" : "topk(ratio=0.1)";
    SwarmSettings settings{
        .algorithm = std::string(row.name), .compressor = compressor, .rounds = 30, .edges = ring_edges(7)};
    LocalSwarm reference(settings, random_learners(7, 300, false, 5));
    reference.run();
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      settings.delivery_seed = seed;
      LocalSwarm shuffled(settings, random_learners(7, 300, false, 5));
      shuffled.run();
      for (std::uint32_t i = 0; i < 7; ++i) {
        ASSERT_TRUE(
            std::equal(reference.node(i).x().begin(), reference.node(i).x().end(), shuffled.node(i).x().begin()))
            << row.name << " seed " << seed;
      }
    }
  }
}

TEST(EveryAlgorithm, AloneIsPlainGradientDescent) {
  for (const char* algorithm :
       {"dpsgd(order=cta)", "dpsgd(order=atc)", "choco(gamma=1)", "choco(gamma=1, order=cta)"}) {
    LocalSwarm swarm({.algorithm = algorithm, .learning_rate = 0.1, .rounds = 25, .edges = {}},
                     random_learners(1, 40, false, 9));
    swarm.run();
    base::Random random({.seed = 9, .peer = base::PeerId{0}});
    for (std::size_t j = 0; j < 40; ++j) {
      const double h = 0.5 + random.uniform_double();
      const double c = random.normal();
      // x_T = c (1 - (1 - eta h)^T), the closed form of gradient descent on a quadratic from zero.
      EXPECT_NEAR(static_cast<double>(swarm.node(0).x()[j]), c * (1 - std::pow(1 - 0.1 * h, 25)), 1e-5) << algorithm;
    }
  }
}

TEST(EveryAlgorithm, NamesTheRoundAndTheTensorWhenTheModelIsNotFinite) {
  for (const char* algorithm : {"dpsgd(order=atc)", "choco(gamma=0.5)"}) {
    LocalSwarm swarm({.algorithm = algorithm, .learning_rate = 1e30, .rounds = 50, .edges = ring_edges(4)},
                     random_learners(4, 10, false, 2));
    try {
      swarm.run();
      FAIL() << "a diverging run must not end as if nothing had happened";
    } catch (const Diverged& diverged) {
      EXPECT_THAT(diverged.what(), HasSubstr("round "));
      EXPECT_THAT(diverged.what(), HasSubstr("learning.learning_rate"));
    }
  }
}

TEST(Dpsgd, RefusesAnOperatorThatDropsPartOfTheModel) {
  const auto layout = base::ParameterLayout::flat(1000);
  const auto topk = compression::make_compressor("topk(ratio=0.01)", layout);
  try {
    const auto algorithm = make_algorithm("dpsgd", *topk, 1000);
    FAIL();
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("choco"));
  }
}

TEST(Choco, RefusesAnOperatorThatIsNotContractive) {
  const auto layout = base::ParameterLayout::flat(1000);
  const auto unscaled = compression::make_compressor("randk(ratio=0.1, scaling=unbiased)", layout);
  EXPECT_THROW((void)make_algorithm("choco", *unscaled, 1000), base::OperatorError);
}

TEST(EveryAlgorithm, CanonicalSpecIsAFixedPoint) {
  for (const AlgorithmRow& row : registry()) {
    const std::string canonical = canonical_algorithm_spec(row.name);
    EXPECT_EQ(canonical_algorithm_spec(canonical), canonical);
  }
}

}  // namespace
}  // namespace parley::gossip
