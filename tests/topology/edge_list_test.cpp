#include "topology/families/edge_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "contract.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(EdgeFile, IsReadWithCommentsBlanksAndAnyLineEnds) {
  const std::vector<Edge> expected = {{0, 1}, {2, 1}, {3, 0}};
  EXPECT_EQ(read_edge_list("0,1\n2,1\n3,0\n", 4, "g"), expected);
  EXPECT_EQ(read_edge_list("0,1\n2,1\n3,0", 4, "g"), expected);
  EXPECT_EQ(read_edge_list("# edges\r\n0,1\r\n\r\n2 , 1\r\n\t3,\t0 \r\n", 4, "g"), expected);
  EXPECT_EQ(read_edge_list("", 4, "g"), std::vector<Edge>{});
  EXPECT_EQ(read_edge_list("\n\n# nothing\n", 1, "g"), std::vector<Edge>{});
}

struct Malformed {
  std::string name, content;
  int line;
  std::string told;
};
void PrintTo(const Malformed& malformed, std::ostream* out) {
  *out << malformed.name;
}

class MalformedEdgeFile : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedEdgeFile, IsRefusedWithFileLineAndRemedy) {
  const std::string path = write_file(GetParam().name + ".csv", GetParam().content);
  try {
    make_graph(fmt::format("file(\"{}\")", path), 4, 0);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(),
                AllOf(StartsWith(fmt::format("{}:{}: ", path, GetParam().line)), HasSubstr(GetParam().told)));
    EXPECT_EQ(error.place().file, path);
    EXPECT_EQ(error.place().line, GetParam().line);
  }
}

constexpr const char* kExpectedTwo = "expected two peer numbers separated by a comma, such as 0,1, found \"";

INSTANTIATE_TEST_SUITE_P(
    Every, MalformedEdgeFile,
    testing::Values(
        Malformed{"words", "from,to\n0,1\n", 1, kExpectedTwo + std::string("from,to\"")},
        Malformed{"not_a_number", "0,1\n1,x\n", 2, kExpectedTwo + std::string("1,x\"")},
        Malformed{"number_and_more", "0,1\n1,2b\n", 2, kExpectedTwo}, Malformed{"negative", "0,-1\n", 1, kExpectedTwo},
        Malformed{"fraction", "0,1.0\n", 1, kExpectedTwo}, Malformed{"three_fields", "0,1\n1,2,0.5\n", 2, kExpectedTwo},
        Malformed{"no_comma", "0 1\n", 1, kExpectedTwo},
        Malformed{"truncated_in_the_middle", "0,1\n1,2\n2,", 3, kExpectedTwo + std::string("2,\"")},
        Malformed{"truncated_before_the_comma", "# g\n\n0,1\n2", 4, kExpectedTwo + std::string("2\"")},
        Malformed{"only_a_comma", ",\n", 1, kExpectedTwo},
        Malformed{"binary", std::string("\x00\x1b[2J\xff\n", 7), 1, kExpectedTwo + std::string("??[2J?\"")},
        Malformed{"long_line", std::string(1000, '7') + "\n", 1, std::string(40, '7') + "...\""},
        Malformed{"out_of_range", "0,1\n1,4\n", 2, "there is no peer 4: the swarm has 4 peers, numbered from 0 to 3"},
        Malformed{"beyond_64_bits", "0,99999999999999999999999\n", 1, "there is no peer 99999999999999999999999"},
        Malformed{"loop", "0,1\n2,2\n", 2, "peer 2 is joined to itself: remove the line"},
        Malformed{"duplicate", "0,1\n1,2\n0,1\n", 3, "peers 0 and 1 are joined on line 1 already"},
        Malformed{"duplicate_the_other_way_round", "0,1\n1,2\n2,1\n", 3, "peers 2 and 1 are joined on line 2 already"}),
    [](const testing::TestParamInfo<Malformed>& tested) { return tested.param.name; });

TEST(EdgeFile, ThatIsMissingIsRefusedByName) {
  try {
    make_graph("file(\"/nowhere/edges.csv\")", 4, 0);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), StartsWith("/nowhere/edges.csv: cannot be opened: No such file"));
  }
}

TEST(EdgeFile, ThatIsADirectoryIsRefused) {
  try {
    make_graph("file(\"/\")", 4, 0);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), StartsWith("/: is a directory"));
  }
}

}  // namespace
}  // namespace parley::topology
