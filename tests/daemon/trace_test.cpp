// Every iterate of a simulated run against an implementation that shares nothing with Parley: the update rules as the
// papers write them, in double precision, dense, on plain vectors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "program.h"
#include "scratch_directory.h"

namespace parley::daemon {
namespace {

using Vector = std::vector<double>;

constexpr std::size_t kPeers = 5, kFeatures = 6, kRounds = 40;
constexpr double kEta = 0.1, kLambda = 0.05, kGamma = 0.3;

/// One peer's ridge regression: (1/2m)|Ax - b|^2 + (lambda/2)|x|^2.
struct Ridge {
  std::vector<Vector> A;
  Vector b;

  Vector gradient(const Vector& x) const {
    Vector g(kFeatures);
    for (std::size_t j = 0; j < kFeatures; ++j) g[j] = kLambda * x[j];
    for (std::size_t row = 0; row < b.size(); ++row) {
      const double residual = std::inner_product(x.begin(), x.end(), A[row].begin(), 0.0) - b[row];
      for (std::size_t j = 0; j < kFeatures; ++j) g[j] += residual * A[row][j] / static_cast<double>(b.size());
    }
    return g;
  }
};

/// Values with few digits, so that the text, the float and the double are the same number.
std::vector<Ridge> make_problem() {
  std::mt19937 random(12345);
  const auto value = [&] { return (static_cast<double>(random() % 2001) - 1000) / 512; };
  std::vector<Ridge> peers(kPeers);
  for (std::size_t i = 0; i < kPeers; ++i) {
    for (std::size_t row = 0; row < 7 + i; ++row) {
      Vector a(kFeatures);
      for (double& each : a) each = value();
      peers[i].A.push_back(a);
      peers[i].b.push_back(value() + static_cast<double>(i));  // peers disagree
    }
  }
  return peers;
}

Vector descend(const Vector& x, const Vector& g) {
  Vector result = x;
  for (std::size_t j = 0; j < kFeatures; ++j) result[j] -= kEta * g[j];
  return result;
}

/// sum_j w_ij x_j on the ring, where every weight is 1/3.
Vector combine(const std::vector<Vector>& x, std::size_t i) {
  Vector result(kFeatures);
  for (std::size_t j : {i, (i + 1) % kPeers, (i + kPeers - 1) % kPeers}) {
    for (std::size_t c = 0; c < kFeatures; ++c) result[c] += x[j][c] / 3;
  }
  return result;
}

Vector top_k(const Vector& v, std::size_t k) {
  std::vector<std::size_t> order(v.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::abs(v[a]) > std::abs(v[b]); });
  Vector kept(v.size());
  for (std::size_t i = 0; i < k; ++i) kept[order[i]] = v[order[i]];
  return kept;
}

/// What happens to all models in one round.
using Round = void (*)(const std::vector<Ridge>&, std::vector<Vector>& x, std::vector<Vector>& x_hat);

void dpsgd_combine_then_adapt(const std::vector<Ridge>& f, std::vector<Vector>& x, std::vector<Vector>&) {
  std::vector<Vector> next;
  for (std::size_t i = 0; i < kPeers; ++i) next.push_back(descend(combine(x, i), f[i].gradient(x[i])));
  x = next;
}

void dpsgd_adapt_then_combine(const std::vector<Ridge>& f, std::vector<Vector>& x, std::vector<Vector>&) {
  std::vector<Vector> half, next;
  for (std::size_t i = 0; i < kPeers; ++i) half.push_back(descend(x[i], f[i].gradient(x[i])));
  for (std::size_t i = 0; i < kPeers; ++i) next.push_back(combine(half, i));
  x = next;
}

void mix(std::vector<Vector>& x, const std::vector<Vector>& x_hat) {
  for (std::size_t i = 0; i < kPeers; ++i) {
    const Vector mean = combine(x_hat, i);
    for (std::size_t c = 0; c < kFeatures; ++c) x[i][c] += kGamma * (mean[c] - x_hat[i][c]);
  }
}

void advance_references(const std::vector<Vector>& x, std::vector<Vector>& x_hat) {
  for (std::size_t i = 0; i < kPeers; ++i) {
    Vector difference = x[i];
    for (std::size_t c = 0; c < kFeatures; ++c) difference[c] -= x_hat[i][c];
    const Vector q = top_k(difference, 2);
    for (std::size_t c = 0; c < kFeatures; ++c) x_hat[i][c] += q[c];
  }
}

void choco_step_then_mix(const std::vector<Ridge>& f, std::vector<Vector>& x, std::vector<Vector>& x_hat) {
  for (std::size_t i = 0; i < kPeers; ++i) x[i] = descend(x[i], f[i].gradient(x[i]));
  advance_references(x, x_hat);
  mix(x, x_hat);
}

void choco_mix_then_step(const std::vector<Ridge>& f, std::vector<Vector>& x, std::vector<Vector>& x_hat) {
  mix(x, x_hat);
  advance_references(x, x_hat);
  for (std::size_t i = 0; i < kPeers; ++i) x[i] = descend(x[i], f[i].gradient(x[i]));
}

struct Case {
  const char* name;
  const char* algorithm;
  const char* compressor;
  Round round;
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.name;
}

class Trace : public ::testing::TestWithParam<Case> {};

TEST_P(Trace, EveryIterateIsThatOfAnIndependentImplementation) {
  ScratchDirectory scratch;
  const std::vector<Ridge> problem = make_problem();
  std::string file =
      "[swarm]\nrounds = 40\n[learning]\ndataset = \"csv(train=all.csv, task=regression)\"\nmodel = "
      "\"ridge(lambda=0.05, intercept=false)\"\n"
      "batch = \"full\"\nlearning_rate = 0.1\ninit = \"zeros\"\n[topology]\ngraph = \"ring\"\n";
  std::ofstream all(scratch / "all.csv");
  for (std::size_t i = 0; i < kPeers; ++i) {
    const std::string name = "p" + std::to_string(i) + ".csv";
    file += "[[peer]]\nname = \"p" + std::to_string(i) + "\"\ndata = \"" + name + "\"\n";
    std::ofstream own(scratch / name);
    for (std::size_t row = 0; row < problem[i].b.size(); ++row) {
      std::string line;
      for (double a : problem[i].A[row]) line += nlohmann::json(a).dump() + ",";
      line += nlohmann::json(problem[i].b[row]).dump() + "\n";
      own << line;
      all << line;
    }
  }
  all.close();
  file += std::string("[gossip]\nalgorithm = \"") + GetParam().algorithm + "\"\n[compression]\noperator = \"" +
          GetParam().compressor + "\"\n";
  std::ofstream(scratch / "ridge.toml") << file;

  const std::string trace = (scratch / "trace.jsonl").string();
  const Finished finished = run_program("parley",
                                        {"simulate", (scratch / "ridge.toml").string(), "--trace", trace, "--json",
                                         "--set", "learning.data=" + scratch.path().string()},
                                        {{"PARLEY_RUNTIME_DIR", scratch.path().string()}});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;

  // x[round][peer]
  std::vector<std::vector<Vector>> traced(kRounds + 1, std::vector<Vector>(kPeers));
  std::ifstream lines(trace);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto parsed = nlohmann::json::parse(line);
    traced.at(parsed.at("round").get<std::size_t>()).at(parsed.at("peer").get<std::size_t>()) =
        parsed.at("x").get<Vector>();
  }
  ASSERT_EQ(count, (kRounds + 1) * kPeers);

