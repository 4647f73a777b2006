#include "topology/graph_file.h"

#include <boost/graph/graphml.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/error.h"
#include "topology/files/dot.h"
#include "topology/files/edge_collector.h"
#include "topology/files/edge_list.h"
#include "topology/files/graphml.h"

namespace parley::topology {
namespace {

struct Format {
  std::string_view ending;
  std::size_t most_bytes;
  FileGraph (*read)(std::string_view text, std::size_t n, const std::string& file);
};

// Boost's readers keep some hundred bytes for every name, so that their files are bounded more tightly.
constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr Format kFormats[] = {
    {".graphml", 16 * kMebibyte, read_graphml},
    {".dot", 16 * kMebibyte, read_dot},
    {".gv", 16 * kMebibyte, read_dot},
    {"", 64 * kMebibyte, read_edge_list},
};

const Format& format_of(std::string_view path) {
  for (const Format& format : kFormats) {
    if (path.ends_with(format.ending)) return format;
  }
  return kFormats[std::size(kFormats) - 1];
}

std::string contents(const std::string& path, std::size_t most_bytes) {
  const auto fail = [&](const std::string& why) { fail_at(path, 0, why); };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("is a directory; a graph is a text file");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  std::string text, chunk(std::size_t{1} << 16, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    text.append(chunk, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > most_bytes)
      fail(fmt::format("is larger than {} MiB, the most that is read of such a file", most_bytes / kMebibyte));
  }
  if (file.bad()) fail("cannot be read");
  return text;
}

}  // namespace

FileGraph read_graph_file(const std::string& path, std::size_t n) {
  const Format& format = format_of(path);
  return format.read(contents(path, format.most_bytes), n, path);
}

std::string graph_text(const Graph& graph, const std::vector<double>& weights, GraphFormat format) {
  PARLEY_CHECK(weights.empty() || weights.size() == num_edges(graph), weights.size(), num_edges(graph));
  using EdgeId = boost::graph_traits<Graph>::edge_descriptor;
  std::map<std::pair<std::size_t, std::size_t>, std::string> weight_of;
  std::size_t k = 0;
  for (auto [edge, end] = edges(graph); edge != end && !weights.empty(); ++edge)
    weight_of[{source(*edge, graph), target(*edge, graph)}] = fmt::format("{}", weights[k++]);
  const auto written = boost::make_function_property_map<EdgeId>(
      [&](const EdgeId& edge) { return weight_of.at({source(edge, graph), target(edge, graph)}); });
  boost::dynamic_properties properties;
  properties.property("node_id", get(boost::vertex_index, graph));
  if (!weights.empty()) properties.property("weight", written);
  std::ostringstream text;
  if (format == GraphFormat::dot) {
    boost::write_graphviz_dp(text, graph, properties);
  } else {
    boost::write_graphml(text, graph, properties, true);
  }
  return std::move(text).str();
}

}  // namespace parley::topology
