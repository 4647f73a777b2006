// GraphML and DOT files: what is read, what is refused and where, and that what is written reads back.
#include "topology/graph_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "contract.h"

namespace parley::topology {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

FileGraph read(const std::string& name, const std::string& content, std::size_t n) {
  return read_graph_file(write_file(name, content), n);
}

std::string graphml(const std::string& inside, const std::string& direction = "undirected") {
  return "<?xml version=\"1.0\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
         "<key id=\"w\" for=\"edge\" attr.name=\"weight\" attr.type=\"double\"/>\n"
         "<graph edgedefault=\"" +
         direction + "\">\n" + inside + "</graph></graphml>\n";  // inside begins on line 5
}

const std::string kThreeNodes = "<node id=\"n2\"/>\n<node id=\"n0\"/>\n<node id=\"n1\"/>\n";  // lines 5 to 7

TEST(GraphMl, IsReadByTheNumbersAtTheEndOfItsNodes) {
  const FileGraph graph =
      read("a.graphml",
           graphml(kThreeNodes + "<!-- <edge/> --><edge source=\"n2\" target=\"n0\"/>\n"
                                 "<edge id=\"e\" source='n0'\n target='n1'><data key=\"x\"/></edge>\n"),
           3);
  EXPECT_EQ(graph.edges, (std::vector<Edge>{{2, 0}, {0, 1}}));
  EXPECT_TRUE(graph.weights.empty());
}

TEST(GraphMl, MayGiveEveryEdgeAWeight) {
  const FileGraph graph =
      read("b.graphml",
           graphml(kThreeNodes + "<edge source=\"n0\" target=\"n1\"><data key=\"w\">0.25</data></edge>\n"
                                 "<edge source=\"n1\" target=\"n2\"><data key=\"w\">1e-1</data></edge>\n"),
           3);
  EXPECT_EQ(graph.weights, (std::vector<double>{0.25, 0.1}));
}

TEST(Dot, IsReadWithChainsCommentsAttributesAndIsolatedNodes) {
  const FileGraph graph = read("a.dot",
                               "/* a graph */ graph g {\n  node [shape=circle];\n# round\n  site_2 -- site_0 -- "
                               "\"site 1\" [color=red, weight=2];\n  3; // alone\n}\n",
                               4);
  EXPECT_EQ(graph.edges, (std::vector<Edge>{{2, 0}, {0, 1}}));
  EXPECT_EQ(graph.weights, (std::vector<double>{2, 2}));
  EXPECT_EQ(read("a.gv", "graph { 0 -- 1 }", 2).edges, (std::vector<Edge>{{0, 1}}));
}

TEST(GraphText, ReadsBackAsTheSameGraphInEveryFormat) {
  for (const char* spec : {"ring", "star", "erdos-renyi(0.3)", "complete"}) {
    const Graph graph = make_graph(spec, 17, 4);
    std::vector<double> weights;
    for (std::size_t k = 0; k < num_edges(graph); ++k) weights.push_back(1.0 / static_cast<double>(3 + k));
    for (const auto& [format, ending] :
         {std::pair(GraphFormat::dot, "dot"), std::pair(GraphFormat::graphml, "graphml")}) {
      const std::string file = std::string("written.") + ending;
      const FileGraph weighted = read(file, graph_text(graph, weights, format), 17);
      EXPECT_EQ(weighted.weights, weights) << spec << ending;
      EXPECT_TRUE(read(file, graph_text(graph, {}, format), 17).weights.empty());
      EXPECT_EQ(
          fingerprint(make_graph(fmt::format("file(\"{}\")", write_file(file, graph_text(graph, {}, format))), 17, 0)),
          fingerprint(graph));
    }
  }
}

struct Malformed {
  std::string name, content;
  int line;  // 0: unknown
  std::string told;
};
void PrintTo(const Malformed& malformed, std::ostream* out) {
  *out << malformed.name;
}

class MalformedGraphFile : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedGraphFile, IsRefusedWithFileAndLine) {
  const std::string path = write_file(GetParam().name, GetParam().content);
  try {
    read_graph_file(path, 3);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith(path + ":"), HasSubstr(GetParam().told)));
    EXPECT_EQ(error.place().line, GetParam().line) << error.what();
  }
}

