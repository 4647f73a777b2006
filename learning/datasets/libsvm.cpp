// LIBSVM's sparse text format: "label index:value index:value ... # comment", indices from 1, ascending.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "learning/datasets/rows.h"
#include "learning/datasets/targets.h"
#include "learning/datasets/text_file.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "name", .kind = base::ParameterKind::word, .help = "file of the training samples", .required = true},
    {.name = "features",
     .kind = base::ParameterKind::integer,
     .fallback = "auto",
     .low = 1,
     .high = 2147483647,
     .choices = "auto",
     .help = "how many; auto: the largest index in the files"},
    {.name = "task",
     .kind = base::ParameterKind::word,
     .fallback = "classification",
     .choices = kTaskChoices,
     .help = "what the labels are: classes or quantities"},
    {.name = "test",
     .kind = base::ParameterKind::word,
     .fallback = "auto",
     .help = "file of the test samples; auto: NAME.t if there is one; none"},
};

/// Reads samples one by one.
class LibsvmFile {
 public:
  /// Larger indices than `most_features` are refused, saying `remedy`.
  LibsvmFile(const std::filesystem::path& path, std::size_t most_features, std::string_view remedy)
      : lines_(path), most_features_(most_features), remedy_(remedy) {}

  /// Moves to the next line that holds a sample; false at the end.
  bool next() {
    while (lines_.next(rest_)) {
      whole_ = rest_;
      rest_ = rest_.substr(0, rest_.find('#'));
      label_ = token();
      if (!label_.empty()) return true;
    }
    return false;
  }

  std::string_view label() const { return label_; }
  const LineReader& lines() const { return lines_; }

  /// Calls entry(column, value) for the entries of the sample; columns are 0-based and ascend. Once per sample.
  template <class Entry>
  void entries(const Entry& entry) {
    std::uint64_t last = 0;
    for (std::string_view text = token(); !text.empty(); text = token()) {
      const std::uint64_t column = static_cast<std::uint64_t>(text.data() - whole_.data()) + 1;
      const std::size_t colon = text.find(':');
      const auto index = parse_count(text.substr(0, colon));
      const auto value = colon == std::string_view::npos ? std::nullopt : parse_real(text.substr(colon + 1));
      if (!index || !value) {
        lines_.fail(fmt::format("found {}; needed index:value with a finite value", quoted_excerpt(text)), column);
      }
      if (*index == 0) lines_.fail("found index 0; indices count from 1", column);
      if (*index <= last)
        lines_.fail(fmt::format("found index {} after {}; indices must ascend", *index, last), column);
      if (*index > most_features_) {
        lines_.fail(fmt::format("found index {}; needed at most {} ({})", *index, most_features_, remedy_), column);
      }
      last = *index;
      entry(static_cast<std::uint32_t>(last - 1), static_cast<float>(*value));
    }
  }

 private:
  std::string_view token() {
    constexpr std::string_view kSpace = " \t";
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
    const std::string_view found = rest_.substr(0, rest_.find_first_of(kSpace));
    rest_.remove_prefix(found.size());
    return found;
  }

  LineReader lines_;
  const std::size_t most_features_;
  const std::string_view remedy_;
  std::string_view whole_, rest_, label_;  // of the line
};

/// What the first pass over a file finds: everything but the entries, which are only checked and counted.
struct Scan {
  Scan(const std::filesystem::path& file_path, std::size_t most, std::string_view what_to_do)
      : path(file_path), most_features(most), remedy(what_to_do), targets(file_path.string()) {
    LibsvmFile file(path, most_features, remedy);
    while (file.next()) {
      const auto label = parse_real(file.label());
      if (!label)
        file.lines().fail(fmt::format("found the label {}; needed a finite number", quoted_excerpt(file.label())));
      targets.add(*label, file.lines().number());
      file.entries([&](std::uint32_t column, float) {
        largest_index = std::max(largest_index, std::size_t{column} + 1);
        ++entry_count;
      });
    }
    if (targets.size() == 0) file.lines().fail("found no samples");
  }

  std::filesystem::path path;
  std::size_t most_features;
  std::string_view remedy;
  TargetColumn targets;
  std::size_t largest_index = 0;
  std::uint64_t entry_count = 0;
};

