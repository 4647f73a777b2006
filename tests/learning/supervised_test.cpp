#include "learning/supervised.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numbers>
#include <set>
#include <thread>
#include <vector>

#include "allocation_count.h"
#include "base/error.h"
#include "base/random.h"
#include "learning/minibatch.h"
#include "learning/optimizer.h"
#include "learning/safetensors.h"
#include "samples.h"

namespace parley::learning {
namespace {

using testing::as_floats;
using testing::as_sparse;
using testing::byte_samples;
using Values = std::vector<float>;

/// Runs tasks on threads of its own; lane l takes the tasks l, l + width, ...
class ThreadExecutor final : public base::Executor {
 public:
  explicit ThreadExecutor(std::size_t width) : width_(width) {}
  std::size_t width() const override { return width_; }
  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& body) override {
    std::vector<std::thread> threads;
    threads.reserve(width_);
    for (std::size_t lane = 0; lane < width_; ++lane) {
      threads.emplace_back([&, lane] {
        for (std::size_t task = lane; task < count; task += width_) body(task, lane);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::size_t width_;
};

SupervisedSettings settings_for(const char* model, std::size_t batch = 0) {
  SupervisedSettings settings;
  settings.model = model;
  settings.batch = batch;
  return settings;
}

TestSetLoader share(std::shared_ptr<const Dataset> test) {
  return [test = std::move(test)] { return test; };
}

base::SerialExecutor serial;

TEST(SupervisedLearner, GradientIsThatOfTheMeanOverTheMinibatchOfTheRound) {
  const Dataset data = byte_samples(100);
  const auto learner = make_supervised_learner(settings_for("softmax(lambda=0.1)", 32), byte_samples(100), {}, serial);
  const auto model = make_model("softmax(lambda=0.1)", {6, 3, {6}});
  const auto workspace = model->make_workspace(100);
  MinibatchSchedule schedule(100, 32, 1, base::PeerId{0});
  Values x(learner->layout().size(), 0.01f), g(x.size());
  for (std::uint64_t t = 0; t < 9; ++t) {
    const auto rows = schedule.rows(base::Round{t});
    Values features(rows.size() * 6), targets, expected(x.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      data.read(rows[i], std::span(features).subspan(i * 6, 6));
      targets.push_back(data.targets[rows[i]]);
    }
    const double sum = model->gradient(x, {features, targets, rows.size()}, 1.0f / static_cast<float>(rows.size()),
                                       Write::set, *workspace, expected);
    const double regularizer = model->add_regularizer(x, expected);
    EXPECT_EQ(learner->gradient(x, base::Round{t}, g), sum / static_cast<double>(rows.size()) + regularizer);
    EXPECT_EQ(g, expected);
  }
}

TEST(SupervisedLearner, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const char* model : {"softmax", "mlp(hidden=7)"}) {
    std::vector<Values> gradients;
    std::vector<double> losses, evaluations;
    for (const std::size_t width : {1u, 2u, 3u, 5u}) {
      ThreadExecutor executor(width);
      const auto test = std::make_shared<const Dataset>(byte_samples(700, 2));
      const auto learner = make_supervised_learner(settings_for(model), byte_samples(1000), share(test), executor);
      Values x(learner->layout().size()), g(x.size());
      learner->initial_model(x);
      losses.push_back(learner->gradient(x, base::Round{0}, g));
      gradients.push_back(g);
      const Evaluation evaluation = learner->evaluate(x);
      evaluations.push_back(evaluation.train_loss + 3 * evaluation.test_loss + 7 * evaluation.test_accuracy);
    }
    for (std::size_t i = 1; i < gradients.size(); ++i) {
      EXPECT_EQ(gradients[i], gradients[0]);
      EXPECT_EQ(losses[i], losses[0]);
      EXPECT_EQ(evaluations[i], evaluations[0]);
    }
  }
}

TEST(SupervisedLearner, StoredTypeDoesNotChangeTheGradient) {
  const Dataset bytes = byte_samples(50);
  Values expected, x, g;
  for (const Dataset& data : {bytes, as_floats(bytes), as_sparse(bytes)}) {
    const auto learner = make_supervised_learner(settings_for("mlp(hidden=4)", 16), data, {}, serial);
    x.resize(learner->layout().size());
    g.resize(x.size());
    learner->initial_model(x);
    learner->gradient(x, base::Round{1}, g);
    if (expected.empty()) expected = g;
    EXPECT_EQ(g, expected);
  }
}

TEST(SupervisedLearner, EvaluationIsTheMeanOverAllSamples) {
  const Dataset train = byte_samples(300), held_out = byte_samples(299, 2);
  const auto test = std::make_shared<const Dataset>(held_out);
  const auto learner = make_supervised_learner(settings_for("softmax(lambda=0.2)", 8), train, share(test), serial);
  Values x(learner->layout().size());
  learner->initial_model(x);
  const auto by_hand = [&](const Dataset& data) {
    double loss = 0, right = 0, square = 0;
    Values a(6);
    for (std::size_t i = 0; i < data.size(); ++i) {
      data.read(i, a);
      double z[3], sum = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        z[c] = static_cast<double>(x[18 + c]);
        for (std::size_t j = 0; j < 6; ++j) z[c] += static_cast<double>(x[c * 6 + j]) * static_cast<double>(a[j]);
        sum += std::exp(z[c]);
      }
      loss += std::log(sum) - z[static_cast<std::size_t>(data.targets[i])];
      right += std::max_element(z, z + 3) - z == static_cast<std::ptrdiff_t>(data.targets[i]) ? 1 : 0;
    }
    for (std::size_t k = 0; k < 18; ++k) square += static_cast<double>(x[k]) * static_cast<double>(x[k]);
    const auto m = static_cast<double>(data.size());
    return std::pair(loss / m + 0.1 * square, right / m);
  };
  const Evaluation found = learner->evaluate(x);
  constexpr double kTolerance = 20 * 0x1p-24;  // 6 products, 3 exponentials of 1 ulp and their sum, on values near 1
  EXPECT_NEAR(found.train_loss, by_hand(train).first, kTolerance);
  EXPECT_NEAR(found.test_loss, by_hand(held_out).first, kTolerance);
  EXPECT_EQ(found.test_accuracy, by_hand(held_out).second);
}

TEST(SupervisedLearner, WhatCannotBeMeasuredIsNotANumber) {
  const auto without_test = make_supervised_learner(settings_for("softmax"), byte_samples(9), {}, serial);
  const Values zero(without_test->layout().size());
  EXPECT_NEAR(without_test->evaluate(zero).train_loss, std::numbers::ln10 / std::log2(10) * std::log2(3), 1e-14);
  EXPECT_TRUE(std::isnan(without_test->evaluate(zero).test_loss));
  EXPECT_TRUE(std::isnan(without_test->evaluate(zero).test_accuracy));

  Dataset numbers = byte_samples(9);
  numbers.classes = 0;
  const auto test = std::make_shared<const Dataset>(numbers);
  const auto regression = make_supervised_learner(settings_for("ridge"), numbers, share(test), serial);
  EXPECT_FALSE(std::isnan(regression->evaluate(Values(6)).test_loss));
  EXPECT_TRUE(std::isnan(regression->evaluate(Values(6)).test_accuracy));
}

TEST(SupervisedLearner, TestSetIsLoadedOnceByTheFirstEvaluation) {
  int loads = 0;
  const auto load = [&] {
    ++loads;
    return std::make_shared<const Dataset>(byte_samples(5, 2));
  };
  const auto learner = make_supervised_learner(settings_for("softmax", 2), byte_samples(9), load, serial);
  Values x(learner->layout().size()), g(x.size());
  learner->gradient(x, base::Round{0}, g);
  EXPECT_EQ(loads, 0);
  learner->evaluate(x);
  learner->evaluate(x);
  EXPECT_EQ(loads, 1);
}

TEST(SupervisedLearner, GradientDoesNotAllocateOnceWarm) {
  for (const std::size_t batch : {0u, 32u}) {
    const auto learner = make_supervised_learner(settings_for("mlp(hidden=9)", batch), byte_samples(400), {}, serial);
    Values x(learner->layout().size()), g(x.size());
    learner->initial_model(x);
    learner->gradient(x, base::Round{0}, g);
    const std::size_t before = testing::allocations();
    for (std::uint64_t t = 1; t < 30; ++t) learner->gradient(x, base::Round{t}, g);
    EXPECT_EQ(testing::allocations(), before);
  }
}

/// Solves the symmetric positive definite system H x = b by elimination.
std::vector<double> solve(std::vector<std::vector<double>> H, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t p = 0; p < n; ++p) {
    for (std::size_t r = p + 1; r < n; ++r) {
      const double factor = H[r][p] / H[p][p];
      for (std::size_t c = p; c < n; ++c) H[r][c] -= factor * H[p][c];
      b[r] -= factor * b[p];
    }
  }
  for (std::size_t p = n; p-- > 0;) {
    for (std::size_t c = p + 1; c < n; ++c) b[p] -= H[p][c] * b[c];
    b[p] /= H[p][p];
  }
  return b;
}

TEST(SupervisedLearner, GradientDescentReachesTheClosedFormOfRidge) {
  constexpr std::size_t kRows = 200, kFeatures = 4;
  constexpr double kLambda = 0.3;
  base::Random random({.seed = 8, .peer = {}, .round = {}, .stream = base::Stream::test});
  Dataset data{.features = {}, .targets = {}, .feature_count = kFeatures, .classes = 0, .sample_shape = {kFeatures}};
  DenseFloats a;
  for (std::size_t i = 0; i < kRows * kFeatures; ++i) a.values.push_back(static_cast<float>(random.normal()));
  for (std::size_t i = 0; i < kRows; ++i) data.targets.push_back(static_cast<float>(3 + random.normal()));

  // With the intercept as a last column of ones that lambda leaves alone: (A'A/m + lambda I) x = A'b/m.
  constexpr std::size_t n = kFeatures + 1;
  std::vector<std::vector<double>> H(n, std::vector<double>(n));
  std::vector<double> right(n);
  for (std::size_t i = 0; i < kRows; ++i) {
    double row[n];
    for (std::size_t j = 0; j < n; ++j) row[j] = j < kFeatures ? static_cast<double>(a.values[i * kFeatures + j]) : 1.0;
    for (std::size_t j = 0; j < n; ++j) {
      right[j] += row[j] * static_cast<double>(data.targets[i]) / kRows;
      for (std::size_t k = 0; k < n; ++k) H[j][k] += row[j] * row[k] / kRows;
    }
  }
  for (std::size_t j = 0; j < kFeatures; ++j) H[j][j] += kLambda;
  const std::vector<double> expected = solve(H, right);

  data.features = std::move(a);
  const auto learner =
      make_supervised_learner(settings_for("ridge(lambda=0.3, intercept=true)"), std::move(data), {}, serial);
  const auto optimizer = make_optimizer("sgd", n);
  Values x(n), g(n);
  for (std::uint64_t t = 0; t < 300; ++t) {
    learner->gradient(x, base::Round{t}, g);
    optimizer->step(x, x, g, 0.5f);
  }
  // The slowest direction shrinks by at least 1 - 0.5 * 0.6 a step, so only rounding is left: the gradient's, of 200
  // products of size about 3, over the least curvature.
  for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(x[j], expected[j], 200 * 3 * 0x1p-24 / 0.6);
}

TEST(SupervisedLearner, InitialModelsAreCommonOrNotAsTheySay) {
  const auto start = [](const char* init, std::uint32_t peer) {
    SupervisedSettings settings = settings_for("mlp(hidden=5)");
    settings.init = init;
    settings.peer = base::PeerId{peer};
    settings.peers = 4;
    const auto learner = make_supervised_learner(settings, byte_samples(20, peer), {}, serial);
    Values x(learner->layout().size(), 7);
    learner->initial_model(x);
    return std::pair(x, learner->common_initial_model());
  };
  EXPECT_EQ(start("zeros", 1).first, Values(start("zeros", 1).first.size()));
  EXPECT_TRUE(start("zeros", 1).second);
  EXPECT_EQ(start("common", 1).first, start("common", 2).first);
  EXPECT_TRUE(start("common", 1).second);
  EXPECT_NE(start("independent", 1).first, start("independent", 2).first);
  EXPECT_NE(start("independent", 0).first, start("common", 0).first);
  EXPECT_FALSE(start("independent", 1).second);
  EXPECT_THROW(start("commn", 0), base::OperatorError);
  EXPECT_THROW(start("file", 0), base::OperatorError);
  EXPECT_THROW(start("file(/no/such/file.safetensors)", 0), base::OperatorError);
}

class SupervisedFiles : public ::testing::Test {
 protected:
  SupervisedFiles() {
    directory_ = std::filesystem::path(::testing::TempDir()) /
                 fmt::format("{}-{}", ::testing::UnitTest::GetInstance()->current_test_info()->name(), getpid());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const char* name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  std::filesystem::path directory_;
};

TEST_F(SupervisedFiles, InitialModelIsReadFromSafetensors) {
  SupervisedSettings settings = settings_for("softmax");
  settings.init = fmt::format("file({})", (directory_ / "m.safetensors").string());
  const auto learner = make_supervised_learner(settings, byte_samples(20), {}, serial);
  Values written(learner->layout().size()), read(written.size());
  for (std::size_t i = 0; i < written.size(); ++i) written[i] = static_cast<float>(i) / 3;
  write_safetensors(directory_ / "m.safetensors", learner->layout(), written, {});
  learner->initial_model(read);
  EXPECT_EQ(read, written);
  EXPECT_FALSE(learner->common_initial_model());
}

/// A source of bytes in memory that notes what is asked of it.
class NotingSource final : public DataSource {
 public:
  const std::string& spec() const override { return spec_; }
  const Schema& schema() const override { return schema_; }
  std::size_t train_size() const override { return data_.size(); }
  std::size_t test_size() const override { return 0; }
  std::vector<float> train_targets() override { return data_.targets; }
  Dataset load_train(const Rows& rows) override {
    loaded.push_back(rows);
    const Dataset floats = as_floats(data_);
    DenseFloats kept{Values(rows.size() * 6)};
    Dataset part = data_;
    part.targets.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      floats.read(rows[i], std::span(kept.values).subspan(i * 6, 6));
      part.targets.push_back(data_.targets[rows[i]]);
    }
    part.features = std::move(kept);
    return part;
  }
  Dataset load_test() override { return data_; }

