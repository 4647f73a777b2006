// Any bytes as a GraphML or DOT file: refused with the file's name, or read into the edges of a simple graph that reads
// back when it is written.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "topology/families/families.h"
#include "topology/files/dot.h"
#include "topology/files/graphml.h"

namespace parley::topology {
namespace {

void read(FileGraph (*reader)(std::string_view, std::size_t, const std::string&), GraphFormat format, std::size_t n,
          std::string_view text) {
  FileGraph read;
  try {
    read = reader(text, n, "fuzz");
  } catch (const base::OperatorError& error) {
    PARLEY_CHECK(error.place().file == "fuzz" && !error.message().empty());
    return;
  }
  for (const auto& [a, b] : read.edges) PARLEY_CHECK(a < n && b < n && a != b, a, b, n);
  const Graph graph = simple_graph(n, read.edges);
  PARLEY_CHECK(num_edges(graph) == read.edges.size(), read.edges.size());  // none twice
  const FileGraph again = reader(graph_text(graph, {}, format), n, "again");
  PARLEY_CHECK(num_edges(simple_graph(n, again.edges)) == read.edges.size(), read.edges.size());
}

}  // namespace
}  // namespace parley::topology

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::topology;
  if (size == 0) return 0;
  const std::size_t n = 1 + data[0] / 2;  // the first byte is the format and the number of peers
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    read(read_graphml, GraphFormat::graphml, n, text);
  } else {
    read(read_dot, GraphFormat::dot, n, text);
  }
  return 0;
}
