#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learning/dataset.h"
#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Libsvm : public ::testing::Test {
 protected:
  std::unique_ptr<DataSource> open_text(const std::string& text, const std::string& spec = "libsvm(a)") {
    scratch_.write("a", text);
    return open_dataset(spec, scratch_.path(), 1);
  }
  std::string refusal(const std::string& text, const std::string& spec = "libsvm(a)") {
    return error_of([&] { open_text(text, spec); });
  }
  const ScratchDirectory scratch_;
};

const SparseRows& stored(const Dataset& dataset) {
  return std::get<SparseRows>(dataset.features);
}

TEST_F(Libsvm, ReadsTheEntriesOfTheRowsAsked) {
  for (const auto& pack : {+[](const std::string& b) { return b; }, gzip, xz}) {
    const auto source = open_text(pack("+1 1:0.5 3:-2\n-1  # nothing here\n\n# a comment\n-1\t2:1e2 # 7:7\r\n1 3:4"));
    EXPECT_EQ(source->schema().feature_count, 3u);
    EXPECT_THAT(source->schema().class_names, ElementsAre("-1", "1"));
    EXPECT_THAT(source->train_targets(), ElementsAre(1, 0, 0, 1));
    const SparseRows all = stored(source->load_train({0, 1, 2, 3}));
    EXPECT_THAT(all.row_start, ElementsAre(0, 2, 2, 3, 4));
    EXPECT_THAT(all.column, ElementsAre(0, 2, 1, 2));
    EXPECT_THAT(all.value, ElementsAre(0.5f, -2, 100, 4));
    const Dataset part = source->load_train({1, 3});
    EXPECT_THAT(part.targets, ElementsAre(0, 1));
    EXPECT_THAT(stored(part).row_start, ElementsAre(0, 0, 1));
    EXPECT_THAT(stored(part).column, ElementsAre(2));
  }
}

TEST_F(Libsvm, LabelsAreNumberedInAscendingOrder) {
  EXPECT_THAT(open_text("0 1:1\n1 1:1\n0 1:1\n")->train_targets(), ElementsAre(0, 1, 0));
  EXPECT_THAT(open_text("3 1:1\n1 1:1\n2 1:1\n")->train_targets(), ElementsAre(2, 0, 1));
  EXPECT_THAT(open_text("+1 1:1\n-1 1:1\n1.0 1:1\n")->train_targets(), ElementsAre(1, 0, 1));
}

TEST_F(Libsvm, RealTargetsNeedRegression) {
  EXPECT_THAT(open_text("0.5 1:1\n-3 1:2\n", "libsvm(a, task=regression)")->train_targets(), ElementsAre(0.5f, -3));
  EXPECT_EQ(open_text("0.5 1:1\n", "libsvm(a, task=regression)")->classes(), 0u);
  EXPECT_THAT(refusal("1 1:1\n0.5 1:1\n"), AllOf(HasSubstr("/a:2"), HasSubstr("task=regression")));
}

TEST_F(Libsvm, TheTestSetIsBesideIt) {
  scratch_.write("a.t", "1 5:1\n");
  const auto source = open_text("1 1:1\n2 2:1\n");
  EXPECT_EQ(source->test_size(), 1u);
  EXPECT_EQ(source->schema().feature_count, 5u) << "the largest index is in the test set";
  EXPECT_EQ(source->load_train({0}).feature_count, 5u);
  EXPECT_THAT(source->load_test().targets, ElementsAre(0));
  EXPECT_EQ(open_text("1 1:1\n", "libsvm(a, test=none)")->test_size(), 0u);
  EXPECT_THAT(refusal("1 1:1\n", "libsvm(a, test=b)"), HasSubstr("\"b\""));
}

TEST_F(Libsvm, FeaturesCanBeGiven) {
  EXPECT_EQ(open_text("1 2:1\n", "libsvm(a, features=10)")->schema().feature_count, 10u);
  EXPECT_THAT(refusal("1 1:1\n1 2:1 11:1\n", "libsvm(a, features=10)"),
              AllOf(HasSubstr("/a:2:7"), HasSubstr("found index 11"), HasSubstr("at most 10")));
}

TEST_F(Libsvm, BadLinesAreRefusedWithLineAndColumn) {
  EXPECT_THAT(refusal(""), HasSubstr("no samples"));
  EXPECT_THAT(refusal("# only a comment\n"), HasSubstr("no samples"));
  EXPECT_THAT(refusal("1 1:1\n1 0:1\n"), AllOf(HasSubstr("/a:2:3"), HasSubstr("indices count from 1")));
  EXPECT_THAT(refusal("1 2:1 2:1\n"), AllOf(HasSubstr("/a:1:7"), HasSubstr("ascend")));
  EXPECT_THAT(refusal("1 3:1 2:1\n"), AllOf(HasSubstr("index 2 after 3"), HasSubstr("ascend")));
  for (const char* bad : {"3", ":", "3:", ":3", "a:3", "3:a", "3:nan", "3:inf", "3:1e99", "-3:1", "1.5:1", "3:1:1",
                          "99999999999999999999:1", "qid:3"}) {
    EXPECT_THAT(refusal("1 1:1\n1 1:1 " + std::string(bad) + "\n"),
                AllOf(HasSubstr("/a:2:7"), HasSubstr("\"" + std::string(bad) + "\""), HasSubstr("index:value")));
  }
  for (const char* bad : {"nan", "inf", "1e99", "yes", "1:1"}) {
    EXPECT_THAT(refusal("1 1:1\n" + std::string(bad) + " 1:1\n"),
                AllOf(HasSubstr("/a:2"), HasSubstr("\"" + std::string(bad) + "\""), HasSubstr("finite number")));
  }
}

TEST_F(Libsvm, ALyingIndexDoesNotDecideHowLargeTheModelIs) {
  EXPECT_THAT(refusal("1 4000000000:1\n"), AllOf(HasSubstr("/a:1:3"), HasSubstr("4000000000"), HasSubstr("features=")));
}

}  // namespace
}  // namespace parley::learning