  std::vector<Rows> loaded;

 private:
  std::string spec_ = "noting";
  Schema schema_{.feature_count = 6, .sample_shape = {6}, .class_names = {"0", "1", "2"}, .feature_names = {}};
  Dataset data_ = byte_samples(103);
};

TEST(SupervisedLearner, EachPeerLoadsItsOwnPartAndNothingElse) {
  NotingSource source;
  for (std::uint32_t peer = 0; peer < 4; ++peer) {
    SupervisedSettings settings = settings_for("softmax", 10);
    settings.peers = 4;
    settings.peer = base::PeerId{peer};
    const auto learner = make_supervised_learner(settings, source, nullptr, serial);
    EXPECT_EQ(source.loaded.size(), peer + 1);
  }
  std::set<std::uint32_t> seen;
  std::size_t total = 0;
  for (const Rows& rows : source.loaded) {
    seen.insert(rows.begin(), rows.end());
    total += rows.size();
  }
  EXPECT_EQ(seen.size(), 103u);
  EXPECT_EQ(total, 103u);
}

TEST_F(SupervisedFiles, OpensADataSetByNameAndAPeersOwnFileInsteadOfItsPart) {
  write("train.csv", "a,b,y\n1,0,0\n0,1,1\n1,1,0\n0,2,1\n");
  write("test.csv", "a,b,y\n1,0,0\n0,1,1\n2,0,1\n3,0,0\n");
  write("own.csv", "a,b,y\n5,0,0\n");
  SupervisedSettings settings = settings_for("softmax");
  settings.dataset = "csv(train=train.csv, test=test.csv)";
  settings.directory = directory_.string();
  const auto learner = make_supervised_learner(settings, serial);
  const Values x{1, 0, 0, 1, 0, 0};  // predicts the larger of a and b
  EXPECT_EQ(learner->evaluate(x).test_accuracy, 0.75);

  settings.own_file = "own.csv";
  const auto own = make_supervised_learner(settings, serial);
  Values g(6);
  own->gradient(Values(6), base::Round{0}, g);
  EXPECT_EQ(g, (Values{-2.5, 0, 2.5, 0, -0.5, 0.5}));  // (1/2 - [class is 0]) * 5
  EXPECT_EQ(own->evaluate(x).test_accuracy, 0.75) << "the test set is everyone's";
}

TEST(SupervisedLearner, AModelThatDoesNotFitTheDataIsRefused) {
  for (const char* model : {"lenet", "ridge", "logistic", "no-such-model"})
    EXPECT_THROW(make_supervised_learner(settings_for(model), byte_samples(9), {}, serial), base::OperatorError)
        << model;
  Dataset narrow = byte_samples(9);
  narrow.feature_count = 3;
  const auto test = std::make_shared<const Dataset>(narrow);
  const auto learner = make_supervised_learner(settings_for("softmax"), byte_samples(9), share(test), serial);
  EXPECT_THROW(learner->evaluate(Values(21)), base::OperatorError);
}

}  // namespace
}  // namespace parley::learning
