// The learner that Parley brings: a model on a peer's part of a data set.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/executor.h"
#include "learning/dataset.h"
#include "learning/learner.h"
#include "learning/model.h"

namespace parley::learning {

struct SupervisedSettings {
  std::string model;                    ///< spec
  std::string dataset;                  ///< spec
  std::string directory;                ///< where files are
  std::string partition = "iid";        ///< spec
  std::optional<std::string> own_file;  ///< this peer's own data, instead of a part of the data set
  std::string init = "common";          ///< "zeros", "common", "independent", "file(m.safetensors)"
  std::size_t batch = 32;               ///< samples per minibatch; 0: full batch
  std::uint64_t seed = 1;
  std::size_t peers = 1;
  base::PeerId peer{};
};

/// Loads this peer's samples and builds the model; the test set is loaded by the first evaluation. Throws
/// base::OperatorError. `executor` outlives the learner.
std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, base::Executor& executor);

/// The same over a source that is open already, so that a simulator shares one source and one test set among many
/// learners. `test` may be null. The learner does not keep `source`.
std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, DataSource& source,
                                                 std::shared_ptr<const Dataset> test, base::Executor& executor);

/// Called once, by the first evaluation; may return null.
using TestSetLoader = std::function<std::shared_ptr<const Dataset>()>;

/// The same on samples that are in memory already: settings.dataset, directory, partition and own_file are not used.
/// `load_test` may be empty. Checked: there is a sample.
///
/// Minibatches are those of MinibatchSchedule. A minibatch is cut into chunks of a fixed number of samples, whose
/// gradients are added in ascending order, so the executor's width never changes a bit. init = "file(...)" counts as
/// not common, because nobody has compared the files of two peers.
std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, Dataset samples,
                                                 TestSetLoader load_test, base::Executor& executor);

}  // namespace parley::learning
