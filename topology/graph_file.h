// Graphs in text files, read and written.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "topology/graph.h"

namespace parley::topology {

/// What a file says of a graph.
struct FileGraph {
  std::vector<Edge> edges;      ///< in the order of the file, none twice and none to itself
  std::vector<double> weights;  ///< finite; one per edge, or empty if the file has none
};

/// Reads a file by the end of its name: .graphml, .dot or .gv, or else a list of edges. The formats and their bounds
/// are in docs/topology.md. Throws base::OperatorError with the file, and the line if there is one, of what is wrong.
FileGraph read_graph_file(const std::string& path, std::size_t n);

/// How a graph is written for other programs.
enum class GraphFormat { dot, graphml };

/// `graph` with node i named i (or ni), and the weight of every edge in the order of edges(graph) if there are any.
std::string graph_text(const Graph& graph, const std::vector<double>& weights, GraphFormat format);

}  // namespace parley::topology
