// Any bytes as an edge file: refused with file and line, or read into edges that make the graph they say.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "topology/families/families.h"
#include "topology/files/edge_list.h"

namespace parley::topology {
namespace {

std::string written(const FileGraph& graph) {
  std::string text;
  for (std::size_t k = 0; k < graph.edges.size(); ++k) {
    const auto [a, b] = graph.edges[k];
    text += graph.weights.empty() ? fmt::format("{},{}\n", a, b) : fmt::format("{},{},{}\n", a, b, graph.weights[k]);
  }
  return text;
}

void read(std::size_t n, std::string_view text) {
  FileGraph graph;
  try {
    graph = read_edge_list(text, n, "fuzz.csv");
  } catch (const base::OperatorError& error) {
    PARLEY_CHECK(error.place().file == "fuzz.csv" && error.place().line > 0 && !error.message().empty());
    return;
  }
  for (const auto& [a, b] : graph.edges) PARLEY_CHECK(a < n && b < n && a != b, a, b, n);
  PARLEY_CHECK(num_edges(simple_graph(n, graph.edges)) == graph.edges.size(), graph.edges.size());  // none twice
  const FileGraph again = read_edge_list(written(graph), n, "again.csv");
  PARLEY_CHECK(again.edges == graph.edges && again.weights == graph.weights);
}

}  // namespace
}  // namespace parley::topology

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t n = 1 + data[0];  // the first byte is the number of peers
  parley::topology::read(n, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