std::string name_of(const testing::TestParamInfo<Malformed>& tested) {
  std::string name = tested.param.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string edge(const std::string& a, const std::string& b, const std::string& inside = "") {
  return "<edge source=\"" + a + "\" target=\"" + b + "\">" + inside + "</edge>\n";
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    GraphMl, MalformedGraphFile,
    testing::Values(
        Malformed{"empty.graphml", "", 0, "not GraphML"}, Malformed{"prose.graphml", "0,1\n1,2\n", 1, "not GraphML"},
        Malformed{"cut.graphml", "<graphml>\n<graph edgedefault=\"undirected\">\n<node id=\"0\"/>\n", 4, "not GraphML"},
        Malformed{"tag_cut.graphml", "<graphml>\n<graph edgedefault=\"undirected\" ", 2, "this tag does not end"},
        Malformed{"comment.graphml", "<graphml>\n<!-- no end\n\n", 2, "this comment does not end"},
        Malformed{"entities.graphml", "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"&a;&a;\">]>\n<graphml/>", 2,
                  "document types are not read"},
        Malformed{"deep.graphml", repeated("<a>\n", 100000), 33, "nested more than 32 deep"},
        Malformed{"directed.graphml", graphml(kThreeNodes + edge("n0", "n1"), "directed"), 0, "directed edges"},
        Malformed{"two_graphs.graphml",
                  "<graphml><graph edgedefault=\"undirected\"/>\n<graph edgedefault=\"undirected\"/></graphml>", 2,
                  "one graph"},
        Malformed{"graph_in_node.graphml", graphml("<node id=\"0\">\n<graph edgedefault=\"undirected\"/></node>"), 6,
                  "no graph in its nodes"},
        Malformed{"hyperedge.graphml", graphml(kThreeNodes + "<hyperedge/>"), 8, "more than two nodes"},
        Malformed{"no_id.graphml", graphml("<node/>\n"), 5, "this node lacks its id"},
        Malformed{"no_target.graphml", graphml(kThreeNodes + "<edge source=\"n0\"/>\n"), 8, "lacks its source or its"},
        Malformed{"unknown_node.graphml", graphml(kThreeNodes + edge("n0", "n1") + edge("n0", "n7")), 9,
                  "a node that is not there"},
        Malformed{"node_twice.graphml", graphml(kThreeNodes + "<node id=\"n1\"/>"), 8, "node \"n1\" was there before"},
        Malformed{"few_nodes.graphml", graphml("<node id=\"0\"/>\n"), 0, "has 1 node, the swarm has 3 peers"},
        Malformed{"many_nodes.graphml", graphml(kThreeNodes + "<node id=\"n3\"/>"), 8, "there is no peer 3"},
        Malformed{"names.graphml", graphml("<node id=\"n0\"/>\n<node id=\"anna\"/>\n"), 6,
                  "node \"anna\" does not end in the number of a peer"},
        Malformed{"same_number.graphml", graphml("<node id=\"a1\"/>\n<node id=\"b1\"/>\n"), 6, "are both peer 1"},
        Malformed{"long_number.graphml", graphml("<node id=\"n99999999999999999999999\"/>\n"), 5,
                  "there is no peer 99"},
        Malformed{"loop.graphml", graphml(kThreeNodes + edge("n1", "n1")), 8, "peer 1 is joined to itself"},
        Malformed{"duplicate.graphml", graphml(kThreeNodes + edge("n0", "n1") + "\n" + edge("n1", "n0")), 10,
                  "joined on line 8 already"},
        Malformed{"weight.graphml", graphml(kThreeNodes + edge("n0", "n1", "<data key=\"w\">heavy</data>")), 8,
                  "must be a number, found \"heavy\""},
        Malformed{"one_weight.graphml",
                  graphml(kThreeNodes + edge("n0", "n1") + edge("n1", "n2", "<data key=\"w\">1</data>")), 9,
                  "those before it have none"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Dot, MalformedGraphFile,
    testing::Values(
        Malformed{"empty.dot", "", 1, "not DOT"}, Malformed{"prose.dot", "hello\nworld", 1, "not DOT"},
        Malformed{"cut.dot", "graph {\n 0 -- 1;\n 1 -- 2;\n", 3, "not DOT"},
        Malformed{"syntax.dot", "graph {\n 0 -- 1;\n 1 -- ];\n 0 -- 2;\n}\n", 3, "not DOT"},
        Malformed{"attribute.dot", "graph {\n 0 -- 1 [color=];\n 1 -- 2;\n}\n", 2, "not DOT"},
        Malformed{"directed.dot", "digraph {\n 0 -> 1;\n}\n", 1, "has directed edges"},
        Malformed{"arrow.dot", "graph {\n 0 -> 1;\n}\n", 2, "-> is a directed edge"},
        Malformed{"subgraph.dot", "graph {\n subgraph s { 0; 1 } -- 2\n}\n", 2, "subgraphs are not read"},
        Malformed{"nameless_subgraph.dot", "graph {\n 0;\n {0 1} -- {2 1}\n}\n", 3, "subgraphs are not read"},
        Malformed{"deep.dot", "graph " + repeated("{", 100000), 1, "subgraphs are not read"},
        Malformed{"html.dot", "graph {\n 0 [label=<b>];\n}\n", 2, "HTML is not read"},
        Malformed{"long_name.dot", "graph {\n\"" + std::string(500000, 'x') + "\"\n}", 2, "more than 1000 characters"},
        Malformed{"open_text.dot", "graph {\n\"abc\n}", 2, "this text does not end"},
        Malformed{"open_comment.dot", "graph {\n/* abc\n}", 2, "this comment does not end"},
        Malformed{"defaults.dot", "graph {\nnode [\n" + repeated("a=b\n", 17) + "]}", 19, "default attributes"},
        Malformed{"few_nodes.dot", "graph {\n 0 -- 1\n}\n", 0, "has 2 nodes, the swarm has 3 peers"},
        Malformed{"names.dot", "graph {\n 0 -- 1;\n 1 -- anna\n}\n", 3, "node \"anna\" does not end in"},
        Malformed{"no_peer.dot", "graph {\n 0 -- 1;\n\n 1 -- 3\n}\n", 4, "there is no peer 3"},
        Malformed{"loop.dot", "graph {\n 0 -- 1;\n 1 -- 2 -- 2\n}\n", 3, "peer 2 is joined to itself"},
        Malformed{"duplicate.dot", "graph {\n 0 -- 1;\n 1 -- 2;\n 1 -- 0\n}\n", 4, "joined on line 2 already"},
        Malformed{"weight.dot", "graph {\n 0 -- 1;\n 1 -- 2 [weight=heavy]\n}\n", 3, "found \"heavy\""}),
    name_of);

TEST(GraphFile, ThatIsTooLargeIsRefusedUnread) {
  const std::string path = write_file("large.dot", std::string((std::size_t{16} << 20) + 1, '\n'));
  try {
    read_graph_file(path, 3);
    FAIL() << "accepted";
  } catch (const base::OperatorError& error) {
    EXPECT_THAT(error.what(), HasSubstr("is larger than 16 MiB"));
  }
}

}  // namespace
}  // namespace parley::topology
