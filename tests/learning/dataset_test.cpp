#include "learning/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>

#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

Rows all_of(std::size_t m) {
  Rows rows(m);
  std::iota(rows.begin(), rows.end(), std::uint32_t{0});
  return rows;
}

/// Samples as a model sees them.
std::vector<float> read_all(const Dataset& dataset) {
  std::vector<float> samples(dataset.size() * dataset.feature_count);
  read_rows(dataset, all_of(dataset.size()), samples);
  return samples;
}

// ---- Every kind of data set
// --------------------------------------------------------------------------------------------

/// How a row of the registry is tested: a spec, and the files that it reads.
struct Case {
  std::string spec;
  std::function<void(const ScratchDirectory&)> write_files;
};

const std::map<std::string, Case>& contract_cases() {
  static const std::vector<std::uint8_t> kBytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
  static const std::map<std::string, Case> kCases = {
      {"glyphs", {"glyphs(train=20, test=10)", [](const ScratchDirectory&) {}}},
      {"mnist",
       {"mnist",
        [](const ScratchDirectory& scratch) {
          scratch.write("train-images-idx3-ubyte", idx({4, 2, 2}, kBytes));
          scratch.write("train-labels-idx1-ubyte", idx({4}, {0, 1, 2, 1}));
          scratch.write("t10k-images-idx3-ubyte.gz", gzip(idx({4, 2, 2}, kBytes)));
          scratch.write("t10k-labels-idx1-ubyte.gz", gzip(idx({4}, {2, 1, 0, 0})));
        }}},
      {"idx",
       {"idx(train_images=x, train_labels=y, test_images=x, test_labels=y)",
        [](const ScratchDirectory& scratch) {
          scratch.write("x", idx({4, 4}, kBytes));
          scratch.write("y", idx({4}, {0, 1, 2, 1}));
        }}},
      {"libsvm",
       {"libsvm(a)",
        [](const ScratchDirectory& scratch) {
          scratch.write("a", "+1 1:2 4:3\n-1\n-1 2:0.5\n+1 1:1 2:2 3:3\n");
          scratch.write("a.t.gz", gzip("-1 1:2 4:3\n+1 7:0.25\n"));
        }}},
      {"csv",
       {"csv(train=a.csv, test=t.csv, target=kind)",
        [](const ScratchDirectory& scratch) {
          scratch.write("a.csv", "x,kind,z\n1,blue,2\n3,red,4\n5,red,6\n");
          scratch.write("t.csv", "x,kind,z\n7,red,8\n");
        }}},
      {"npy",
       {"npy(features=x.npy, targets=y.npy, test_features=x.npy, test_targets=y.npy)",
        [](const ScratchDirectory& scratch) {
          scratch.write("x.npy", npy<double>("<f8", "(3, 2)", {1, 2, 3, 4, 5, 6}));
          scratch.write("y.npy", npy<float>("<f4", "(3,)", {0.5f, 1, 2}));
        }}},
  };
  return kCases;
}

TEST(EveryDataset, HasARowInTheContractTests) {
  for (const DatasetRow& row : dataset_registry())
    EXPECT_TRUE(contract_cases().contains(std::string(row.name))) << row.name;
  EXPECT_EQ(dataset_registry().size(), contract_cases().size());
}

void expect_same(const Dataset& a, const Dataset& b) {
  EXPECT_EQ(a.targets, b.targets);
  EXPECT_EQ(a.feature_count, b.feature_count);
  EXPECT_EQ(a.classes, b.classes);
  EXPECT_EQ(a.sample_shape, b.sample_shape);
  EXPECT_EQ(a.features.index(), b.features.index());
  EXPECT_EQ(read_all(a), read_all(b));
}

void expect_fits(const Dataset& dataset, const Schema& schema, std::size_t size) {
  EXPECT_EQ(dataset.size(), size);
  EXPECT_EQ(dataset.feature_count, schema.feature_count);
  EXPECT_EQ(dataset.sample_shape, schema.sample_shape);
  EXPECT_EQ(dataset.classes, schema.class_names.size());
  for (float target : dataset.targets) {
    EXPECT_TRUE(std::isfinite(target));
    const bool is_class = target >= 0 && target < static_cast<float>(dataset.classes) && target == std::floor(target);
    EXPECT_TRUE(dataset.classes == 0 || is_class) << target;
  }
}

