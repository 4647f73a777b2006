// Labelled samples as they are stored, and how a swarm's samples are divided among its peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/spec.h"

namespace parley::learning {

/// Row-major m by f features in the type in which they were stored. A stored value v stands for v * scale.
struct DenseBytes {
  std::vector<std::uint8_t> values;
  float scale = 1.0f / 255.0f;
};
struct DenseFloats {
  std::vector<float> values;
};
/// Compressed sparse rows: the entries of row i are at [row_start[i], row_start[i+1]), columns ascending.
struct SparseRows {
  std::vector<std::uint64_t> row_start;  ///< m + 1
  std::vector<std::uint32_t> column;
  std::vector<float> value;
};

/// m samples of f features. Targets are class numbers 0 .. classes-1 stored as floats, or real numbers if classes == 0.
struct Dataset {
  std::variant<DenseBytes, DenseFloats, SparseRows> features;
  std::vector<float> targets;  ///< m
  std::size_t feature_count = 0;
  std::size_t classes = 0;                ///< 0 for regression
  std::vector<std::size_t> sample_shape;  ///< such as {1, 28, 28}: channels, height, width; {f} without structure

  std::size_t size() const { return targets.size(); }
  /// Writes sample `row` as feature_count floats.
  void read(std::size_t row, std::span<float> out) const;
};

/// Which rows of a file a reader keeps; empty optional means all. Rows are ascending.
using Rows = std::vector<std::uint32_t>;

/// Where training and test samples come from. A source reads labels first and features only of the rows it is asked
/// for, so that a peer never holds another peer's samples.
class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual std::size_t train_size() const = 0;
  virtual std::size_t test_size() const = 0;  ///< 0: there is no test set
  /// The targets of all training samples, for partitioners.
  virtual std::vector<float> train_targets() = 0;
  virtual std::size_t classes() const = 0;
  virtual Dataset load_train(const Rows& rows) = 0;
  virtual Dataset load_test() = 0;
};

/// One kind of data set. Adding one: its file, its row, its tests.
struct DatasetRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// `directory` holds the files; empty if none is configured. `seed` is for generated data.
  /// Throws base::OperatorError naming the file (and line or offset) and the remedy.
  std::unique_ptr<DataSource> (*open)(const base::Arguments& arguments, const std::string& directory,
                                      std::uint64_t seed);
};
std::span<const DatasetRow> dataset_registry();
/// "glyphs", "mnist", "idx(...)", "libsvm(a9a)", "csv(train=..., target=...)", "npy(...)". Throws base::OperatorError.
std::unique_ptr<DataSource> open_dataset(std::string_view spec, const std::string& directory, std::uint64_t seed);

/// Divides training samples among n peers. The parts are disjoint.
struct PartitionRow {
  std::string_view name;
  std::string_view summary;
  std::span<const base::Parameter> parameters;
  /// The ascending rows of `peer`. Every peer computes its part from the same arguments.
  Rows (*part)(const base::Arguments& arguments, std::span<const float> targets, std::size_t classes, std::size_t peers,
               base::PeerId peer, std::uint64_t seed);
};
std::span<const PartitionRow> partition_registry();
/// "iid", "dirichlet(alpha=0.1)", "shards(labels=2)". Throws base::OperatorError, also if a part would be empty.
Rows partition(std::string_view spec, std::span<const float> targets, std::size_t classes, std::size_t peers,
               base::PeerId peer, std::uint64_t seed);

}  // namespace parley::learning
