// The learner that Parley brings: a model on a peer's part of a data set.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "learning/dataset.h"
#include "learning/executor.h"
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

/// Loads this peer's samples and builds the model. Throws base::OperatorError. `executor` outlives the learner.
std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, Executor& executor);

/// The same over a source that is open already, so that a simulator shares one source and one test set among many
/// learners. `test` may be null.
std::unique_ptr<Learner> make_supervised_learner(const SupervisedSettings& settings, DataSource& source,
                                                 std::shared_ptr<const Dataset> test, Executor& executor);

}  // namespace parley::learning