TEST(EveryDataset, PartsAreTheSameSamplesAsTheWhole) {
  for (const auto& [name, test] : contract_cases()) {
    SCOPED_TRACE(name);
    const ScratchDirectory scratch;
    test.write_files(scratch);
    const auto source = open_dataset(test.spec, scratch.path(), 1);
    const std::size_t m = source->train_size(), f = source->schema().feature_count;
    const Dataset whole = source->load_train(all_of(m));
    expect_fits(whole, source->schema(), m);
    EXPECT_EQ(whole.targets, source->train_targets());
    EXPECT_EQ(
        std::accumulate(whole.sample_shape.begin(), whole.sample_shape.end(), std::size_t{1}, std::multiplies<>()), f);
    const std::vector<float> samples = read_all(whole);
    for (const Rows& rows : {Rows{}, Rows{0}, Rows{1}, Rows{0, 2}, Rows{static_cast<std::uint32_t>(m - 1)}}) {
      const Dataset part = source->load_train(rows);
      expect_fits(part, source->schema(), rows.size());
      std::vector<float> sample(f);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(part.targets[i], whole.targets[rows[i]]);
        part.read(i, sample);
        const auto expected = std::span(samples).subspan(rows[i] * f, f);
        EXPECT_TRUE(std::equal(sample.begin(), sample.end(), expected.begin(), expected.end())) << i;
      }
    }
    expect_fits(source->load_test(), source->schema(), source->test_size());
    EXPECT_GT(source->test_size(), 0u);
  }
}

TEST(EveryDataset, ItsCanonicalSpecOpensTheSame) {
  for (const auto& [name, test] : contract_cases()) {
    SCOPED_TRACE(name);
    const ScratchDirectory scratch;
    test.write_files(scratch);
    const auto source = open_dataset(test.spec, scratch.path(), 1);
    const auto again = open_dataset(source->spec(), scratch.path(), 1);
    EXPECT_EQ(source->spec(), again->spec());
    expect_same(source->load_train(all_of(source->train_size())), again->load_train(all_of(again->train_size())));
    expect_same(source->load_test(), again->load_test());
  }
}

TEST(EveryDataset, ServesTheSameFromMemory) {
  for (const auto& [name, test] : contract_cases()) {
    SCOPED_TRACE(name);
    const ScratchDirectory scratch;
    test.write_files(scratch);
    const auto source = open_dataset(test.spec, scratch.path(), 1);
    const auto held = hold_in_memory(open_dataset(test.spec, scratch.path(), 1));
    EXPECT_EQ(held->spec(), source->spec());
    EXPECT_EQ(held->train_targets(), source->train_targets());
    for (const Rows& rows : {Rows{}, Rows{1}, Rows{0, 2}, all_of(source->train_size())}) {
      expect_same(held->load_train(rows), source->load_train(rows));
    }
    expect_same(held->load_test(), source->load_test());
    EXPECT_EQ(held->test_size(), source->test_size());
  }
}

TEST(EveryDataset, MissingFilesAreNamedWithARemedy) {
  for (const auto& [name, test] : contract_cases()) {
    if (name == "glyphs") continue;  // needs no files
    SCOPED_TRACE(name);
    const ScratchDirectory scratch;
    EXPECT_THAT(error_of([&, &spec = test.spec] { open_dataset(spec, scratch.path(), 1); }),
                AllOf(HasSubstr("found no file"), HasSubstr(scratch.path()), HasSubstr("learning.data")));
    EXPECT_THAT(error_of([&, &spec = test.spec] { open_dataset(spec, "", 1); }),
                AllOf(HasSubstr("learning.data"), HasSubstr("PARLEY_DATA")));
  }
}

TEST(EveryDataset, UnknownNamesAreRefused) {
  EXPECT_THAT(error_of([] { open_dataset("minst", "", 1); }), HasSubstr("did you mean \"mnist\""));
  EXPECT_THAT(error_of([] { open_dataset("csv", "", 1); }), HasSubstr("train"));
  EXPECT_THAT(error_of([] { open_dataset("mnist(3)", "", 1); }), HasSubstr("at most 0 arguments"));
}

// ---- Reading samples
// -----------------------------------------------------------------------------------------------------

/// One data set of f features in each kind of storage; sample i, feature j is 3 i + j, but for the sparse one, which
/// keeps every third.
std::vector<Dataset> one_of_each(std::size_t m, std::size_t f) {
  DenseBytes bytes{.values = {}, .scale = 0.5f};
  DenseFloats floats;
  SparseRows sparse{.row_start = {0}, .column = {}, .value = {}};
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < f; ++j) {
      const std::size_t value = (3 * i + j) % 256;
      bytes.values.push_back(static_cast<std::uint8_t>(value));
      floats.values.push_back(static_cast<float>(value));
      if (value % 3 != 0) continue;
      sparse.column.push_back(static_cast<std::uint32_t>(j));
      sparse.value.push_back(static_cast<float>(value));
    }
    sparse.row_start.push_back(sparse.column.size());
  }
  std::vector<Dataset> all(3);
  all[0].features = bytes;
  all[1].features = floats;
  all[2].features = sparse;
  for (Dataset& dataset : all) {
    dataset.targets.resize(m);
    dataset.feature_count = f;
  }
  return all;
}

