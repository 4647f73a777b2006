// NumPy arrays: features of shape (m, f), (m, height, width) or (m, channels, height, width), and m targets.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "learning/datasets/npy_file.h"
#include "learning/datasets/rows.h"
#include "learning/datasets/targets.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "features",
     .kind = base::ParameterKind::word,
     .help = "file of the training samples, one per row",
     .required = true},
    {.name = "targets",
     .kind = base::ParameterKind::word,
     .help = "file of their targets; without it, the last column of the features is the target"},
    {.name = "test_features", .kind = base::ParameterKind::word, .help = "file of the test samples"},
    {.name = "test_targets", .kind = base::ParameterKind::word, .help = "file of their targets"},
    {.name = "task",
     .kind = base::ParameterKind::word,
     .fallback = "auto",
     .choices = kTaskChoices,
     .help = "auto: classes if the targets are at most 100 different whole numbers"},
    {.name = "scale",
     .kind = base::ParameterKind::real,
     .fallback = "auto",
     .low = 1e-30,
     .high = 1e30,
     .choices = "auto",
     .help = "what features are multiplied with; auto: 1/255 for unsigned bytes, otherwise 1"},
};

struct NpyPair {
  std::filesystem::path features;
  std::optional<std::filesystem::path> targets;
};

/// What the first pass finds: the targets and the shape of the features.
struct Scan {
  explicit Scan(NpyPair pair)
      : files(std::move(pair)),
        targets((files.targets ? *files.targets : files.features).string(), TargetColumn::Places::samples) {
    NpyFile features(files.features);
    const std::vector<std::size_t>& shape = features.shape();
    sample_count = features.rows();
    feature_count = features.row_size();
    if (shape.size() > 4) features.input().fail(fmt::format("found {} axes; needed at most 4", shape.size()));
    if (files.targets) {
      read_targets();
      sample_shape.assign(shape.begin() + 1, shape.end());
      if (sample_shape.empty()) sample_shape = {1};
      if (sample_shape.size() == 2) sample_shape.insert(sample_shape.begin(), 1);  // one channel
      return;
    }
    if (shape.size() != 2 || shape[1] < 2) {
      features.input().fail(
          fmt::format("found shape ({}); without targets= the shape needs to be (m, f + 1), the target last",
                      fmt::join(shape, ", ")));
    }
    std::vector<double> row(features.row_size());
    for (std::size_t i = 0; i < sample_count; ++i) {
      features.read_row(std::span(row));
      targets.add(row.back(), i + 1);
    }
    features.expect_end();
    sample_shape = {--feature_count};
  }

  NpyPair files;
  TargetColumn targets;
  std::size_t sample_count = 0;
  std::size_t feature_count = 0;
  std::vector<std::size_t> sample_shape;

 private:
  void read_targets() {
    NpyFile file(*files.targets);
    if (file.row_size() != 1)
      file.input().fail(fmt::format("found shape ({}); needed (m,)", fmt::join(file.shape(), ", ")));
    if (file.rows() != sample_count) {
      file.input().fail(fmt::format("found {} targets; needed {}, one for each row of {}", file.rows(), sample_count,
                                    files.features.string()));
    }
    double value = 0;
    for (std::size_t i = 0; i < sample_count; ++i) {
      file.read_row(std::span(&value, 1));
      targets.add(value, i + 1);
    }
    file.expect_end();
  }
};

using Features = decltype(Dataset::features);

/// The features of the given rows; of all if there are none given.
class FeatureReader {
 public:
  FeatureReader(const Scan& scan, const Rows* rows)
      : scan_(scan),
        rows_(rows),
        count_(rows == nullptr ? scan.sample_count : rows->size()),
        file_(scan.files.features) {
    const bool target_is_last = !scan.files.targets;
    if (file_.rows() != scan.sample_count || file_.row_size() != scan.feature_count + (target_is_last ? 1 : 0)) {
      file_.input().fail("the file has changed its shape while it was in use");
    }
  }

  Features read(const base::Arguments& arguments) {
    const std::optional<double> scale =
        arguments.is("scale", "auto") ? std::nullopt : std::optional(arguments.real("scale"));
    if (file_.element() == NpyFile::Element::u1) {
      DenseBytes bytes{.values = read_as<std::uint8_t, std::uint8_t>([](std::uint8_t value) { return value; })};
      if (scale) bytes.scale = static_cast<float>(*scale);
      return bytes;
    }
    const double factor = scale.value_or(1.0);
    return DenseFloats{read_as<double, float>([factor](double value) { return static_cast<float>(value * factor); })};
  }