/// The entries of the given rows; of all if there are none given.
SparseRows read_entries(const Scan& scan, const Rows* rows) {
  LibsvmFile file(scan.path, scan.most_features, scan.remedy);
  const std::size_t wanted = rows == nullptr ? scan.targets.size() : rows->size();
  SparseRows sparse;
  sparse.row_start.reserve(wanted + 1);
  sparse.row_start.push_back(0);
  // Rows chosen at random have about their share of the entries.
  const double share = static_cast<double>(wanted) / static_cast<double>(scan.targets.size());
  const auto expected = static_cast<std::size_t>(1.05 * share * static_cast<double>(scan.entry_count)) + 1;
  sparse.column.reserve(expected);
  sparse.value.reserve(expected);
  std::size_t next = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    const std::size_t row = rows == nullptr ? i : (*rows)[i];
    for (; next <= row; ++next) {
      if (!file.next()) file.lines().fail("the file has become shorter while it was in use");
    }
    file.entries([&](std::uint32_t column, float value) {
      sparse.column.push_back(column);
      sparse.value.push_back(value);
    });
    sparse.row_start.push_back(sparse.column.size());
  }
  return sparse;
}

class LibsvmSource final : public DataSource {
 public:
  LibsvmSource(const base::Arguments& arguments, const std::filesystem::path& train,
               const std::optional<std::filesystem::path>& test)
      : spec_(arguments.canonical()), train_(train, most_features(arguments), remedy(arguments)) {
    if (test) test_.emplace(*test, train_.most_features, train_.remedy);
    schema_.feature_count = train_.most_features;
    if (arguments.is("features", "auto")) {
      schema_.feature_count = std::max<std::size_t>({1, train_.largest_index, test_ ? test_->largest_index : 0});
    }
    schema_.sample_shape = {schema_.feature_count};
    schema_.class_names = class_names_of(task_of(arguments), train_.targets, test_ ? &test_->targets : nullptr);
    train_targets_ = train_.targets.encode(schema_.class_names);
  }

  const std::string& spec() const override { return spec_; }
  const Schema& schema() const override { return schema_; }
  std::size_t train_size() const override { return train_targets_.size(); }
  std::size_t test_size() const override { return test_ ? test_->targets.size() : 0; }
  std::vector<float> train_targets() override { return train_targets_; }

  Dataset load_train(const Rows& rows) override {
    PARLEY_CHECK(rows.empty() || rows.back() < train_size(), rows.size(), train_size());
    Dataset dataset = make_dataset(read_entries(train_, &rows));
    for (std::uint32_t row : rows) dataset.targets.push_back(train_targets_[row]);
    return dataset;
  }

  Dataset load_test() override {
    if (!test_) return make_dataset({.row_start = {0}, .column = {}, .value = {}});
    Dataset dataset = make_dataset(read_entries(*test_, nullptr));
    dataset.targets = test_->targets.encode(schema_.class_names);
    return dataset;
  }

 private:
  static std::size_t most_features(const base::Arguments& arguments) {
    return arguments.is("features", "auto") ? kMostFeatures : static_cast<std::size_t>(arguments.integer("features"));
  }
  static std::string_view remedy(const base::Arguments& arguments) {
    return arguments.is("features", "auto") ? "if there are really so many, set features=" : "set by features=";
  }
  Dataset make_dataset(SparseRows features) const {
    return {.features = std::move(features),
            .targets = {},
            .feature_count = schema_.feature_count,
            .classes = classes(),
            .sample_shape = schema_.sample_shape};
  }

  const std::string spec_;
  Scan train_;
  std::optional<Scan> test_;
  std::vector<float> train_targets_;
  Schema schema_;
};

std::unique_ptr<DataSource> open(const base::Arguments& arguments, const std::string& directory,
                                 std::uint64_t /*seed*/) {
  const std::string& name = arguments.word("name");
  const std::filesystem::path train = find_file(directory, name);
  std::optional<std::filesystem::path> test;
  if (arguments.is("test", "auto")) {
    test = look_for_file(directory, name + ".t");
  } else if (!arguments.is("test", "none")) {
    test = find_file(directory, arguments.word("test"));
  }
  return std::make_unique<LibsvmSource>(arguments, train, test);
}

Dataset load_own(const base::Arguments& arguments, const std::string& directory, const Schema& schema) {
  const Scan scan(find_file(directory, arguments.word("name")), schema.feature_count,
                  "the number of features in the data set of the swarm");
  return {.features = read_entries(scan, nullptr),
          .targets = scan.targets.encode(schema.class_names),
          .feature_count = schema.feature_count,
          .classes = schema.class_names.size(),
          .sample_shape = schema.sample_shape};
}

constexpr std::string_view kEndings[] = {".libsvm", ".svm", ".svmlight"};
constexpr OwnFileReader kOwnFile = {.endings = kEndings, .inherited = {}, .load = load_own};

}  // namespace

constinit const DatasetRow kLibsvmRow = {
    .name = "libsvm",
    .summary = "sparse samples in LIBSVM's text format; the test set is in NAME.t",
    .parameters = kParameters,
    .open = open,
    .own_file = &kOwnFile,
};

}  // namespace parley::learning