TEST(Dataset, ReadsWhatIsStoredInEveryStorage) {
  for (std::size_t f : {1u, 3u, 15u, 16u, 17u, 100u}) {  // around the width of vectors
    const std::vector<Dataset> all = one_of_each(5, f);
    std::vector<float> sample(f + 1, -1);
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t kind = 0; kind < 3; ++kind) {
        all[kind].read(i, std::span(sample).first(f));
        for (std::size_t j = 0; j < f; ++j) {
          const auto value = static_cast<float>((3 * i + j) % 256);
          const bool is_stored = kind != 2 || std::fmod(value, 3.0f) == 0;
          EXPECT_EQ(sample[j], is_stored ? (kind == 0 ? value * 0.5f : value) : 0.0f);
        }
        EXPECT_EQ(sample[f], -1) << "wrote beyond the sample";
      }
    }
  }
}

TEST(Dataset, AGatherIsReadingRowByRow) {
  const Rows order = {4, 0, 0, 3, 1};  // in any order, with repetitions
  for (const Dataset& dataset : one_of_each(5, 37)) {
    std::vector<float> batch(order.size() * 37, -1), sample(37);
    read_rows(dataset, order, batch);
    for (std::size_t i = 0; i < order.size(); ++i) {
      dataset.read(order[i], sample);
      EXPECT_TRUE(std::equal(sample.begin(), sample.end(), batch.begin() + static_cast<std::ptrdiff_t>(i * 37)));
    }
    read_rows(dataset, {}, {});
  }
}

TEST(DatasetDeathTest, RowsAndLengthsAreChecked) {
  const Dataset dataset = one_of_each(5, 3)[0];
  std::vector<float> sample(3);
  const Rows beyond = {5};
  EXPECT_DEATH(dataset.read(5, sample), "bug in Parley");
  EXPECT_DEATH(dataset.read(0, std::span(sample).first(2)), "bug in Parley");
  EXPECT_DEATH(read_rows(dataset, beyond, sample), "bug in Parley");
}

// ---- A peer's own file
// ---------------------------------------------------------------------------------------------------

class OwnFile : public ::testing::Test {
 protected:
  OwnFile() { scratch_.write("swarm.csv", "age,kind,weight\n1,no,2\n3,yes,4\n"); }
  Dataset load(const std::string& data, const std::string& swarm = "csv(swarm.csv, target=kind)") {
    return load_own_file(data, scratch_.path(), *open_dataset(swarm, scratch_.path(), 1));
  }
  const ScratchDirectory scratch_;
};

TEST_F(OwnFile, IsReadAsTheSwarmsDataAreAndKeepsTheirClasses) {
  scratch_.write("own.csv.gz", gzip("age,kind,weight\n5,yes,6\n"));
  for (const char* name : {"own.csv", "own.csv.gz", "csv(own.csv, target=1)"}) {
    const Dataset own = load(name);
    EXPECT_THAT(own.targets, ElementsAre(1)) << "\"yes\" is class 1 although this file has no other";
    EXPECT_THAT(read_all(own), ElementsAre(5, 6));
    EXPECT_EQ(own.classes, 2u);
  }
}