 private:
  template <class Element, class Stored, class Convert>
  std::vector<Stored> read_as(const Convert& convert) {
    std::vector<Stored> values;
    values.reserve(count_ * scan_.feature_count);
    std::vector<Element> row(file_.row_size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t wanted = rows_ == nullptr ? i : (*rows_)[i];
      file_.skip_rows(wanted - next);
      file_.read_row(std::span(row));
      next = wanted + 1;
      const auto end = row.begin() + static_cast<std::ptrdiff_t>(scan_.feature_count);
      std::transform(row.begin(), end, std::back_inserter(values), convert);
    }
    if (next == scan_.sample_count) file_.expect_end();
    return values;
  }

  const Scan& scan_;
  const Rows* const rows_;
  const std::size_t count_;
  NpyFile file_;
};

class NpySource final : public DataSource {
 public:
  NpySource(const base::Arguments& arguments, NpyPair train, std::optional<NpyPair> test)
      : arguments_(arguments), spec_(arguments.canonical()), train_(std::move(train)) {
    schema_.feature_count = train_.feature_count;
    schema_.sample_shape = train_.sample_shape;
    if (test) {
      test_.emplace(*std::move(test));
      if (test_->sample_shape != schema_.sample_shape) {
        throw base::OperatorError(
            base::Place{.file = test_->files.features.string(), .key = {}},
            fmt::format("found samples of shape ({}); needed ({}), as in {}", fmt::join(test_->sample_shape, ", "),
                        fmt::join(schema_.sample_shape, ", "), train_.files.features.string()));
      }
    }
    schema_.class_names = class_names_of(task_of(arguments), train_.targets, test_ ? &test_->targets : nullptr);
    train_targets_ = train_.targets.encode(schema_.class_names);
  }

  const std::string& spec() const override { return spec_; }
  const Schema& schema() const override { return schema_; }
  std::size_t train_size() const override { return train_targets_.size(); }
  std::size_t test_size() const override { return test_ ? test_->sample_count : 0; }
  std::vector<float> train_targets() override { return train_targets_; }

  Dataset load_train(const Rows& rows) override {
    PARLEY_CHECK(rows.empty() || rows.back() < train_size(), rows.size(), train_size());
    Dataset dataset = make_dataset(FeatureReader(train_, &rows).read(arguments_));
    for (std::uint32_t row : rows) dataset.targets.push_back(train_targets_[row]);
    return dataset;
  }

  Dataset load_test() override {
    if (!test_) return make_dataset(DenseFloats{});
    Dataset dataset = make_dataset(FeatureReader(*test_, nullptr).read(arguments_));
    dataset.targets = test_->targets.encode(schema_.class_names);
    return dataset;
  }

 private:
  Dataset make_dataset(Features features) const {
    return {.features = std::move(features),
            .targets = {},
            .feature_count = schema_.feature_count,
            .classes = classes(),
            .sample_shape = schema_.sample_shape};
  }

  const base::Arguments arguments_;
  const std::string spec_;
  Scan train_;
  std::optional<Scan> test_;
  std::vector<float> train_targets_;
  Schema schema_;
};

NpyPair pair_of(const base::Arguments& arguments, const std::string& directory, std::string_view features,
                std::string_view targets) {
  NpyPair pair{.features = find_file(directory, arguments.word(features)), .targets = {}};
  if (arguments.given(targets)) pair.targets = find_file(directory, arguments.word(targets));
  return pair;
}

std::unique_ptr<DataSource> open(const base::Arguments& arguments, const std::string& directory,
                                 std::uint64_t /*seed*/) {
  std::optional<NpyPair> test;
  if (arguments.given("test_features")) test = pair_of(arguments, directory, "test_features", "test_targets");
  if (!test && arguments.given("test_targets")) {
    throw base::OperatorError(fmt::format("in \"{}\": test_targets needs test_features", arguments.canonical()));
  }
  return std::make_unique<NpySource>(arguments, pair_of(arguments, directory, "features", "targets"), std::move(test));
}

Dataset load_own(const base::Arguments& arguments, const std::string& directory, const Schema& schema) {
  const Scan scan(pair_of(arguments, directory, "features", "targets"));
  if (scan.feature_count != schema.feature_count) {
    throw base::OperatorError(base::Place{.file = scan.files.features.string(), .key = {}},
                              fmt::format("found {} features; needed {}, as in the data set of the swarm",
                                          scan.feature_count, schema.feature_count));
  }
  return {.features = FeatureReader(scan, nullptr).read(arguments),
          .targets = scan.targets.encode(schema.class_names),
          .feature_count = schema.feature_count,
          .classes = schema.class_names.size(),
          .sample_shape = schema.sample_shape};
}

constexpr std::string_view kEndings[] = {".npy"};
constexpr std::string_view kInherited[] = {"task", "scale"};
constexpr OwnFileReader kOwnFile = {.endings = kEndings, .inherited = kInherited, .load = load_own};

}  // namespace

constinit const DatasetRow kNpyRow = {
    .name = "npy",
    .summary = "NumPy arrays of floats, bytes or integers",
    .parameters = kParameters,
    .open = open,
    .own_file = &kOwnFile,
};

}  // namespace parley::learning
