#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "daemon/plan.h"
#include "daemon/text_table.h"
#include "daemon/units.h"

namespace parley::daemon {
namespace {

std::string range(std::size_t low, std::size_t high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

std::string topology_text(const Config& config, const Plan& plan) {
  const std::string degree = range(plan.min_degree, plan.max_degree);
  std::string text = plan.schedule.empty()
                         ? fmt::format("{}, {} edges, degree {}", config.topology.graph, *plan.edges, degree)
                         : fmt::format("{} in the schedule {}, degree {} in a round, links with up to {} peers",
                                       config.topology.graph, plan.schedule, degree, plan.most_links);
  if (plan.diameter) text += fmt::format(", diameter {}", *plan.diameter);
  text += fmt::format("; weights {}", config.topology.weights);
  if (plan.gap) text += fmt::format(", spectral gap {:.4g}", *plan.gap);
  if (plan.rounds_to_a_thousandth)
    text +=
        fmt::format("; plain mixing shrinks differences a thousandfold in {:.0f} rounds", *plan.rounds_to_a_thousandth);
  return text;
}

std::string compression_text(const Plan& plan) {
  const std::string delta =
      plan.delta > 0 ? fmt::format("delta {:.4g} (E|C(x) - x|^2 is at most {:.4g} |x|^2)", plan.delta, 1 - plan.delta)
                     : std::string("no contraction is guaranteed");
  return fmt::format("{}; {}; gamma suggested for it {:.4g}", plan.op, delta, plan.suggested_gamma);
}

std::string traffic_text(const Config& config, const Plan& plan) {
  if (plan.max_degree == 0) return "none: there is one peer";
  return fmt::format(
      "{} of payload in a message; {} that the busiest peer sends in a round, to {} neighbours; full exchange would be "
      "{}, {:.3g} times as much; {} in all {} rounds",
      approximate_bytes(plan.message_bytes), approximate_bytes(plan.round_bytes), plan.max_degree,
      approximate_bytes(plan.full_round_bytes), plan.compression_ratio(),
      approximate_bytes(plan.round_bytes * static_cast<double>(config.swarm.rounds)), config.swarm.rounds);
}

std::string memory_text(const Config& config, const Plan& plan) {
  const auto bytes = [](std::size_t count) { return approximate_bytes(static_cast<double>(count)); };
  return fmt::format("about {} on {} beside the program: samples {}, model and gradient {}, exchange {}",
                     bytes(plan.memory_bytes()), config.roster[plan.peer.value].name, bytes(plan.sample_bytes),
                     bytes(plan.parameter_bytes), bytes(plan.exchange_bytes));
}

}  // namespace

std::string plan_text(const Config& config, const Plan& plan) {
  const std::string task = plan.classes == 0 ? std::string("regression") : fmt::format("{} classes", plan.classes);
  TextTable table({"swarm", fmt::format("{}: {} peers, {} rounds, configuration {}", config.swarm.name, plan.peers,
                                        config.swarm.rounds, config_hash(config))});
  table.add({"topology", topology_text(config, plan)});
  table.add({"data", fmt::format("{}: {} training samples, {} test samples, {} features, {}", config.learning.dataset,
                                 plan.train_samples, plan.test_samples, plan.features, task)});
  table.add({"partition", fmt::format("{}: {} samples a peer", config.learning.partition,
                                      range(plan.smallest_part, plan.largest_part))});
  table.add({"model", fmt::format("{}: d = {} parameters, {}", config.learning.model, plan.d,
                                  approximate_bytes(static_cast<double>(plan.model_bytes)))});
  table.add({"algorithm", plan.algorithm});
  table.add({"compression", compression_text(plan)});
  table.add({"traffic", traffic_text(config, plan)});
  table.add({"memory", memory_text(config, plan)});
  return table.text();
}

std::string plan_json(const Config& config, const Plan& plan) {
  using nlohmann::ordered_json;
  const auto number = [](const auto& value) { return value ? ordered_json(*value) : ordered_json(nullptr); };
  const ordered_json document = {
      {"config_hash", config_hash(config)},
      {"swarm", config.swarm.name},
      {"peers", plan.peers},
      {"rounds", config.swarm.rounds},
      {"topology",
       {{"graph", config.topology.graph},
        {"weights", config.topology.weights},
        {"schedule", config.topology.schedule},
        {"edges", number(plan.edges)},
        {"min_degree", plan.min_degree},
        {"max_degree", plan.max_degree},
        {"most_links", plan.most_links},
        {"diameter", number(plan.diameter)},
        {"spectral_gap", number(plan.gap)}}},
      {"data",
       {{"dataset", config.learning.dataset},
        {"train_samples", plan.train_samples},
        {"test_samples", plan.test_samples},
        {"features", plan.features},
        {"classes", plan.classes},
        {"smallest_part", plan.smallest_part},
        {"largest_part", plan.largest_part}}},
      {"model", {{"spec", config.learning.model}, {"parameters", plan.d}, {"bytes", plan.model_bytes}}},
      {"algorithm", plan.algorithm},
      {"compression",
       {{"operator", plan.op},
        {"delta", plan.delta},
        {"suggested_gamma", plan.suggested_gamma},
        {"message_bytes", plan.message_bytes},
        {"round_bytes", plan.round_bytes},
        {"full_round_bytes", plan.full_round_bytes},
        {"ratio", plan.compression_ratio()}}},
      {"memory_bytes",
       {{"samples", plan.sample_bytes},
        {"parameters", plan.parameter_bytes},
        {"exchange", plan.exchange_bytes},
        {"total", plan.memory_bytes()}}},
  };
  return document.dump(2) + '\n';
}

}  // namespace parley::daemon
