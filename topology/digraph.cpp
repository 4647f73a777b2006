#include "topology/digraph.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <boost/graph/strong_components.hpp>

#include "base/error.h"
#include "topology/schedule.h"

namespace parley::topology {
namespace {

std::size_t strong_components(const Digraph& graph, std::vector<std::size_t>& component) {
  component.resize(num_vertices(graph));
  return boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph)));
}

/// One strongly connected part that others cannot be reached from, or that cannot be reached.
struct CutOff {
  std::size_t part = 0;
  std::size_t size = 0;
  bool is_heard = false;  ///< some peer outside hears it
};

/// The smallest of the parts without arcs in one of the directions; at least two parts are so if there are several.
CutOff smallest_cut_off(const Digraph& graph, const std::vector<std::size_t>& component, std::size_t components) {
  std::vector<std::size_t> sizes(components);
  std::vector<bool> is_heard(components), hears(components);
  for (const std::size_t part : component) ++sizes[part];
  for (auto [arc, end] = edges(graph); arc != end; ++arc) {
    const std::size_t from = component[source(*arc, graph)], to = component[target(*arc, graph)];
    if (from != to) is_heard[from] = hears[to] = true;
  }
  CutOff smallest{.size = component.size() + 1};
  for (std::size_t part = 0; part < components; ++part) {
    if ((is_heard[part] && hears[part]) || sizes[part] >= smallest.size) continue;
    smallest = {.part = part, .size = sizes[part], .is_heard = is_heard[part]};
  }
  return smallest;
}

}  // namespace

Digraph both_ways(const Graph& graph) {
  std::vector<WeightedArc> arcs;
  arcs.reserve(2 * num_edges(graph));
  for (auto [edge, end] = edges(graph); edge != end; ++edge) {
    const std::size_t a = source(*edge, graph), b = target(*edge, graph);
    arcs.push_back({.from = a, .to = b});
    arcs.push_back({.from = b, .to = a});
  }
  return simple_digraph(num_vertices(graph), std::move(arcs), {});
}

Digraph simple_digraph(std::size_t n, std::vector<WeightedArc> arcs, DigraphProperties properties) {
  std::erase_if(arcs, [](const WeightedArc& arc) { return arc.from == arc.to; });
  std::stable_sort(arcs.begin(), arcs.end(), [](const WeightedArc& a, const WeightedArc& b) {
    return std::pair(a.from, a.to) < std::pair(b.from, b.to);
  });
  Digraph graph(n, properties);
  for (std::size_t i = 0; i < arcs.size();) {
    const auto [from, to, first] = arcs[i];
    PARLEY_CHECK(from < n && to < n, from, to, n);
    double weight = first;
    for (++i; i < arcs.size() && arcs[i].from == from && arcs[i].to == to; ++i) weight += arcs[i].weight;
    boost::add_edge(from, to, ArcProperties{.weight = properties.has_weights ? weight : 0}, graph);
  }
  return graph;
}

std::vector<Neighbourhood> neighbourhoods(const Digraph& graph) {
  const bool has_weights = graph[boost::graph_bundle].has_weights;
  std::vector<Neighbourhood> result(num_vertices(graph));
  std::vector<std::pair<std::uint32_t, double>> heard;
  for (std::size_t i = 0; i < num_vertices(graph); ++i) {
    heard.clear();
    for (auto [arc, end] = in_edges(i, graph); arc != end; ++arc)
      heard.emplace_back(static_cast<std::uint32_t>(source(*arc, graph)), graph[*arc].weight);
    std::sort(heard.begin(), heard.end());
    for (const auto& [j, weight] : heard) {
      result[i].in.push_back({j});
      if (has_weights) result[i].weights.push_back(weight);
    }
    for (auto [arc, end] = out_edges(i, graph); arc != end; ++arc)
      result[i].out.push_back({static_cast<std::uint32_t>(target(*arc, graph))});
    std::sort(result[i].out.begin(), result[i].out.end());
  }
  return result;
}

std::vector<Neighbourhood> neighbourhoods(const Graph& graph) {
  std::vector<Neighbourhood> result;
  result.reserve(num_vertices(graph));
  for (std::uint32_t i = 0; i < num_vertices(graph); ++i) result.push_back(neighbourhood(graph, {i}));
  return result;
}

