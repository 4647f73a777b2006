#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "learning/dataset.h"
#include "learning/partitions/gamma.h"
#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Every row of the registry, as it is tested.
const std::map<std::string, std::vector<std::string>>& contract_specs() {
  static const std::map<std::string, std::vector<std::string>> kSpecs = {
      {"iid", {"iid"}},
      {"dirichlet", {"dirichlet(alpha=0.1)", "dirichlet(1)", "dirichlet(alpha=1000)"}},
      {"shards", {"shards", "shards(labels=1)", "shards(labels=3)"}},
  };
  return kSpecs;
}

/// m targets of `classes` classes, in no order.
std::vector<float> mixed_targets(std::size_t m, std::size_t classes) {
  std::vector<float> targets(m);
  for (std::size_t i = 0; i < m; ++i) targets[i] = static_cast<float>(i * 7919 % m % classes);
  return targets;
}

std::vector<Rows> all_parts(const std::string& spec, const std::vector<float>& targets, std::size_t classes,
                            std::size_t peers, std::uint64_t seed) {
  std::vector<Rows> parts;
  for (std::uint32_t peer = 0; peer < peers; ++peer) {
    parts.push_back(partition(spec, targets, classes, peers, base::PeerId{peer}, seed));
  }
  return parts;
}

TEST(EveryPartition, HasARowInTheContractTests) {
  for (const PartitionRow& row : partition_registry())
    EXPECT_TRUE(contract_specs().contains(std::string(row.name))) << row.name;
  EXPECT_EQ(partition_registry().size(), contract_specs().size());
}

TEST(EveryPartition, PartsAreAscendingDisjointNotEmptyAndCoverAll) {
  const std::size_t m = 1013;
  const std::vector<float> targets = mixed_targets(m, 10);
  for (const auto& [name, specs] : contract_specs()) {
    for (const std::string& spec : specs) {
      for (std::size_t peers : {1u, 2u, 7u, 8u}) {
        std::vector<int> owners(m, 0);
        for (const Rows& rows : all_parts(spec, targets, 10, peers, 3)) {
          EXPECT_FALSE(rows.empty());
          EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), std::less_equal<>()));
          for (std::uint32_t row : rows) ++owners.at(row);
        }
        EXPECT_EQ(std::count(owners.begin(), owners.end(), 1), std::ptrdiff_t{m}) << spec << ' ' << peers;
      }
    }
  }
}

TEST(EveryPartition, IsAFunctionOfItsArgumentsAndOfTheSeed) {
  const std::vector<float> targets = mixed_targets(1000, 10);
  for (const auto& [name, specs] : contract_specs()) {
    for (const std::string& spec : specs) {
      EXPECT_EQ(all_parts(spec, targets, 10, 5, 1), all_parts(spec, targets, 10, 5, 1));
      // Two seeds agree by chance with probability far below 1e-9: there are more than 5^1000 / 10! divisions of iid
      // and dirichlet, and shards(labels=1), the most regular one, deals 5 shards: its seeds are chosen to differ.
      EXPECT_NE(all_parts(spec, targets, 10, 5, 1), all_parts(spec, targets, 10, 5, 4)) << spec;
    }
  }
}

TEST(EveryPartition, RefusesMorePeersThanSamples) {
  for (const auto& [name, specs] : contract_specs()) {
    EXPECT_THAT(error_of([&] { partition(specs.front(), mixed_targets(3, 2), 2, 4, base::PeerId{0}, 1); }),
                AllOf(HasSubstr("3 training samples"), HasSubstr("4 peers")));
  }
}

TEST(EveryPartition, UnknownNamesAndParametersAreRefused) {
  const std::vector<float> targets = mixed_targets(10, 2);
  const auto refusal = [&](const char* spec) {
    return error_of([&] { partition(spec, targets, 2, 2, base::PeerId{0}, 1); });
  };
  EXPECT_THAT(refusal("idd"), HasSubstr("did you mean \"iid\""));
  EXPECT_THAT(refusal("dirichlet"), HasSubstr("alpha"));
  EXPECT_THAT(refusal("dirichlet(alpha=0)"), HasSubstr("alpha"));
  EXPECT_THAT(refusal("shards(labels=0)"), HasSubstr("labels"));
}

TEST(Iid, SizesDifferByAtMostOne) {
  for (std::size_t m : {8u, 1000u, 1001u, 1007u}) {
    std::set<std::size_t> sizes;
    for (const Rows& rows : all_parts("iid", mixed_targets(m, 2), 2, 8, 1)) sizes.insert(rows.size());
    EXPECT_LE(*sizes.rbegin() - *sizes.begin(), 1u);
  }
}

TEST(Shards, EveryPeerHasEquallyManySamplesOfAFewLabels) {
  // Ten classes of 120: 10 peers with k labels cut them into 10 k shards of 120 / k, none of which has two labels.
  const std::vector<float> targets = mixed_targets(1200, 10);
  for (std::size_t k : {1u, 2u, 3u, 4u}) {
    for (const Rows& rows : all_parts("shards(labels=" + std::to_string(k) + ")", targets, 10, 10, 5)) {
      EXPECT_EQ(rows.size(), 120u);
      std::set<float> labels;
      for (std::uint32_t row : rows) labels.insert(targets[row]);
      EXPECT_LE(labels.size(), k);
    }
  }
}

TEST(Shards, AShardOfUnevenClassesHasAtMostTwoAdjacentLabels) {
  const std::vector<float> targets = mixed_targets(1013, 10);
  for (const Rows& rows : all_parts("shards(labels=1)", targets, 10, 13, 5)) {
    const auto [low, high] = std::minmax_element(
        rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return targets[a] < targets[b]; });
    EXPECT_LE(targets[*high] - targets[*low], 1.0f);
  }
}

