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

/// The source over a file "a.csv" with this text and one "t.csv" with a test set, if the spec names it.
std::unique_ptr<DataSource> open_text(const std::string& text, const std::string& spec = "csv(a.csv)",
                                      const std::string& test = "") {
  // Files are read again on loading, so that they must outlive the source.
  static std::vector<std::unique_ptr<ScratchDirectory>> kept;
  kept.push_back(std::make_unique<ScratchDirectory>());
  kept.back()->write("a.csv", text);
  kept.back()->write("t.csv", test);
  return open_dataset(spec, kept.back()->path(), 1);
}

const std::vector<float>& stored(const Dataset& dataset) {
  return std::get<DenseFloats>(dataset.features).values;
}

Rows all_of(const DataSource& source) {
  Rows rows(source.train_size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

TEST(Csv, ReadsNumbersAsTheyAreWritten) {
  const auto source = open_text("1,-2.5,0.25\n+3e2, .5 ,7\n1e-3,0,-1.75");
  EXPECT_EQ(source->classes(), 0u) << "0.25 is no class";
  const Dataset all = source->load_train(all_of(*source));
  EXPECT_THAT(stored(all), ElementsAre(1, -2.5f, 300, 0.5f, 1e-3f, 0));
  EXPECT_THAT(all.targets, ElementsAre(0.25f, 7, -1.75f));
  EXPECT_EQ(all.feature_count, 2u);
  EXPECT_THAT(all.sample_shape, ElementsAre(2));
  EXPECT_THAT(source->schema().feature_names, IsEmpty());
}

TEST(Csv, KeepsOnlyTheRowsAsked) {
  const auto source = open_text("0,0\n1,10\n2,20\n3,30\n4,40\n", "csv(a.csv, task=regression)");
  const Dataset part = source->load_train({1, 4});
  EXPECT_THAT(stored(part), ElementsAre(1, 4));
  EXPECT_THAT(part.targets, ElementsAre(10, 40));
  EXPECT_THAT(source->load_train({}).targets, IsEmpty());
}

TEST(Csv, LineEndsByteOrderMarkEmptyLinesAndQuotesDoNotMatter) {
  const auto source = open_text("\xef\xbb\xbf\"a, \"\"b\"\"\",c\r\n\r\n\"1\", \"2\"\r\n   \r\n3,4\r\n\r\n",
                                "csv(a.csv, task=regression)");
  EXPECT_THAT(source->schema().feature_names, ElementsAre("a, \"b\""));
  const Dataset all = source->load_train(all_of(*source));
  EXPECT_THAT(stored(all), ElementsAre(1, 3));
  EXPECT_THAT(all.targets, ElementsAre(2, 4));
}

TEST(Csv, TheTargetIsAColumnByNameOrNumber) {
  const std::string text = "a,b,c\n1,2,3.5\n4,5,6.5\n";
  EXPECT_THAT(open_text(text)->train_targets(), ElementsAre(3.5f, 6.5f));
  const auto by_name = open_text(text, "csv(a.csv, target=a, task=regression)");
  EXPECT_THAT(by_name->train_targets(), ElementsAre(1, 4));
  EXPECT_THAT(by_name->schema().feature_names, ElementsAre("b", "c"));
  EXPECT_THAT(stored(by_name->load_train({1})), ElementsAre(5, 6.5f));
  EXPECT_THAT(open_text(text, "csv(a.csv, target=1, task=regression)")->train_targets(), ElementsAre(2, 5));
}

TEST(Csv, AHeaderIsRecognisedByWordsAmongTheFeatures) {
  EXPECT_EQ(open_text("x,y\n1,2\n")->train_size(), 1u);
  EXPECT_EQ(open_text("1,2\n3,4\n")->train_size(), 2u);
  EXPECT_EQ(open_text("1,red\n3,blue\n")->train_size(), 2u) << "a word as target is a class";
  EXPECT_EQ(open_text("1,2\n3,4\n", "csv(a.csv, header=true)")->train_size(), 1u);
  EXPECT_THAT(error_of([] { open_text("x,y\n1,2\n", "csv(a.csv, header=false)"); }),
              AllOf(HasSubstr("a.csv:1"), HasSubstr("\"x\"")));
}

TEST(Csv, ClassesAreWordsInAlphabeticalAndNumbersInNumericalOrder) {
  const auto words = open_text("1,red\n2,blue\n3,red\n4,green\n");
  EXPECT_THAT(words->schema().class_names, ElementsAre("blue", "green", "red"));
  EXPECT_THAT(words->train_targets(), ElementsAre(2, 0, 2, 1));
  const auto numbers = open_text("1,10\n2,-1\n3,9\n4,10.0\n");
  EXPECT_THAT(numbers->schema().class_names, ElementsAre("-1", "9", "10"));
  EXPECT_THAT(numbers->train_targets(), ElementsAre(2, 0, 1, 2));
}

TEST(Csv, ManyDifferentWholeNumbersAreQuantitiesUnlessAskedOtherwise) {
  std::string text;
  for (int i = 0; i < 101; ++i) text += "0," + std::to_string(i) + "\n";
  EXPECT_EQ(open_text(text)->classes(), 0u);
  EXPECT_EQ(open_text(text, "csv(a.csv, task=classification)")->classes(), 101u);
  EXPECT_EQ(open_text(text.substr(0, text.size() - std::string("0,100\n").size()))->classes(), 100u);
}

TEST(Csv, TheTestSetSharesFeaturesAndClasses) {
  const auto source = open_text("a,b,y\n1,2,no\n3,4,yes\n", "csv(a.csv, test=t.csv)", "a,b,y\n5,6,yes\n7,8,maybe\n");
  EXPECT_THAT(source->schema().class_names, ElementsAre("maybe", "no", "yes"));
  EXPECT_THAT(source->train_targets(), ElementsAre(1, 2));
  EXPECT_EQ(source->test_size(), 2u);
  const Dataset test = source->load_test();
  EXPECT_THAT(test.targets, ElementsAre(2, 0));
  EXPECT_THAT(stored(test), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(error_of([] { open_text("1,2,3\n", "csv(a.csv, test=t.csv)", "1,2\n"); }),
              AllOf(HasSubstr("t.csv"), HasSubstr("found 1 features"), HasSubstr("needed 2")));
  EXPECT_THAT(error_of([] { open_text("a,b,y\n1,2,3\n", "csv(a.csv, test=t.csv)", "b,a,y\n1,2,3\n"); }),
              AllOf(HasSubstr("t.csv"), HasSubstr("\"b\""), HasSubstr("\"a\"")));
}

TEST(Csv, BadRecordsAreRefusedWithTheirLine) {
  const auto refusal = [](const std::string& text, const std::string& spec = "csv(a.csv)") {
    return error_of([&] { open_text(text, spec); });
  };
  EXPECT_THAT(refusal(""), AllOf(HasSubstr("a.csv:1"), HasSubstr("empty")));
  EXPECT_THAT(refusal("a,b\n"), HasSubstr("no samples"));
  EXPECT_THAT(refusal("1\n2\n"), AllOf(HasSubstr("a.csv:1"), HasSubstr("one column")));
  EXPECT_THAT(refusal("1,2\n3\n"), AllOf(HasSubstr("a.csv:2"), HasSubstr("found 1 fields"), HasSubstr("needed 2")));
  EXPECT_THAT(refusal("1,2\n\n3,4,5\n"), AllOf(HasSubstr("a.csv:3"), HasSubstr("found 3 fields")));
  for (const char* bad : {"x", "", "nan", "inf", "1e99", "1.5.2", "0x10", "--1", "+-1", "1 2", "1e-400"}) {
    EXPECT_THAT(refusal("1,2\n" + std::string(bad) + ",4\n"),
                AllOf(HasSubstr("a.csv:2"), HasSubstr("column 0"), HasSubstr("\"" + std::string(bad) + "\"")));
  }
  EXPECT_THAT(refusal("1,2\n\"3,4\n"), AllOf(HasSubstr("a.csv:2"), HasSubstr("not closed")));
  EXPECT_THAT(refusal("1,2\n\"3\"x,4\n"), AllOf(HasSubstr("a.csv:2"), HasSubstr("comma")));
  EXPECT_THAT(refusal("1,2\n3,x\n"), AllOf(HasSubstr("a.csv:2"), HasSubstr("\"x\""), HasSubstr("numbers")));
  EXPECT_THAT(refusal("1,x\n3,2\n"), AllOf(HasSubstr("a.csv:2"), HasSubstr("words")));
  for (const char* bad : {"nan", "-inf", "1e99"}) {
    EXPECT_THAT(refusal("1," + std::string(bad) + "\n"), AllOf(HasSubstr("a.csv:1"), HasSubstr("finite number")));
  }
  EXPECT_THAT(refusal("1,x\n3,\n"), AllOf(HasSubstr("a.csv:2"), HasSubstr("no target")));
  EXPECT_THAT(refusal("a,b\n1,2\n", "csv(a.csv, target=c)"), AllOf(HasSubstr("\"c\""), HasSubstr("a, b")));
  EXPECT_THAT(refusal("1,2\n", "csv(a.csv, target=2)"), HasSubstr("below"));
  EXPECT_THAT(refusal("1,2\n", "csv(a.csv, target=c)"), HasSubstr("header"));
  EXPECT_THAT(refusal("1,2\n1,2.5\n", "csv(a.csv, task=classification)"),
              AllOf(HasSubstr("a.csv:2"), HasSubstr("task=regression")));
  EXPECT_THAT(refusal("1,x\n", "csv(a.csv, task=regression)"), AllOf(HasSubstr("a.csv:1"), HasSubstr("regression")));
}

TEST(Csv, AFileCutOffWhileInUseIsRefused) {
  const ScratchDirectory scratch;
  scratch.write("a.csv", "1,2\n3,4\n5,6\n");
  const auto source = open_dataset("csv(a.csv)", scratch.path(), 1);
  scratch.write("a.csv", "1,2\n3,4\n");
  EXPECT_THAT(error_of([&] { source->load_train({0, 2}); }), HasSubstr("shorter"));
}

TEST(Csv, AnEndlessLineIsRefused) {
  const ScratchDirectory scratch;
  scratch.write("a.csv", gzip(std::string(std::size_t{65} << 20, '1')));
  EXPECT_THAT(error_of([&] { open_dataset("csv(a.csv)", scratch.path(), 1); }), HasSubstr("longer than"));
}

}  // namespace
}  // namespace parley::learning
