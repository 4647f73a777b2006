#include "learning/supervised.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "learning/batch_reader.h"
#include "learning/initial_model.h"
#include "learning/minibatch.h"

namespace parley::learning {
namespace {

/// Samples per task. Part of the results: sums are joined chunk by chunk.
constexpr std::size_t kChunk = 128;

std::size_t chunk_count(std::size_t samples) {
  return (samples + kChunk - 1) / kChunk;
}

/// What one running task needs for itself.
struct Lane {
  BatchReader reader;
  std::unique_ptr<Workspace> workspace;
};

std::vector<Lane> make_lanes(std::size_t count, std::size_t max_rows, std::size_t features, const Model& model) {
  std::vector<Lane> lanes;
  lanes.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    lanes.push_back({BatchReader(max_rows, features), model.make_workspace(max_rows)});
  return lanes;
}

class SupervisedLearner final : public Learner {
 public:
  SupervisedLearner(const SupervisedSettings& settings, Dataset samples, TestSetLoader load_test,
                    base::Executor& executor)
      : seed_(settings.seed),
        peer_(settings.peer),
        init_(settings.init),
        samples_(std::move(samples)),
        load_test_(std::move(load_test)),
        model_(make_model(settings.model, {samples_.feature_count, samples_.classes, samples_.sample_shape})),
        schedule_(samples_.size(), settings.batch, settings.seed, settings.peer),
        executor_(executor) {
    check_targets(samples_);
  }

  const base::ParameterLayout& layout() const override { return model_->layout(); }
  void initial_model(std::span<float> x) override { init_.write(*model_, seed_, peer_, x); }
  bool common_initial_model() const override { return init_.is_common(); }

  double gradient(std::span<const float> x, base::Round round, std::span<float> g) override {
    PARLEY_CHECK(x.size() == layout().size() && g.size() == layout().size(), x.size(), g.size(), layout().size());
    const std::span<const std::uint32_t> rows = schedule_.rows(round);
    prepare_lanes();
    const double sum = rows.size() <= kChunk ? chunk_gradient(x, rows, rows.size(), Write::set, lanes_.front(), g)
                                             : joined_gradient(x, rows, g);
    return sum / static_cast<double>(rows.size()) + model_->add_regularizer(x, g);
  }

  Evaluation evaluate(std::span<const float> x) override {
    PARLEY_CHECK(x.size() == layout().size(), x.size(), layout().size());
    if (load_test_) {
      test_ = load_test_();
      load_test_ = nullptr;
      if (test_ != nullptr) check_test_set();
    }
    // Kept only while it is used: evaluations are rare, and their batches are larger than those of training.
    std::vector<Lane> lanes = make_lanes(executor_.width(), kChunk, samples_.feature_count, *model_);
    const double regularizer = model_->regularizer(x);
    Evaluation result{.test_loss = std::numeric_limits<double>::quiet_NaN(),
                      .test_accuracy = std::numeric_limits<double>::quiet_NaN()};
    result.train_loss = mean_score(x, samples_, lanes).loss + regularizer;
    if (test_ == nullptr || test_->size() == 0) return result;
    const Mean test = mean_score(x, *test_, lanes);
    result.test_loss = test.loss + regularizer;
    if (test_->classes > 0) result.test_accuracy = test.accuracy;
    return result;
  }

 private:
  struct Mean {
    double loss = 0, accuracy = 0;
  };

  /// Models index with class numbers, so a number out of range must not get that far.
  static void check_targets(const Dataset& data) {
    if (data.classes == 0) return;
    for (const float target : data.targets)
      PARLEY_CHECK(target >= 0 && target < static_cast<float>(data.classes), target, data.classes);
  }

  void check_test_set() const {
    if (test_->feature_count != samples_.feature_count || test_->classes != samples_.classes) {
      throw base::OperatorError(fmt::format(
          "the test set has {} features and {} classes, but the training samples have {} and {}; both must agree",
          test_->feature_count, test_->classes, samples_.feature_count, samples_.classes));
    }
    check_targets(*test_);
  }

