#include "daemon/assembly.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <utility>

#include "learning/supervised.h"
#include "topology/digraph.h"
#include "topology/schedule_check.h"

namespace parley::daemon {
namespace {

std::vector<std::string> names_of(const Config& config) {
  std::vector<std::string> names;
  for (const RosterEntry& entry : config.roster) names.push_back(entry.name);
  return names;
}

learning::SupervisedSettings learner_settings(const Config& config, base::PeerId peer) {
  // What says where samples come from is not used: they are loaded here, so that errors name the right option.
  return {.model = config.learning.model,
          .dataset = {},
          .directory = {},
          .partition = {},
          .own_file = std::nullopt,
          .init = config.learning.init,
          .batch = config.learning.batch.value_or(0),
          .seed = config.swarm.seed,
          .peers = config.roster.size(),
          .peer = peer};
}

/// The configuration's terms, and what only the built parts know: two peers whose files for the graph or the initial
/// model differ, under one name, must find out before the first round.
std::vector<wire::Term> terms_of(const Config& config, const SwarmGraph& swarm, learning::Learner& learner) {
  std::vector<wire::Term> terms;
  for (auto& [key, value] : agreement_terms(config)) terms.push_back({key, value});
  terms.push_back({"edges of topology.graph", fmt::format("{:016x}", swarm.schedule->fingerprint())});
  if (swarm.schedule->is_static()) {
    const topology::MixingMatrix W = topology::mixing_matrix(*swarm.schedule, base::Round{}, *swarm.weights);
    terms.push_back({"weights of topology.graph", fmt::format("{:016x}", topology::fingerprint(W))});
  }
  terms.push_back({"parameter layout", fmt::format("{:016x}", learner.layout().fingerprint())});
  if (learner.common_initial_model()) {
    std::vector<float> x(learner.layout().size());
    learner.initial_model(x);
    terms.push_back({"initial model", model_hash(x)});
  }
  return terms;
}

/// Errors that are the graph's, whatever the weights are.
void require_graph(const Config& config, std::span<const std::string> names) {
  build_from(config, "topology.graph", [&] {
    const bool is_static = topology::schedule_row(config.topology.schedule).name == "static";
    if (topology::is_directed_graph(config.topology.graph)) {
      const auto graph = topology::make_digraph(config.topology.graph, names.size(), config.swarm.seed);
      if (is_static) topology::require_strongly_connected(graph, names);
    } else {
      const auto graph = topology::make_graph(config.topology.graph, names.size(), config.swarm.seed);
      if (is_static) topology::require_connected(graph, names);
    }
  });
}

}  // namespace

std::string model_hash(std::span<const float> x) {
  return fmt::format("{:016x}", XXH3_64bits(x.data(), x.size_bytes()));
}

SwarmGraph assemble_graph(const Config& config) {
  SwarmGraph swarm;
  const std::vector<std::string> names = names_of(config);
  const std::size_t n = names.size();
  const bool uses_graph = build_from(config, "topology.schedule",
                                     [&] { return topology::schedule_row(config.topology.schedule).uses_graph; });
  if (uses_graph) require_graph(config, names);
  build_from(config, "topology.schedule", [&] {
    swarm.schedule = topology::make_schedule(config.topology.schedule, config.topology.graph, n, config.swarm.seed);
  });
  build_from(config, "topology.weights",
             [&] { swarm.weights = topology::make_weight_rule(config.topology.weights, *swarm.schedule); });
  const bool symmetric = build_from(config, "gossip.algorithm", [&] {
    return gossip::algorithm_row(config.gossip.algorithm).needs_symmetric_weights;
  });
  build_from(config, swarm.schedule->is_static() ? "topology.weights" : "topology.schedule", [&] {
    const topology::ScheduleRequirements needed{.matrix = {.symmetric = symmetric}, .undirected = symmetric};
    topology::validate(*swarm.schedule, *swarm.weights, needed, names);
  });
  return swarm;
}

learning::Dataset load_samples(const Config& config, learning::DataSource& source, base::PeerId peer) {
  if (const auto& own = config.roster[peer.value].data) {
    return build_from(config, "learning.data",
                      [&] { return learning::load_own_file(*own, config.learning.data, source); });
  }
  const learning::Rows rows = build_from(config, "learning.partition", [&] {
    return learning::partition(config.learning.partition, source.train_targets(), source.classes(),
                               config.roster.size(), peer, config.swarm.seed);
  });
  return build_from(config, "learning.dataset", [&] { return source.load_train(rows); });
}

SharedData open_shared_data(const Config& config) {
  return build_from(config, "learning.dataset", [&] {
    SharedData shared;
    shared.source = learning::hold_in_memory(
        learning::open_dataset(config.learning.dataset, config.learning.data, config.swarm.seed));
    if (shared.source->test_size() > 0)
      shared.test = std::make_shared<const learning::Dataset>(shared.source->load_test());
    return shared;
  });
}

PeerParts assemble_peer(const Config& config, const SwarmGraph& swarm, base::PeerId peer, base::Incarnation incarnation,
                        SharedData* shared, base::Executor& executor) {
  PeerParts parts;
  std::unique_ptr<learning::DataSource> source;
  if (shared == nullptr) {
    source = build_from(config, "learning.dataset", [&] {
      return learning::open_dataset(config.learning.dataset, config.learning.data, config.swarm.seed);
    });
  }
  learning::Dataset samples = load_samples(config, shared != nullptr ? *shared->source : *source, peer);
  learning::TestSetLoader load_test;
  if (shared != nullptr) {
    load_test = [test = shared->test] { return test; };
  } else if (source->test_size() > 0) {
    // Now and not at the first evaluation: a broken file must be found before the swarm counts on this peer.
    auto test = build_from(config, "learning.dataset",
                           [&] { return std::make_shared<const learning::Dataset>(source->load_test()); });
    load_test = [test = std::move(test)] { return test; };
  }
  parts.learner = build_from(config, "learning.model", [&] {
    return learning::make_supervised_learner(learner_settings(config, peer), std::move(samples), std::move(load_test),
                                             executor);
  });
  const base::ParameterLayout& layout = parts.learner->layout();
  parts.optimizer = build_from(config, "learning.optimizer",
                               [&] { return learning::make_optimizer(config.learning.optimizer, layout.size()); });
  parts.decay = build_from(config, "learning.decay",
                           [&] { return learning::make_decay(config.learning.decay, config.swarm.rounds); });
  parts.compressor = build_from(config, "compression.operator",
                                [&] { return compression::make_compressor(config.compression.op, layout); });
  parts.algorithm = build_from(config, "gossip.algorithm", [&] {
    return gossip::make_algorithm(config.gossip.algorithm, *parts.compressor, layout.size());
  });

  if (executor.width() > 1) parts.executor = &executor;

  simulation::PeerSettings& settings = parts.settings;
  settings.self = peer;
  settings.name = config.roster[peer.value].name;
  settings.incarnation = incarnation;
  for (base::PeerId id : swarm.schedule->partners(peer)) {
    settings.neighbours.push_back({id, config.roster[id.value].name});
  }
  settings.terms = terms_of(config, swarm, *parts.learner);
  settings.plan = {.rounds = config.swarm.rounds,
                   .evaluate_every = config.learning.evaluate_every,
                   .target_accuracy = config.swarm.target_accuracy};
  settings.link.window = config.wire.window;
  settings.link.max_payload = parts.compressor->max_payload_size(layout.size());
  settings.link.max_offences = config.wire.max_offences;
  settings.link.resend_after = config.wire.resend_after;
  settings.link.ping_every = config.wire.ping_every;
  settings.link.suspect_after = config.wire.suspect_after;
  return parts;
}

simulation::NodeIngredients PeerParts::ingredients(const Config& config, const SwarmGraph& swarm) const {
  return {.seed = config.swarm.seed,
          .learner = *learner,
          .optimizer = *optimizer,
          .decay = *decay,
          .learning_rate = config.learning.learning_rate,
          .compressor = *compressor,
          .schedule = *swarm.schedule,
          .weight = [&weights = *swarm.weights](const topology::Arc& arc) { return weights.weight(arc); },
          .executor = executor};
}

}  // namespace parley::daemon
