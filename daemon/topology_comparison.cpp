#include "daemon/topology_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "daemon/spec_kinds.h"
#include "daemon/text_table.h"
#include "daemon/topology_report.h"
#include "daemon/units.h"

namespace parley::daemon {
namespace {

std::string gap_text(const topology::Summary& summary) {
  return summary.spectrum ? fmt::format("{:.4g}", summary.spectrum->gap) : "-";
}

}  // namespace

bool TopologyComparison::has_refusal() const {
  return std::any_of(rows.begin(), rows.end(), [](const ComparedTopology& row) { return !row.refusal.empty(); });
}

TopologyComparison compare_topologies(const std::vector<std::string>& graphs, std::size_t n, std::uint64_t seed,
                                      const std::string& weights, std::size_t model_size) {
  TopologyComparison comparison{
      .peers = n, .model_size = model_size, .weights = canonical_spec(SpecKind::weights, weights), .rows = {}};
  for (const std::string& spec : graphs) {
    ComparedTopology row{.graph = spec, .refusal = {}, .summary = {}, .cost = {}};
    try {
      row.graph = topology::canonical_graph_spec(spec);
      const topology::Graph graph = topology::make_graph(spec, n, seed);
      const auto rule = topology::make_weight_rule(weights, graph);
      row.summary = topology::summarise(graph, *rule);
      row.cost = topology_cost(row.summary, model_size, "none", static_cast<double>(model_size) * sizeof(float));
    } catch (const base::OperatorError& error) {
      row.refusal = error.what();
    }
    comparison.rows.push_back(std::move(row));
  }
  return comparison;
}

std::string comparison_text(const TopologyComparison& comparison) {
  TextTable table({"graph", "edges", "degree", "diameter", "gap", "rounds", "a round", "until 1e-3"});
  std::string refusals;
  for (const ComparedTopology& row : comparison.rows) {
    if (!row.refusal.empty()) {
      refusals += fmt::format("{}: {}\n", row.graph, row.refusal);
      continue;
    }
    const topology::Summary& summary = row.summary;
    const auto& rounds = summary.rounds_to_a_thousandth;
    table.add({row.graph, fmt::format("{}", summary.shape.edges), degree_text(summary.shape),
               diameter_text(summary.shape), gap_text(summary), rounds ? rounds_text(*rounds) : "never",
               approximate_bytes(row.cost.busiest_bytes),
               rounds ? approximate_bytes(*row.cost.busiest_bytes_to_a_thousandth) : "-"});
  }
  return table.text() +
         fmt::format(
             "\n{} peers, {} weights. rounds: of plain mixing, until models are a thousandth as far apart (1e-3).\n"
             "a round, until 1e-3: what the busiest peer sends, for {} parameters sent whole.\n",
             comparison.peers, comparison.weights, comparison.model_size) +
         (refusals.empty() ? "" : "\nnot on " + fmt::format("{} peers:\n", comparison.peers) + refusals);
}

std::string comparison_json(const TopologyComparison& comparison) {
  using nlohmann::ordered_json;
  const auto number = [](const auto& value) { return value ? ordered_json(*value) : ordered_json(nullptr); };
  auto rows = ordered_json::array();
  for (const ComparedTopology& row : comparison.rows) {
    if (!row.refusal.empty()) {
      rows.push_back({{"graph", row.graph}, {"refusal", row.refusal}});
      continue;
    }
    const topology::Shape& shape = row.summary.shape;
    const auto& spectrum = row.summary.spectrum;
    rows.push_back({{"graph", row.graph},
                    {"edges", shape.edges},
                    {"min_degree", shape.min_degree},
                    {"max_degree", shape.max_degree},
                    {"components", shape.components},
                    {"diameter", number(shape.diameter)},
                    {"diameter_is_exact", shape.diameter_is_exact},
                    {"gap", spectrum ? ordered_json(spectrum->gap) : ordered_json(nullptr)},
                    {"rounds_to_a_thousandth", number(row.summary.rounds_to_a_thousandth)},
                    {"busiest_bytes_per_round", row.cost.busiest_bytes},
                    {"busiest_bytes_to_a_thousandth", number(row.cost.busiest_bytes_to_a_thousandth)}});
  }
  const ordered_json document = {{"peers", comparison.peers},
                                 {"weights", comparison.weights},
                                 {"parameters", comparison.model_size},
                                 {"graphs", std::move(rows)}};
  return document.dump(2) + '\n';
}

}  // namespace parley::daemon
