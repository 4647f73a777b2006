#include "wire/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::wire {
namespace {

using testing::HasSubstr;

std::optional<std::string> compare(std::vector<Term> theirs, std::vector<Term> ours, std::uint32_t their_version = 1) {
  return first_difference({"peer-1", their_version, theirs}, {"peer-0", 1, ours});
}

TEST(Agreement, EqualTermsAgreeInAnyOrder) {
  EXPECT_EQ(compare({}, {}), std::nullopt);
  EXPECT_EQ(compare({{"a", "1"}, {"b", "2"}}, {{"b", "2"}, {"a", "1"}}), std::nullopt);
}

TEST(Agreement, ADifferenceNamesBothEndsAndBothValues) {
  EXPECT_EQ(compare({{"compression.operator", "topk(ratio=0.01)"}}, {{"compression.operator", "topk(ratio=0.02)"}}),
            "compression.operator differs: peer-1 has \"topk(ratio=0.01)\", peer-0 has \"topk(ratio=0.02)\"");
}

TEST(Agreement, TheVersionIsComparedFirstThenTheSwarmThenTheTermsInOrder) {
  const std::vector<Term> ours = {{"a", "1"}, {"b", "1"}, {"swarm.name", "x"}},
                          theirs = {{"b", "2"}, {"a", "2"}, {"swarm.name", "y"}};
  EXPECT_EQ(compare(theirs, ours, 2), "protocol version differs: peer-1 speaks 2, peer-0 speaks 1");
  EXPECT_EQ(compare(theirs, ours), "swarm.name differs: peer-1 has \"y\", peer-0 has \"x\"");
  EXPECT_EQ(compare({theirs[0], theirs[1], ours[2]}, ours), "a differs: peer-1 has \"2\", peer-0 has \"1\"");
}

TEST(Agreement, ATermThatOnlyOneEndKnowsIsADifference) {
  EXPECT_EQ(compare({}, {{"a", "1"}}), "a differs: peer-1 does not know it, peer-0 has \"1\"");
  EXPECT_EQ(compare({{"a", "1"}}, {}), "a differs: peer-1 has \"1\", peer-0 does not know it");
}

TEST(Agreement, LongValuesAreShownWhereTheyPart) {
  std::string a(1000, 'x'), b = a;
  a[700] = 'A';
  b[700] = 'B';
  const std::string text = *compare({{"k", a}}, {{"k", b}});
  EXPECT_LT(text.size(), 400U);
  EXPECT_THAT(text, HasSubstr("xAx"));
  EXPECT_THAT(text, HasSubstr("xBx"));
}

}  // namespace
}  // namespace parley::wire
