#include "daemon/plan.h"

#include <algorithm>
#include <memory>
#include <variant>
#include <vector>

#include "compression/compressor.h"
#include "daemon/assembly.h"
#include "gossip/algorithm.h"
#include "learning/dataset.h"
#include "learning/model.h"
#include "learning/optimizer.h"
#include "learning/safetensors.h"
#include "topology/schedule.h"
#include "topology/schedule_summary.h"
#include "topology/summary.h"

namespace parley::daemon {
namespace {

/// Of a graph that changes, or has directions: what was measured over rounds takes the place of spectra.
void plan_schedule(const SwarmGraph& swarm, Plan& plan) {
  const topology::ScheduleSummary summary = topology::summarise(*swarm.schedule, *swarm.weights);
  plan.schedule = summary.spec;
  plan.min_degree = summary.min_degree;
  plan.max_degree = summary.max_degree;
  plan.most_links = summary.most_links;
  plan.rounds_to_a_thousandth = summary.rounds_to_a_thousandth;
}

void plan_topology(const Config& config, Plan& plan) {
  const SwarmGraph swarm = assemble_graph(config);
  plan.peers = config.roster.size();
  if (!swarm.schedule->is_static() || swarm.schedule->is_directed()) return plan_schedule(swarm, plan);
  const topology::Graph graph = topology::graph_of_round(*swarm.schedule, {});
  const topology::Summary summary = topology::summarise(graph, *swarm.weights);
  plan.edges = summary.shape.edges;
  plan.min_degree = summary.shape.min_degree;
  plan.max_degree = summary.shape.max_degree;
  plan.most_links = plan.max_degree;
  plan.diameter = summary.shape.diameter;
  if (summary.spectrum) plan.gap = summary.spectrum->gap;
  plan.rounds_to_a_thousandth = summary.rounds_to_a_thousandth;
}

std::size_t stored_bytes(const learning::Dataset& data) {
  struct Size {
    std::size_t operator()(const learning::DenseBytes& dense) const { return dense.values.size(); }
    std::size_t operator()(const learning::DenseFloats& dense) const { return dense.values.size() * sizeof(float); }
    std::size_t operator()(const learning::SparseRows& sparse) const {
      return sparse.row_start.size() * sizeof(std::uint64_t) +
             sparse.value.size() * (sizeof(float) + sizeof(std::uint32_t));
    }
  };
  return std::visit(Size{}, data.features) + data.targets.size() * sizeof(float);
}

/// The sizes of the parts that the data set is divided into.
void plan_parts(const Config& config, learning::DataSource& source, Plan& plan) {
  const std::vector<float> targets = source.train_targets();
  plan.smallest_part = targets.size();
  build_from(config, "learning.partition", [&] {
    for (std::uint32_t peer = 0; peer < config.roster.size(); ++peer) {
      if (config.roster[peer].data) continue;
      const std::size_t size = learning::partition(config.learning.partition, targets, source.classes(),
                                                   config.roster.size(), base::PeerId{peer}, config.swarm.seed)
                                   .size();
      plan.smallest_part = std::min(plan.smallest_part, size);
      plan.largest_part = std::max(plan.largest_part, size);
    }
  });
}

std::unique_ptr<learning::Model> plan_learning(const Config& config, Plan& plan) {
  const auto source = build_from(config, "learning.dataset", [&] {
    return learning::open_dataset(config.learning.dataset, config.learning.data, config.swarm.seed);
  });
  plan.train_samples = source->train_size();
  plan.test_samples = source->test_size();
  plan.features = source->schema().feature_count;
  plan.classes = source->classes();
  const learning::Dataset samples = load_samples(config, *source, plan.peer);
  plan.sample_bytes = stored_bytes(samples);
  if (config.roster[plan.peer.value].data) {
    plan.smallest_part = plan.largest_part = samples.size();
  } else {
    plan_parts(config, *source, plan);
  }
  if (plan.test_samples > 0) plan.sample_bytes += stored_bytes(source->load_test());
  auto model = build_from(config, "learning.model", [&] {
    return learning::make_model(
        config.learning.model,
        {.features = plan.features, .classes = plan.classes, .sample_shape = source->schema().sample_shape});
  });
  plan.d = model->layout().size();
  plan.model_bytes = plan.d * sizeof(float);
  build_from(config, "learning.optimizer", [&] { return learning::make_optimizer(config.learning.optimizer, plan.d); });
  build_from(config, "learning.decay",
             [&] { return learning::make_decay(config.learning.decay, config.swarm.rounds); });
  build_from(config, "learning.init", [&] {
    const base::Spec init = base::parse_spec(config.learning.init);
    if (init.name != "file") return;
    std::vector<float> x(plan.d);
    learning::read_safetensors(init.arguments.front().value, model->layout(), x);
  });
  return model;
}

void plan_exchange(const Config& config, const learning::Model& model, Plan& plan) {
  const auto compressor = build_from(config, "compression.operator", [&] {
    return compression::make_compressor(config.compression.op, model.layout());
  });
  const auto algorithm = build_from(
      config, "gossip.algorithm", [&] { return gossip::make_algorithm(config.gossip.algorithm, *compressor, plan.d); });
  const compression::Properties properties = compressor->properties(plan.d);
  plan.algorithm = algorithm->spec();
  plan.op = compressor->spec();
  plan.delta = properties.delta;
  plan.suggested_gamma = properties.suggested_gamma;
  plan.message_bytes = properties.bits_per_coordinate * static_cast<double>(plan.d) / 8;
  const auto messages = static_cast<double>(plan.max_degree);
  plan.round_bytes = messages * plan.message_bytes;
  plan.full_round_bytes = messages * static_cast<double>(plan.model_bytes);
  // Model, gradient, and one vector of optimizer state.
  plan.parameter_bytes = 3 * plan.model_bytes;
  // A reference for each end of each link and the difference that is encoded; a payload going out, one coming in on
  // every link. Where the graph changes, every link has a reference each way.
  const std::size_t ends = plan.max_degree + 1;
  const std::size_t references = plan.schedule.empty() ? ends : 2 * plan.most_links;
  plan.exchange_bytes = (references + 1) * plan.model_bytes + ends * compressor->max_payload_size(plan.d);
}

}  // namespace

Plan make_plan(const Config& config, base::PeerId peer) {
  PARLEY_CHECK(peer.value < config.roster.size(), peer, config.roster.size());
  Plan plan;
  plan.peer = peer;
  plan_topology(config, plan);
  const auto model = plan_learning(config, plan);
  plan_exchange(config, *model, plan);
  return plan;
}

}  // namespace parley::daemon
