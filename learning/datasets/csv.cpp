// Comma separated values: one sample per line, one column of which is the target.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "learning/datasets/csv_file.h"
#include "learning/datasets/rows.h"
#include "learning/datasets/targets.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "train", .kind = base::ParameterKind::word, .help = "file of the training samples", .required = true},
    {.name = "test", .kind = base::ParameterKind::word, .help = "file of the test samples"},
    {.name = "target",
     .kind = base::ParameterKind::word,
     .fallback = "last",
     .help = "the column to learn: its name or 0-based number"},
    {.name = "task",
     .kind = base::ParameterKind::word,
     .fallback = "auto",
     .choices = kTaskChoices,
     .help = "auto: classes if targets are words or at most 100 different whole numbers"},
    {.name = "header",
     .kind = base::ParameterKind::word,
     .fallback = "auto",
     .choices = "auto|true|false",
     .help = "does the first line name the columns"},
};

/// How the arguments say that a file is to be read.
struct Format {
  explicit Format(const base::Arguments& arguments)
      : header(arguments.is("header", "true")    ? Header::present
               : arguments.is("header", "false") ? Header::absent
                                                 : Header::automatic),
        target(arguments.word("target")) {}
  CsvFile open(const std::filesystem::path& path) const { return CsvFile(path, header, target); }

  Header header;
  std::string target;
};

/// What the first pass over a file finds: everything but the features, which are only checked.
struct Scan {
  Scan(const std::filesystem::path& file_path, const Format& format) : path(file_path), targets(file_path.string()) {
    CsvFile file = format.open(path);
    std::vector<float> ignored;
    while (file.next()) {
      ignored.clear();
      file.append_features(ignored);
      targets.add(file.target_field(), file.lines().number());
    }
    if (targets.size() == 0) file.lines().fail("found no samples");
    feature_count = file.feature_count();
    feature_names = file.feature_names();
  }

  std::filesystem::path path;
  TargetColumn targets;
  std::size_t feature_count = 0;
  std::vector<std::string> feature_names;
};

void check_fits(const Scan& scan, const Schema& schema, std::string_view of_what) {
  const auto fail = [&](std::string message) {
    throw base::OperatorError(base::Place{.file = scan.path.string(), .line = 1, .column = 0, .key = {}},
                              std::move(message));
  };
  if (scan.feature_count != schema.feature_count) {
    fail(fmt::format("found {} features; needed {}, as in {}", scan.feature_count, schema.feature_count, of_what));
  }
  if (scan.feature_names.empty() || schema.feature_names.empty()) return;
  for (std::size_t i = 0; i < scan.feature_count; ++i) {
    if (scan.feature_names[i] == schema.feature_names[i]) continue;
    fail(fmt::format("found the feature {}; needed {} at this place, as in {}", quoted_excerpt(scan.feature_names[i]),
                     quoted_excerpt(schema.feature_names[i]), of_what));
  }
}

/// The features of the given rows; of all if there are none given.
DenseFloats read_features(const Scan& scan, const Format& format, const Rows* rows) {
  CsvFile file = format.open(scan.path);
  const std::size_t wanted = rows == nullptr ? scan.targets.size() : rows->size();
  DenseFloats floats;
  floats.values.reserve(wanted * scan.feature_count);
  std::size_t next = 0;
  for (std::size_t i = 0; i < wanted; ++i, ++next) {
    const std::size_t row = rows == nullptr ? i : (*rows)[i];
    bool there = true;
    for (; there && next < row; ++next) there = file.skip();
    if (!there || !file.next()) file.lines().fail("the file has become shorter while it was in use");
    file.append_features(floats.values);
  }
  PARLEY_CHECK(floats.values.size() == wanted * scan.feature_count, floats.values.size(), wanted);
  return floats;
}

class CsvSource final : public DataSource {
 public:
  CsvSource(const base::Arguments& arguments, const std::filesystem::path& train,
            const std::optional<std::filesystem::path>& test)
      : spec_(arguments.canonical()), format_(arguments), train_(train, format_) {
    schema_.feature_count = train_.feature_count;
    schema_.sample_shape = {train_.feature_count};
    schema_.feature_names = train_.feature_names;
    if (test) {
      test_.emplace(*test, format_);
      check_fits(*test_, schema_, train.string());
    }
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
    Dataset dataset = make_dataset(read_features(train_, format_, &rows));
    for (std::uint32_t row : rows) dataset.targets.push_back(train_targets_[row]);
    return dataset;
  }

  Dataset load_test() override {
    if (!test_) return make_dataset({});
    Dataset dataset = make_dataset(read_features(*test_, format_, nullptr));
    dataset.targets = test_->targets.encode(schema_.class_names);
    return dataset;
  }

 private:
  Dataset make_dataset(DenseFloats features) const {
    return {.features = std::move(features),
            .targets = {},
            .feature_count = schema_.feature_count,
            .classes = classes(),
            .sample_shape = schema_.sample_shape};
  }

  const std::string spec_;
  const Format format_;
  Scan train_;
  std::optional<Scan> test_;
  std::vector<float> train_targets_;
  Schema schema_;
};

std::unique_ptr<DataSource> open(const base::Arguments& arguments, const std::string& directory,
                                 std::uint64_t /*seed*/) {
  std::optional<std::filesystem::path> test;
  if (arguments.given("test")) test = find_file(directory, arguments.word("test"));
  return std::make_unique<CsvSource>(arguments, find_file(directory, arguments.word("train")), test);
}

Dataset load_own(const base::Arguments& arguments, const std::string& directory, const Schema& schema) {
  const Format format(arguments);
  const Scan scan(find_file(directory, arguments.word("train")), format);
  check_fits(scan, schema, "the data set of the swarm");
  return {.features = read_features(scan, format, nullptr),
          .targets = scan.targets.encode(schema.class_names),
          .feature_count = schema.feature_count,
          .classes = schema.class_names.size(),
          .sample_shape = schema.sample_shape};
}

constexpr std::string_view kEndings[] = {".csv"};
constexpr std::string_view kInherited[] = {"target", "task", "header"};
constexpr OwnFileReader kOwnFile = {.endings = kEndings, .inherited = kInherited, .load = load_own};

}  // namespace

constinit const DatasetRow kCsvRow = {
    .name = "csv",
    .summary = "comma separated values, one sample per line",
    .parameters = kParameters,
    .open = open,
    .own_file = &kOwnFile,
};

}  // namespace parley::learning