  std::vector<Vector> x(kPeers, Vector(kFeatures)), x_hat = x;
  for (std::size_t round = 0; round <= kRounds; ++round) {
    for (std::size_t i = 0; i < kPeers; ++i) {
      ASSERT_EQ(traced[round][i].size(), kFeatures);
      for (std::size_t c = 0; c < kFeatures; ++c) {
        // Single against double precision: numbers below 8, some 50 roundings a round, each at most 2^-22, and steps
        // that do not amplify them.
        ASSERT_NEAR(traced[round][i][c], x[i][c], 50.0 * static_cast<double>(round) * 0x1p-22)
            << "round " << round << " peer " << i;
      }
    }
    GetParam().round(problem, x, x_hat);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Algorithms, Trace,
    ::testing::Values(Case{"DpsgdCta", "dpsgd(order=cta)", "identity", dpsgd_combine_then_adapt},
                      Case{"DpsgdAtc", "dpsgd(order=atc)", "identity", dpsgd_adapt_then_combine},
                      Case{"ChocoAtc", "choco(gamma=0.3, order=atc)", "topk(k=2)", choco_step_then_mix},
                      Case{"ChocoCta", "choco(gamma=0.3, order=cta)", "topk(k=2)", choco_mix_then_step}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace parley::daemon
