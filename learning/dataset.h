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
  /// Writes sample `row` as feature_count floats. Checked: row < size(), out.size() == feature_count.
  void read(std::size_t row, std::span<float> out) const;
};

/// Gathers a minibatch: the samples `rows`, in that order and with repetitions, one after the other into `out`. Does
/// not allocate. Checked: every row < size(), out.size() == rows.size() * feature_count.
void read_rows(const Dataset& dataset, std::span<const std::uint32_t> rows, std::span<float> out);

/// What all samples of a source have in common, and what a peer's own file must fit.
struct Schema {
  std::size_t feature_count = 0;
  std::vector<std::size_t> sample_shape;   ///< as Dataset::sample_shape
  std::vector<std::string> class_names;    ///< how files write class 0, 1, ...; empty for regression
  std::vector<std::string> feature_names;  ///< empty unless the files name their columns
};

/// Training samples by their place in the source, ascending and without repetition.
using Rows = std::vector<std::uint32_t>;

/// Where training and test samples come from. A source reads labels first and features only of the rows it is asked
/// for, so that a peer never holds another peer's samples. Loading throws base::OperatorError naming the file and line
/// or byte, what was found there and what is needed.
class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual const std::string& spec() const = 0;  ///< canonical
  virtual const Schema& schema() const = 0;
  std::size_t classes() const { return schema().class_names.size(); }  ///< 0 for regression
  virtual std::size_t train_size() const = 0;
  virtual std::size_t test_size() const = 0;  ///< 0: there is no test set
  /// The targets of all training samples, for partitioners.
  virtual std::vector<float> train_targets() = 0;
  /// Sample i of the result is training sample rows[i]. Checked: rows ascend and are below train_size().
  virtual Dataset load_train(const Rows& rows) = 0;
  virtual Dataset load_test() = 0;
};

/// How one kind of data set reads a peer's own file, which holds training samples only.
struct OwnFileReader {
  std::span<const std::string_view> endings;    ///< a plain file name that ends so is of this kind
  std::span<const std::string_view> inherited;  ///< arguments taken from the swarm's data set if it is of this kind too
  /// Reads all samples and checks that they fit `schema`. Throws base::OperatorError.
  Dataset (*load)(const base::Arguments& arguments, const std::string& directory, const Schema& schema);
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
  const OwnFileReader* own_file = nullptr;  ///< null: no peer can bring a file of this kind
};
std::span<const DatasetRow> dataset_registry();
/// "glyphs", "mnist", "idx(...)", "libsvm(a9a)", "csv(train=..., target=...)", "npy(...)". Throws base::OperatorError.
std::unique_ptr<DataSource> open_dataset(std::string_view spec, const std::string& directory, std::uint64_t seed);

/// A source that reads all training samples and the test set of `source` once and then serves parts from memory: for a
/// simulator that hands out the parts of many peers.
std::unique_ptr<DataSource> hold_in_memory(std::unique_ptr<DataSource> source);

/// Reads the samples that a peer brings itself: `data` is a file name ("a.csv") or a spec ("csv(a.csv, target=age)").
/// They must fit the schema of the swarm's data set `reference`: as many features, of the same names if both files have
/// names, and no class that it does not know. Throws base::OperatorError.
Dataset load_own_file(std::string_view data, const std::string& directory, const DataSource& reference);

/// Divides training samples among n peers. The parts are disjoint and cover all samples.
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