TEST(Shards, NeedClassesAndEnoughSamples) {
  const std::vector<float> targets = mixed_targets(10, 2);
  EXPECT_THAT(error_of([&] { partition("shards", targets, 0, 2, base::PeerId{0}, 1); }), HasSubstr("no classes"));
  EXPECT_THAT(error_of([&] { partition("shards(labels=3)", targets, 2, 4, base::PeerId{0}, 1); }),
              AllOf(HasSubstr("12 shards"), HasSubstr("10 training samples")));
}

TEST(Dirichlet, SharesHaveTheMomentsOfTheDistribution) {
  // The share p of one peer in one class is Beta(alpha, (n - 1) alpha): E p = 1 / n, E p^2 = (alpha + 1) / (n (n alpha
  // + 1)). Shares of different classes and seeds are independent and within [0, 1], so that by Hoeffding's inequality a
  // mean of N of them is off by more than t with probability 2 exp(-2 N t^2): below 1e-9 for the t used here. A share
  // is cut to whole samples, which moves p by at most 1 / size and p^2 by at most 2 / size.
  constexpr std::size_t kClasses = 100, kSize = 1000, kPeers = 4, kSeeds = 100;
  const std::vector<float> targets = mixed_targets(kClasses * kSize, kClasses);
  const double t = std::sqrt(std::log(2e9) / (2.0 * kClasses * kSeeds));
  for (double alpha : {0.1, 1.0, 30.0}) {
    double sum = 0, squares = 0;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      std::vector<double> share(kClasses, 0.0);
      for (std::uint32_t row :
           partition(fmt::format("dirichlet({})", alpha), targets, kClasses, kPeers, base::PeerId{2}, seed)) {
        share[static_cast<std::size_t>(targets[row])] += 1.0 / kSize;
      }
      for (double p : share) {
        sum += p;
        squares += p * p;
      }
    }
    EXPECT_NEAR(sum / (kClasses * kSeeds), 1.0 / kPeers, t + 1.0 / kSize);
    EXPECT_NEAR(squares / (kClasses * kSeeds), (alpha + 1) / (kPeers * (kPeers * alpha + 1)), t + 2.0 / kSize);
  }
}

TEST(Dirichlet, SaysSoWhenAPeerWouldHaveNothing) {
  // One class, ten samples, ten peers and nearly all samples with one of them: each would need exactly one.
  EXPECT_THAT(error_of([] { partition("dirichlet(0.01)", mixed_targets(10, 1), 1, 10, base::PeerId{0}, 1); }),
              AllOf(HasSubstr("without samples"), HasSubstr("larger alpha")));
  EXPECT_THAT(error_of([] { partition("dirichlet(1)", mixed_targets(10, 2), 0, 2, base::PeerId{0}, 1); }),
              HasSubstr("no classes"));
}

TEST(Gamma, LogarithmAndExponentialAreThoseOfTheCLibrary) {
  for (int i = 1; i < 2000; ++i) {
    const double x = i * 0.001 + i * i * 0.01;
    EXPECT_NEAR(portable_log(x), std::log(x), 1e-12 * std::max(1.0, std::abs(std::log(x))));
    EXPECT_NEAR(portable_log(1 / x), -std::log(x), 1e-12 * std::max(1.0, std::abs(std::log(x))));
  }
  EXPECT_EQ(portable_log(1.0), 0.0);
  EXPECT_EQ(portable_exp(0.0), 1.0);
  for (double x = -699.9; x < 700; x += 0.37) EXPECT_NEAR(portable_exp(x) / std::exp(x), 1.0, 1e-12) << x;
}

TEST(Gamma, VariatesFollowTheDistribution) {
  // The largest distance between the empirical and the true distribution function exceeds e with probability at most
  // 2 exp(-2 N e^2) (Dvoretzky, Kiefer, Wolfowitz; Massart 1990): below 1e-9 here.
  constexpr std::size_t kCount = 50'000;
  const double bound = std::sqrt(std::log(2e9) / (2.0 * kCount));
  const std::map<double, double (*)(double)> distributions = {
      {0.5, [](double x) { return std::erf(std::sqrt(x)); }},
      {1.0, [](double x) { return 1 - std::exp(-x); }},
      {1.5, [](double x) { return std::erf(std::sqrt(x)) - 2 * std::sqrt(x / std::numbers::pi) * std::exp(-x); }},
      {3.0, [](double x) { return 1 - (1 + x + x * x / 2) * std::exp(-x); }},
  };
  for (const auto& [shape, distribution] : distributions) {
    base::Random random({.seed = 9, .peer = {}, .round = {}, .stream = base::Stream::test});
    std::vector<double> sample(kCount);
    for (double& x : sample) x = std::exp(log_gamma_variate(shape, random));
    std::sort(sample.begin(), sample.end());
    double distance = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const double truth = distribution(sample[i]);
      distance =
          std::max({distance, truth - static_cast<double>(i) / kCount, static_cast<double>(i + 1) / kCount - truth});
    }
    EXPECT_LT(distance, bound) << shape;
  }
}

TEST(Gamma, SmallShapesStayFiniteInTheLogarithm) {
  base::Random random({.seed = 9, .peer = {}, .round = {}, .stream = base::Stream::test});
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(std::isfinite(log_gamma_variate(1e-3, random)));
}

}  // namespace
}  // namespace parley::learning
