#include "daemon/topology_picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "topology/drawing.h"
#include "topology/graph_file.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::daemon {
namespace {

/// The weight of every edge, in the order of edges(graph); the larger one where its directions differ.
std::vector<double> weights_of(const TopologyQuestion& question, const topology::Graph& graph) {
  const auto rule = topology::make_weight_rule(question.weights, graph);
  const topology::MixingMatrix W = topology::mixing_matrix(graph, *rule);
  std::vector<double> weights;
  for (auto [edge, end] = edges(graph); edge != end; ++edge) {
    const auto i = static_cast<Eigen::Index>(source(*edge, graph)), j = static_cast<Eigen::Index>(target(*edge, graph));
    weights.push_back(std::max(W.coeff(i, j), W.coeff(j, i)));
  }
  return weights;
}

topology::Panel whole_graph(const topology::Graph& graph, const std::vector<double>& weights) {
  topology::Panel panel;
  std::size_t k = 0;
  for (auto [edge, end] = edges(graph); edge != end; ++edge)
    panel.edges.push_back({.from = source(*edge, graph), .to = target(*edge, graph), .weight = weights[k++]});
  return panel;
}

topology::Panel one_round(const topology::Schedule& schedule, std::uint64_t round) {
  topology::Panel panel{.edges = {}, .title = fmt::format("round {}", round)};
  for (std::uint32_t i = 0; i < schedule.size(); ++i) {
    const topology::Neighbourhood around = schedule.neighbours({i}, {round});
    for (const base::PeerId j : around.out) {
      const bool both_ways = std::binary_search(around.in.begin(), around.in.end(), j);
      if (both_ways && j.value < i) continue;  // drawn from its other end
      panel.edges.push_back({.from = i, .to = j.value, .weight = 1, .is_directed = !both_ways});
    }
  }
  return panel;
}

/// Rounds share their places: those of the graph, if the schedule uses one, else a circle.
std::vector<topology::Point> places_of_rounds(const TopologyQuestion& question) {
  try {
    const topology::Graph graph = graph_of(question);
    return topology::places_of(question.graph, graph, question.seed);
  } catch (const base::OperatorError&) {
    const topology::Graph ring = topology::make_graph("ring", question.names.size(), 0);
    return topology::places_of("ring", ring, 0);
  }
}

std::string picture_of_rounds(const TopologyQuestion& question, std::size_t rounds) {
  if (rounds > kMostRoundsDrawn)
    throw base::OperatorError(
        fmt::format("--rounds: {} are too many for a picture; allowed: 1 to {}", rounds, kMostRoundsDrawn));
  const auto schedule =
      topology::make_schedule(question.schedule, question.graph, question.names.size(), question.seed);
  topology::Drawing drawing{.places = places_of_rounds(question), .labels = question.names, .panels = {}};
  for (std::size_t t = 0; t < rounds; ++t) drawing.panels.push_back(one_round(*schedule, t));
  return topology::svg(drawing);
}

}  // namespace

PictureFormat picture_format(const std::string& name, const std::string& file) {
  const auto is = [&](std::string_view format) {
    return name.empty() ? file.ends_with(fmt::format(".{}", format)) : name == format;
  };
  if (is("dot") || (name.empty() && file.ends_with(".gv"))) return PictureFormat::dot;
  if (is("graphml")) return PictureFormat::graphml;
  if (!name.empty() && name != "svg")
    throw base::OperatorError(fmt::format("--format: unknown format \"{}\"; known: svg, dot, graphml", name));
  return PictureFormat::svg;
}

std::string topology_picture(const TopologyQuestion& question, PictureFormat format, std::size_t rounds) {
  const std::size_t n = question.names.size();
  if (format == PictureFormat::svg && n > topology::kMostDrawn) {
    throw base::OperatorError(fmt::format("{} peers are too many for a picture, which shows up to {}: use --format dot",
                                          n, topology::kMostDrawn));
  }
  if (rounds > 0) {
    if (format != PictureFormat::svg)
      throw base::OperatorError("--rounds: only a picture shows several rounds; use --format svg");
    return picture_of_rounds(question, rounds);
  }
  const topology::Graph graph = graph_of(question);
  const std::vector<double> weights = weights_of(question, graph);
  if (format == PictureFormat::dot) return topology::graph_text(graph, weights, topology::GraphFormat::dot);
  if (format == PictureFormat::graphml) return topology::graph_text(graph, weights, topology::GraphFormat::graphml);
  return topology::svg({.places = topology::places_of(question.graph, graph, question.seed),
                        .labels = question.names,
                        .panels = {whole_graph(graph, weights)}});
}

}  // namespace parley::daemon