  void prepare_lanes() {
    const std::size_t largest = schedule_.largest_batch();
    const std::size_t wanted = std::min(executor_.width(), chunk_count(largest));
    if (lanes_.size() == wanted) return;
    lanes_ = make_lanes(wanted, std::min(largest, kChunk), samples_.feature_count, *model_);
    partials_.assign(wanted, std::vector<float>(chunk_count(largest) > 1 ? layout().size() : 0));
    losses_.resize(wanted);
  }

  double chunk_gradient(std::span<const float> x, std::span<const std::uint32_t> rows, std::size_t minibatch,
                        Write write, Lane& lane, std::span<float> g) const {
    const Batch batch = lane.reader.read(samples_, rows);
    return model_->gradient(x, batch, 1.0f / static_cast<float>(minibatch), write, *lane.workspace, g);
  }

  /// Chunk 0 goes to g and the others to partial sums of their own, as many at a time as run at once; then these are
  /// added to g in ascending order. How many run at once does not change which sums are formed.
  double joined_gradient(std::span<const float> x, std::span<const std::uint32_t> rows, std::span<float> g) {
    const std::size_t chunks = chunk_count(rows.size());
    double sum = 0;
    for (std::size_t first = 0; first < chunks; first += lanes_.size()) {
      const std::size_t count = std::min(lanes_.size(), chunks - first);
      const auto target = [&](std::size_t task) { return first + task == 0 ? g : std::span<float>(partials_[task]); };
      const auto body = [&](std::size_t task, std::size_t lane) {
        const std::size_t start = (first + task) * kChunk;
        const auto part = rows.subspan(start, std::min(kChunk, rows.size() - start));
        losses_[task] = chunk_gradient(x, part, rows.size(), Write::set, lanes_[lane], target(task));
      };
      executor_.run(count, std::cref(body));  // by reference: a copy of this closure would be allocated
      for (std::size_t task = 0; task < count; ++task) {
        sum += losses_[task];
        if (first + task == 0) continue;
        const float* partial = partials_[task].data();
        for (std::size_t i = 0; i < g.size(); ++i) g[i] += partial[i];
      }
    }
    return sum;
  }

  Mean mean_score(std::span<const float> x, const Dataset& data, std::vector<Lane>& lanes) {
    std::vector<Model::Score> scores(chunk_count(data.size()));
    executor_.run(scores.size(), [&](std::size_t task, std::size_t lane) {
      const std::size_t first = task * kChunk;
      const Batch batch = lanes[lane].reader.read(data, first, std::min(kChunk, data.size() - first));
      scores[task] = model_->score(x, batch, *lanes[lane].workspace);
    });
    double loss = 0;
    std::size_t correct = 0;
    for (const Model::Score& score : scores) {
      loss += score.loss;
      correct += score.correct;
    }
    const auto m = static_cast<double>(data.size());
    return {loss / m, static_cast<double>(correct) / m};
  }

  const std::uint64_t seed_;
  const base::PeerId peer_;
  const InitialModel init_;
  const Dataset samples_;
  TestSetLoader load_test_;  // emptied by the first evaluation
  std::shared_ptr<const Dataset> test_;
  const std::unique_ptr<Model> model_;
  MinibatchSchedule schedule_;
  base::Executor& executor_;

  // For gradients; made by the first one.
  std::vector<Lane> lanes_;
  std::vector<std::vector<float>> partials_;  // per task of one run: layout().size() floats, if minibatches have chunks
  std::vector<double> losses_;                // per task of one run
};

}  // namespace

std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, Dataset samples,
                                                 TestSetLoader load_test, base::Executor& executor) {
  PARLEY_CHECK(samples.size() > 0);
  return std::make_unique<SupervisedLearner>(settings, std::move(samples), std::move(load_test), executor);
}

}  // namespace parley::learning
