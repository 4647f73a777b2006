#include "topology/files/dot.h"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphviz.hpp>

#include "base/error.h"
#include "topology/files/dot_outline.h"
#include "topology/files/edge_collector.h"
#include "topology/files/node_names.h"

namespace parley::topology {
namespace {

struct Node {
  std::string name;
};
struct Link {
  std::string weight;  // as written; empty: none
};
using DotGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, Node, Link>;

DotGraph parse(const std::string& text) {
  DotGraph graph;
  boost::dynamic_properties properties(boost::ignore_other_properties);
  properties.property("node_id", get(&Node::name, graph));
  properties.property("weight", get(&Link::weight, graph));
  boost::read_graphviz(text, graph, properties, "node_id");
  return graph;
}

/// What the reader has against the text; empty if nothing.
std::string complaint(const std::string& text) {
  try {
    parse(text);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// The reader does not say where it stopped. It reads forwards, so the first lines of the text draw the same complaint
/// from it as soon as they reach that place, and another one, about the end of the text, before.
std::int64_t line_of_complaint(std::string_view text, const std::string& found) {
  constexpr std::size_t kLongestSearched = 1 << 18;
  if (text.size() > kLongestSearched) return 0;
  std::vector<std::size_t> ends;  // of the lines
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || i + 1 == text.size()) ends.push_back(i + 1);
  }
  if (ends.empty()) return 1;
  const auto last = static_cast<std::int64_t>(ends.size());
  if (complaint(std::string(text) + "\n}") != found) return last;  // it was about the end of the text
  const auto reached = std::partition_point(
      ends.begin(), ends.end(), [&](std::size_t end) { return complaint(std::string(text.substr(0, end))) != found; });
  return std::min<std::int64_t>(reached - ends.begin() + 1, last);
}

DotGraph parse_or_refuse(std::string_view text, const std::string& file) {
  std::string found;
  try {
    return parse(std::string(text));
  } catch (const std::exception& error) {
    found = error.what();
  }
  fail_at(file, line_of_complaint(text, found), fmt::format("not DOT: {}", shown(found)));
}

}  // namespace

FileGraph read_dot(std::string_view text, std::size_t n, const std::string& file) {
  const DotOutline outline = outline_of_dot(text, file);
  const DotGraph graph = parse_or_refuse(text, file);
  std::vector<NamedNode> nodes;
  for (auto [node, end] = vertices(graph); node != end; ++node) {
    const auto known = outline.line_of_name.find(graph[*node].name);
    nodes.push_back({.name = graph[*node].name, .line = known == outline.line_of_name.end() ? 0 : known->second});
  }
  const std::vector<std::size_t> peers = peers_of_nodes(nodes, n, file);
  // Without subgraphs every -- is an edge, in this order; unless `strict` made edges one.
  const bool has_lines = outline.edge_lines.size() == num_edges(graph);
  EdgeCollector edges(n, file);
  std::size_t k = 0;
  for (auto [edge, end] = boost::edges(graph); edge != end; ++edge, ++k) {
    const std::int64_t line = has_lines ? outline.edge_lines[k] : 0;
    const std::string& written = graph[*edge].weight;
    std::optional<double> weight;
    if (!written.empty() && !(weight = read_weight(written)))
      fail_at(file, line, fmt::format("the weight of an edge must be a number, found \"{}\"", shown(written)));
    edges.add({peers[source(*edge, graph)], peers[target(*edge, graph)]}, weight, line);
  }
  return edges.take();
}

}  // namespace parley::topology
