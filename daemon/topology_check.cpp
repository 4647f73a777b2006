#include "daemon/topology_check.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "daemon/spec_kinds.h"
#include "topology/mixing_matrix.h"
#include "topology/schedule.h"

namespace parley::daemon {
namespace {

/// Runs one check, and writes down what came of it. False if it refused.
bool hold(TopologyVerdict& verdict, const std::string& held, const std::function<void()>& check) {
  try {
    check();
  } catch (const base::OperatorError& error) {
    verdict.reasons.emplace_back(error.what());
    return false;
  }
  verdict.held.push_back(held);
  return true;
}

void check_weights(const TopologyQuestion& question, const topology::Graph& graph, TopologyVerdict& verdict) {
  std::unique_ptr<topology::WeightRule> rule;
  if (!hold(verdict, fmt::format("weight rule {}", question.weights),
            [&] { rule = topology::make_weight_rule(question.weights, graph); }))
    return;
  hold(verdict, "W: rows and columns sum to one, symmetric, mixes",
       [&] { topology::validate(topology::mixing_matrix(graph, *rule), topology::Requirements{}, question.names); });
}

}  // namespace

TopologyVerdict check_topology(const TopologyQuestion& question, const std::optional<std::string>& algorithm) {
  TopologyVerdict verdict;
  if (algorithm) {
    verdict.algorithm = canonical_spec(SpecKind::algorithm, *algorithm);
  } else if (question.config) {
    verdict.algorithm = question.config->gossip.algorithm;
  }
  topology::Graph graph;
  if (!hold(verdict, fmt::format("graph {} on {} peers", question.graph, question.names.size()),
            [&] { graph = graph_of(question); }))
    return verdict;
  hold(verdict, fmt::format("schedule {}", question.schedule),
       [&] { topology::make_schedule(question.schedule, question.graph, question.names.size(), question.seed); });
  hold(verdict, "connected", [&] { topology::require_connected(graph, question.names); });
  check_weights(question, graph, verdict);
  return verdict;
}

std::string verdict_text(const TopologyQuestion&, const TopologyVerdict& verdict) {
  std::string text;
  for (const std::string& held : verdict.held) text += fmt::format("ok       {}\n", held);
  for (const std::string& reason : verdict.reasons) text += fmt::format("refused  {}\n", reason);
  const std::string who = verdict.algorithm.empty() ? "an algorithm" : verdict.algorithm;
  return text +
         (verdict.is_accepted() ? fmt::format("{} can run on it\n", who) : fmt::format("{} cannot run on it\n", who));
}

std::string verdict_json(const TopologyQuestion& question, const TopologyVerdict& verdict) {
  const nlohmann::ordered_json document = {{"graph", question.graph},        {"weights", question.weights},
                                           {"schedule", question.schedule},  {"peers", question.names.size()},
                                           {"algorithm", verdict.algorithm}, {"accepted", verdict.is_accepted()},
                                           {"held", verdict.held},           {"reasons", verdict.reasons}};
  return document.dump(2) + '\n';
}

}  // namespace parley::daemon
