#include <utility>

#include "base/error.h"
#include "learning/supervised.h"

namespace parley::learning {
namespace {

Dataset load_samples(const SupervisedSettings& settings, DataSource& source) {
  if (settings.own_file) return load_own_file(*settings.own_file, settings.directory, source);
  const std::vector<float> targets = source.train_targets();
  return source.load_train(
      partition(settings.partition, targets, source.classes(), settings.peers, settings.peer, settings.seed));
}

}  // namespace

std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, base::Executor& executor) {
  std::shared_ptr<DataSource> source = open_dataset(settings.dataset, settings.directory, settings.seed);
  Dataset samples = load_samples(settings, *source);
  TestSetLoader load_test;
  if (source->test_size() > 0) load_test = [source] { return std::make_shared<const Dataset>(source->load_test()); };
  return make_supervised_learner(settings, std::move(samples), std::move(load_test), executor);
}

std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, DataSource& source,
                                                 std::shared_ptr<const Dataset> test, base::Executor& executor) {
  return make_supervised_learner(
      settings, load_samples(settings, source), [test = std::move(test)] { return test; }, executor);
}

}  // namespace parley::learning
