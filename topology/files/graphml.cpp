#include "topology/files/graphml.h"

#include <boost/graph/graphml.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "base/error.h"
#include "topology/files/edge_collector.h"
#include "topology/files/xml_outline.h"

namespace parley::topology {
namespace {

/// What Boost's reader builds: it calls in the order of the file, so that the outline says on which line.
class Builder final : public boost::mutate_graph {
 public:
  struct ReadEdge {
    std::size_t source, target;
    std::optional<std::string> weight;
  };

  Builder(const XmlOutline& outline, const std::string& file) : outline_(outline), file_(file) {}
  const std::vector<ReadEdge>& edges() const { return edges_; }

  bool is_directed() const override { return false; }
  boost::any do_add_vertex() override {
    // Nodes come first; one that comes with an edge was named by nothing but that edge.
    if (vertices_ == outline_.nodes.size())
      fail_at(file_, line_of(edges_.size()), "this edge ends at a node that is not there");
    return vertices_++;
  }
  std::pair<boost::any, bool> do_add_edge(boost::any source, boost::any target) override {
    edges_.push_back({boost::any_cast<std::size_t>(source), boost::any_cast<std::size_t>(target), std::nullopt});
    return {edges_.size() - 1, true};
  }
  void set_graph_property(const std::string&, const std::string&, const std::string&) override {}
  void set_vertex_property(const std::string&, boost::any, const std::string&, const std::string&) override {}
  void set_edge_property(const std::string& name, boost::any edge, const std::string& value,
                         const std::string&) override {
    if (name == "weight") edges_[boost::any_cast<std::size_t>(edge)].weight = value;
  }

  std::int64_t line_of(std::size_t edge) const {
    return edge < outline_.edge_lines.size() ? outline_.edge_lines[edge] : 0;
  }

 private:
  const XmlOutline& outline_;
  const std::string& file_;
  std::size_t vertices_ = 0;
  std::vector<ReadEdge> edges_;
};

void build(std::string_view text, Builder& builder, const std::string& file) {
  try {
    std::istringstream stream{std::string(text)};
    boost::read_graphml(stream, builder, 0);
  } catch (const base::OperatorError&) {
    throw;
  } catch (const boost::property_tree::xml_parser_error& error) {
    fail_at(file, static_cast<std::int64_t>(error.line()), fmt::format("not GraphML: {}", shown(error.message())));
  } catch (const boost::directed_graph_error&) {
    fail_at(file, 0, "has directed edges: set edgedefault to \"undirected\"");
  } catch (const std::exception& error) {
    fail_at(file, 0, fmt::format("not GraphML: {}", shown(error.what())));
  }
}

}  // namespace

FileGraph read_graphml(std::string_view text, std::size_t n, const std::string& file) {
  const XmlOutline outline = outline_of_graphml(text, file);
  Builder builder(outline, file);
  build(text, builder, file);
  const std::vector<std::size_t> peers = peers_of_nodes(outline.nodes, n, file);
  EdgeCollector edges(n, file);
  for (std::size_t k = 0; k < builder.edges().size(); ++k) {
    const auto& [source, target, text_of_weight] = builder.edges()[k];
    std::optional<double> weight;
    if (text_of_weight && !(weight = read_weight(*text_of_weight))) {
      fail_at(file, builder.line_of(k),
              fmt::format("the weight of an edge must be a number, found \"{}\"", shown(*text_of_weight)));
    }
    PARLEY_CHECK(source < peers.size() && target < peers.size(), source, target, peers.size());
    edges.add({peers[source], peers[target]}, weight, builder.line_of(k));
  }
  return edges.take();
}

}  // namespace parley::topology
