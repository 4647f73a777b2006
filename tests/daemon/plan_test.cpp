#include "daemon/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "configuration.h"

namespace parley::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A directory with a training and a test file of 12 and 4 samples of 3 features in 2 classes.
class Planning : public ::testing::Test {
 protected:
  Planning() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-plan-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    write("train.csv", 12);
    write("test.csv", 4);
  }
  ~Planning() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, int rows) const {
    std::ofstream file(directory_ / name);
    file << "a,b,c,label\n";
    for (int i = 0; i < rows; ++i) file << i << "," << i * 2 << "," << 1 << "," << (i % 2 == 0 ? "no" : "yes") << "\n";
  }

  Config config(const Overrides& more = {}) const {
    Overrides overrides = {"learning.dataset=csv(train=train.csv, test=test.csv, target=label, task=classification)",
                           "learning.data=" + directory_.string(), "learning.model=softmax", "swarm.peers=4"};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return parse("", overrides);
  }

  std::string plan_refusal(const Overrides& more) const {
    try {
      static_cast<void>(make_plan(config(more), base::PeerId{}));
    } catch (const base::OperatorError& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path directory_;
};

TEST_F(Planning, CountsWhatARunCosts) {
  const Plan plan = make_plan(config({"compression.operator=identity"}), base::PeerId{});
  EXPECT_EQ(plan.train_samples, 12u);
  EXPECT_EQ(plan.test_samples, 4u);
  EXPECT_EQ(plan.smallest_part, 3u);
  EXPECT_EQ(plan.largest_part, 3u);
  EXPECT_EQ(plan.d, 8u);  // 2 classes of 3 weights and a bias each
  EXPECT_EQ(plan.message_bytes, 32.0);
  EXPECT_EQ(plan.round_bytes, 64.0);  // two neighbours
  EXPECT_EQ(plan.compression_ratio(), 1.0);
  EXPECT_EQ(plan.delta, 1.0);
  // A ring of n with Metropolis weights of 1/3 has lambda_k = 1/3 + 2/3 cos(2 pi k / n); here the second is 1/3.
  EXPECT_NEAR(plan.gap.value(), 2.0 / 3.0, 1e-12);
}

TEST_F(Planning, CompressionIsCountedAtTheModelsSize) {
  const Plan plan = make_plan(config({"compression.operator=topk(k=2)"}), base::PeerId{});
  EXPECT_LT(plan.message_bytes, 32.0);
  EXPECT_GE(plan.message_bytes, 2 * 4.0);  // at least the values
  EXPECT_EQ(plan.delta, 0.25);
}

TEST_F(Planning, BothFormsSayTheSame) {
  const Config checked = config();
  const Plan plan = make_plan(checked, base::PeerId{});
  const auto json = nlohmann::json::parse(plan_json(checked, plan));
  EXPECT_EQ(json["model"]["parameters"], 8);
  EXPECT_EQ(json["config_hash"], config_hash(checked));
  EXPECT_THAT(plan_text(checked, plan), AllOf(HasSubstr("d = 8 parameters"), HasSubstr(config_hash(checked))));
}

TEST_F(Planning, ATopologyThatDoesNotFitIsRefusedAtItsPlace) {
  EXPECT_THAT(plan_refusal({"topology.graph=torus(rows=3, cols=3)"}), StartsWith("--set: topology.graph: "));
}

TEST_F(Planning, ADisconnectedGraphIsRefusedWithThePeersThatAreCutOff) {
  std::ofstream(directory_ / "edges.csv") << "0,1\n2,3\n";
  EXPECT_THAT(plan_refusal({"topology.graph=file(" + (directory_ / "edges.csv").string() + ")"}),
              AllOf(HasSubstr("topology.graph: "), HasSubstr("connected")));
}

TEST_F(Planning, WeightsThatDoNotKeepTheAverageAreRefused) {
  EXPECT_THAT(plan_refusal({"topology.graph=star", "topology.weights=uniform"}),
              StartsWith("--set: topology.weights: "));
}

TEST_F(Planning, MissingDataAreRefusedWithTheFile) {
  std::filesystem::remove(directory_ / "test.csv");
  EXPECT_THAT(plan_refusal({}), HasSubstr("test.csv"));
}

TEST_F(Planning, MoreShardsThanSamplesAreRefused) {
  EXPECT_THAT(plan_refusal({"swarm.peers=16"}), HasSubstr("learning.partition: "));
}

TEST_F(Planning, AModelThatDoesNotFitTheDataIsRefusedAtItsPlace) {
  EXPECT_THAT(plan_refusal({"learning.model=lenet"}), StartsWith("--set: learning.model: "));
  EXPECT_THAT(plan_refusal({"learning.model=ridge"}), StartsWith("--set: learning.model: "));
}

TEST_F(Planning, AnOperatorThatCannotBeJoinedIsRefusedAtItsPlace) {
  EXPECT_THAT(plan_refusal({"compression.operator=qsgd | topk"}), StartsWith("--set: compression.operator: "));
}

TEST_F(Planning, AnOperatorThatTheAlgorithmCannotUseIsRefused) {
  EXPECT_THAT(plan_refusal({"gossip.algorithm=choco", "compression.operator=randk(ratio=0.1, scaling=unbiased)"}),
              HasSubstr("gossip.algorithm: "));
}

TEST_F(Planning, AnInitialModelThatIsNotThereIsRefused) {
  EXPECT_THAT(plan_refusal({"learning.init=file(/nonexistent/m.safetensors)"}),
              HasSubstr("/nonexistent/m.safetensors"));
}

TEST(PlanningOnRealData, MnistIsCountedAsPublished) {
  const char* data = std::getenv("PARLEY_DATA");
  if (data == nullptr) GTEST_SKIP() << "PARLEY_DATA is not set";
  const Plan plan =
      make_plan(parse("", {"learning.dataset=mnist", std::string("learning.data=") + data}), base::PeerId{3});
  EXPECT_EQ(plan.train_samples, 60000u);
  EXPECT_EQ(plan.test_samples, 10000u);
  EXPECT_EQ(plan.classes, 10u);
  EXPECT_EQ(plan.largest_part, 7500u);
  EXPECT_EQ(plan.d, 784u * 128 + 128 + 128 * 10 + 10);
  EXPECT_GE(plan.compression_ratio(), 30.0);  // top-k of one per cent
  const double lambda_2 = 1.0 / 3 + 2.0 / 3 * std::cos(2 * std::numbers::pi / 8);
  EXPECT_NEAR(plan.gap.value(), 1 - lambda_2, 1e-9);
}

}  // namespace
}  // namespace parley::daemon
