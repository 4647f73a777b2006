#include "base/error.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/ids.h"

namespace parley::base {
namespace {

TEST(Place, LeavesOutWhatIsUnknown) {
  struct Case {
    Place place;
    std::string text;
  };
  const Case cases[] = {
      {{}, ""},
      {{.file = "a.toml"}, "a.toml"},
      {{.file = "a.toml", .line = 3}, "a.toml:3"},
      {{.file = "a.toml", .line = 3, .column = 7}, "a.toml:3:7"},
      {{.file = "a.toml", .line = 3, .column = 7, .key = "learning.batch"}, "a.toml:3:7: learning.batch"},
      {{.file = "a.toml", .key = "learning.batch"}, "a.toml: learning.batch"},
      {{.line = 3, .column = 7}, "line 3:7"},
      {{.key = "learning.batch"}, "learning.batch"},
      {{.file = "a.toml", .column = 7}, "a.toml"},  // a column says nothing without its line
  };
  for (const Case& c : cases) EXPECT_EQ(c.place.text(), c.text);
}

TEST(OperatorError, SaysThePlaceBeforeTheMessage) {
  const OperatorError error({.file = "a.toml", .line = 3, .column = 7, .key = "k"}, "found 0, allowed: 1 to 9");
  EXPECT_STREQ(error.what(), "a.toml:3:7: k: found 0, allowed: 1 to 9");
  EXPECT_EQ(error.message(), "found 0, allowed: 1 to 9");
  EXPECT_EQ(error.place().line, 3);
}

TEST(OperatorError, WithoutAPlaceIsTheMessageAlone) {
  EXPECT_STREQ(OperatorError("no such file").what(), "no such file");
}

TEST(OperatorError, CanBeThrownAgainWithABetterPlace) {
  const OperatorError inner("unknown graph \"rong\"");
  const OperatorError outer({.file = "a.toml", .line = 9}, inner.message());
  EXPECT_STREQ(outer.what(), "a.toml:9: unknown graph \"rong\"");
}

TEST(Result, HoldsEitherAValueOrARefusal) {
  const Result<std::string> accepted(std::string("bytes"));
  ASSERT_TRUE(accepted.ok());
  EXPECT_TRUE(static_cast<bool>(accepted));
  EXPECT_EQ(*accepted, "bytes");
  EXPECT_EQ(accepted->size(), 5u);

  const Result<std::string> refused(Refusal{"too_long", "7 bytes, at most 5"});
  ASSERT_FALSE(refused.ok());
  EXPECT_FALSE(static_cast<bool>(refused));
  EXPECT_EQ(refused.refusal().reason, "too_long");
  EXPECT_EQ(refused.refusal().detail, "7 bytes, at most 5");
}

TEST(Result, MovesOutWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(result.value());
  EXPECT_EQ(*taken, 7);
}

TEST(Result, OfNothingIsAcceptedUnlessRefused) {
  const Result<void> accepted;
  EXPECT_TRUE(accepted.ok());
  const Result<void> refused(Refusal{"not_finite", "index 3"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.refusal().reason, "not_finite");
}

TEST(Check, HoldsSilently) {
  int evaluations = 0;
  PARLEY_CHECK(++evaluations == 1);
  PARLEY_CHECK(++evaluations == 2, evaluations);
  EXPECT_EQ(evaluations, 2);
}

TEST(CheckDeathTest, ShowsTheConditionItsPlaceAndTheValues) {
  const int found = 42;
  const std::string name = "hidden.weight";
  EXPECT_DEATH(PARLEY_CHECK(found < 7, found, name),
               "error_test.cpp:[0-9]+: this is a bug in Parley: found < 7 does not hold "
               "\\(found, name\\) = \\(42, hidden.weight\\)");
}

TEST(CheckDeathTest, ShowsIdsAsNumbers) {
  const PeerId peer{3};
  EXPECT_DEATH(PARLEY_CHECK(peer == PeerId{4}, peer), "\\(peer\\) = \\(3\\)");
}

TEST(CheckDeathTest, NeedsNoValues) {
  EXPECT_DEATH(PARLEY_CHECK(1 > 2), "1 > 2 does not hold");
}

}  // namespace
}  // namespace parley::base
