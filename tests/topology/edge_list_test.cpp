#include "topology/files/edge_list.h"

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
  const auto edges_of = [](std::string_view text) { return read_edge_list(text, 4, "g").edges; };
  EXPECT_EQ(edges_of("0,1\n2,1\n3,0\n"), expected);
  EXPECT_EQ(edges_of("0,1\n2,1\n3,0"), expected);
  EXPECT_EQ(edges_of("# edges\r\n0,1\r\n\r\n2 , 1\r\n\t3,\t0 \r\n"), expected);
  EXPECT_EQ(edges_of("0 1\n2\t 1  # backbone\n 3   0\n"), expected);
  EXPECT_EQ(edges_of("\nfrom,to\n0,1\n2,1\n3,0\n"), expected);
  EXPECT_EQ(edges_of("source target\n0 1\n2 1\n3 0\n"), expected);
  EXPECT_EQ(edges_of(""), std::vector<Edge>{});
  EXPECT_EQ(edges_of("\n\n# nothing\n"), std::vector<Edge>{});
}

TEST(EdgeFile, MayGiveEveryEdgeAWeight) {
  const FileGraph graph = read_edge_list("from,to,weight\n0,1,0.5\n1 2 -1e-3\n", 4, "g");
  EXPECT_EQ(graph.edges, (std::vector<Edge>{{0, 1}, {1, 2}}));
  EXPECT_EQ(graph.weights, (std::vector<double>{0.5, -1e-3}));
  EXPECT_TRUE(read_edge_list("from,to,weight\n0,1\n", 4, "g").weights.empty());
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
        Malformed{"words_below_the_first_line", "0,1\nfrom,to\n", 2, kExpectedTwo + std::string("from,to\"")},
        Malformed{"two_lines_of_words", "from,to\nfrom,to\n", 2, kExpectedTwo},
        Malformed{"not_a_number", "0,1\n1,x\n", 2, kExpectedTwo + std::string("1,x\"")},
        Malformed{"number_and_more", "0,1\n1,2b\n", 2, kExpectedTwo}, Malformed{"negative", "0,-1\n", 1, kExpectedTwo},
        Malformed{"fraction", "0,1.0\n", 1, kExpectedTwo},
        Malformed{"four_fields", "0,1\n1,2,0.5,7\n", 2, kExpectedTwo},
        Malformed{"weight_of_one_edge", "0,1\n1,2,0.5\n", 2, "this edge has a weight and those before it have none"},
        Malformed{"edge_without_its_weight", "0,1,1\n1,2\n", 2, "this edge has no weight and those before it have"},
        Malformed{"infinite_weight", "0,1,inf\n", 1, "must be a number, found \"inf\""},
        Malformed{"weight_that_is_none", "0,1,0x2\n", 1, "must be a number, found \"0x2\""},
        Malformed{"one_number", "0\n", 1, kExpectedTwo},
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