Digraph digraph_of(std::span<const Neighbourhood> neighbourhoods) {
  std::vector<WeightedArc> arcs, sent;
  bool has_weights = false;
  for (std::size_t i = 0; i < neighbourhoods.size(); ++i) {
    const auto& [in, out, weights] = neighbourhoods[i];
    PARLEY_CHECK(weights.empty() || weights.size() == in.size(), i, weights.size(), in.size());
    has_weights |= !weights.empty();
    for (std::size_t k = 0; k < in.size(); ++k)
      arcs.push_back({.from = in[k].value, .to = i, .weight = weights.empty() ? 0 : weights[k]});
    for (const base::PeerId to : out) sent.push_back({.from = i, .to = to.value});
  }
  const std::size_t heard = arcs.size();
  Digraph graph = simple_digraph(neighbourhoods.size(), std::move(arcs), {.has_weights = has_weights});
  PARLEY_CHECK(heard == sent.size() && heard == num_edges(graph), heard, sent.size(), num_edges(graph));
  for (const WeightedArc& arc : sent) PARLEY_CHECK(edge(arc.from, arc.to, graph).second, arc.from, arc.to);
  return graph;
}

Digraph digraph_of_round(const Schedule& schedule, base::Round round) {
  return digraph_of(schedule.neighbourhoods(round));
}

std::uint64_t fingerprint(const Digraph& graph) {
  std::string canonical = fmt::format("{};", num_vertices(graph));
  const std::vector<Neighbourhood> all = neighbourhoods(graph);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t k = 0; k < all[i].in.size(); ++k) {
      canonical += fmt::format("{}>{}", all[i].in[k], i);
      if (!all[i].weights.empty()) canonical += fmt::format(":{:x}", std::bit_cast<std::uint64_t>(all[i].weights[k]));
      canonical += ';';
    }
  }
  return XXH3_64bits(canonical.data(), canonical.size());
}

DirectedShape shape(const Digraph& graph) {
  const std::size_t n = num_vertices(graph);
  PARLEY_CHECK(n >= 1);
  DirectedShape shape{.peers = n,
                      .arcs = num_edges(graph),
                      .min_in_degree = n,
                      .min_out_degree = n,
                      .component = {},
                      .balanced = true,
                      .symmetric = true};
  for (const Neighbourhood& of_peer : neighbourhoods(graph)) {
    const std::size_t in = of_peer.in.size(), out = of_peer.out.size();
    shape.min_in_degree = std::min(shape.min_in_degree, in);
    shape.max_in_degree = std::max(shape.max_in_degree, in);
    shape.min_out_degree = std::min(shape.min_out_degree, out);
    shape.max_out_degree = std::max(shape.max_out_degree, out);
    shape.balanced &= in == out;
    shape.symmetric &= of_peer.is_symmetric();
  }
  shape.components = strong_components(graph, shape.component);
  return shape;
}

void require_strongly_connected(const Digraph& graph, std::span<const std::string> names) {
  PARLEY_CHECK(names.size() == num_vertices(graph), names.size(), num_vertices(graph));
  std::vector<std::size_t> component;
  const std::size_t components = strong_components(graph, component);
  if (components <= 1) return;
  const CutOff cut_off = smallest_cut_off(graph, component, components);
  constexpr std::size_t kMostNamed = 8;
  std::vector<std::string_view> named;
  for (std::size_t i = 0; i < component.size() && named.size() < kMostNamed; ++i) {
    if (component[i] == cut_off.part) named.push_back(names[i]);
  }
  const std::size_t unnamed = cut_off.size - named.size();
  const std::string part =
      fmt::format("{}{}", fmt::join(named, ", "), unnamed > 0 ? fmt::format(" and {} more", unnamed) : "");
  throw base::OperatorError(fmt::format(
      "the graph is not strongly connected: it falls into {} parts, and {}, or choose another graph", components,
      cut_off.is_heard ? fmt::format("nothing that the others know reaches {}; add an arc that leads there", part)
                       : fmt::format("the others never hear of {}; add an arc that leads from there to them", part)));
}

}  // namespace parley::topology