TEST_F(OwnFile, MayBeOfAnotherKindThanTheSwarmsData) {
  scratch_.write("swarm", "+1 1:1 4:1\n-1 2:1\n");
  scratch_.write("own.libsvm", "+1 2:7\n");
  scratch_.write("own.csv", "1,2,3,4,-1\n");
  scratch_.write("own.npy", npy<float>("<f4", "(2, 5)", {1, 2, 3, 4, 1, 5, 6, 7, 8, -1}));
  EXPECT_THAT(read_all(load("own.libsvm", "libsvm(swarm)")), ElementsAre(0, 7, 0, 0));
  EXPECT_THAT(load("own.libsvm", "libsvm(swarm)").targets, ElementsAre(1));
  EXPECT_THAT(load("own.csv", "libsvm(swarm)").targets, ElementsAre(0));
  EXPECT_THAT(load("own.npy", "libsvm(swarm)").targets, ElementsAre(1, 0));
  EXPECT_THAT(read_all(load("own.npy", "libsvm(swarm)")), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(OwnFile, MayHoldImagesForASwarmOnImages) {
  std::vector<std::uint8_t> row(2 * 785, 51);
  row[784] = 7;
  row[2 * 785 - 1] = 3;
  scratch_.write("own.npy", npy<std::uint8_t>("|u1", "(2, 785)", row));
  const Dataset own = load("own.npy", "glyphs");
  EXPECT_THAT(own.targets, ElementsAre(7, 3));
  EXPECT_THAT(own.sample_shape, ElementsAre(1, 28, 28));
  EXPECT_THAT(read_all(own)[1000], FloatEq(0.2f));
}

TEST_F(OwnFile, ThatDoesNotFitIsRefused) {
  scratch_.write("narrow.csv", "age,kind\n1,no\n");
  scratch_.write("order.csv", "weight,kind,age\n1,no,2\n");
  scratch_.write("class.csv", "age,kind,weight\n1,no,2\n1,perhaps,2\n");
  scratch_.write("wide.libsvm", "1 3:1\n");
  scratch_.write("narrow.npy", npy<float>("<f4", "(1, 2)", {1, 2}));
  const auto refusal = [&](const std::string& data) { return error_of([&] { load(data); }); };
  EXPECT_THAT(refusal("narrow.csv"),
              AllOf(HasSubstr("narrow.csv"), HasSubstr("found 1 features"), HasSubstr("needed 2")));
  EXPECT_THAT(refusal("order.csv"), AllOf(HasSubstr("order.csv"), HasSubstr("\"weight\""), HasSubstr("\"age\"")));
  EXPECT_THAT(refusal("class.csv"), AllOf(HasSubstr("class.csv:3"), HasSubstr("\"perhaps\""), HasSubstr("no, yes")));
  EXPECT_THAT(refusal("wide.libsvm"),
              AllOf(HasSubstr("wide.libsvm:1:3"), HasSubstr("index 3"), HasSubstr("at most 2")));
  EXPECT_THAT(refusal("narrow.npy"), AllOf(HasSubstr("narrow.npy"), HasSubstr("found 1 features")));
}

TEST_F(OwnFile, OfAnUnknownKindIsRefusedSayingWhichThereAre) {
  for (const char* data : {"own.txt", "own", "", "glyphs(train=10)", "mnist()"}) {
    EXPECT_THAT(error_of([&] { load(data); }), AllOf(HasSubstr(".csv"), HasSubstr(".npy"), HasSubstr("libsvm")))
        << data;
  }
}

// ---- Real data
// -----------------------------------------------------------------------------------------------------------

class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* directory = std::getenv("PARLEY_DATA");
    if (directory == nullptr) GTEST_SKIP() << "PARLEY_DATA is not set";
    directory_ = directory;
  }
  std::string directory_;
};

TEST_F(RealData, MnistHasItsWellKnownCountsMeanAndDeviation) {
  const auto source = open_dataset("mnist", directory_, 1);
  EXPECT_EQ(source->train_size(), 60000u);
  EXPECT_EQ(source->test_size(), 10000u);
  EXPECT_THAT(source->schema().sample_shape, ElementsAre(1, 28, 28));
  const std::vector<float> targets = source->train_targets();
  const std::vector<int> train_counts = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
  const std::vector<int> test_counts = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
  const Dataset test = source->load_test();
  for (std::size_t digit = 0; digit < 10; ++digit) {
    EXPECT_EQ(std::count(targets.begin(), targets.end(), static_cast<float>(digit)), train_counts[digit]);
    EXPECT_EQ(std::count(test.targets.begin(), test.targets.end(), static_cast<float>(digit)), test_counts[digit]);
  }
  const Dataset train = source->load_train(all_of(60000));
  double sum = 0, squares = 0;
  for (std::uint8_t byte : std::get<DenseBytes>(train.features).values) {
    sum += byte / 255.0;
    squares += byte / 255.0 * (byte / 255.0);
  }
  const double count = 60000.0 * 784.0, mean = sum / count;
  EXPECT_NEAR(mean, 0.1307, 0.00005);  // the constants that everyone normalises with, to their four digits
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 0.3081, 0.00005);
}

TEST_F(RealData, A9aHasItsWellKnownCounts) {
  const auto source = open_dataset("libsvm(a9a)", directory_, 1);
  EXPECT_EQ(source->train_size(), 32561u);
  EXPECT_EQ(source->test_size(), 16281u);
  EXPECT_EQ(source->schema().feature_count, 123u);
  EXPECT_THAT(source->schema().class_names, ElementsAre("-1", "1"));
  const Dataset train = source->load_train(all_of(32561)), test = source->load_test();
  EXPECT_EQ(std::count(train.targets.begin(), train.targets.end(), 1.0f), 7841);
  EXPECT_EQ(std::count(test.targets.begin(), test.targets.end(), 1.0f), 3846);
  EXPECT_EQ(test.feature_count, 123u) << "the largest index of the test file alone is 122";
  const SparseRows& rows = std::get<SparseRows>(train.features);
  for (std::size_t i = 0; i < train.size(); ++i) EXPECT_LE(rows.row_start[i + 1] - rows.row_start[i], 14u);
  EXPECT_TRUE(std::all_of(rows.value.begin(), rows.value.end(), [](float v) { return v == 1.0f; }));
}

}  // namespace
}  // namespace parley::learning
