#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <ostream>

#include "base/error.h"
#include "daemon/catalogue.h"
#include "daemon/commands/commands.h"
#include "daemon/topology_check.h"
#include "daemon/topology_comparison.h"
#include "daemon/topology_picture.h"
#include "daemon/topology_question.h"
#include "daemon/topology_report.h"

namespace parley::daemon {
namespace {

void add_list(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("list", "Lists graphs, schedules and weight rules");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "As JSON");
  command->callback([json, &context] { context.out << (*json ? topologies_json() : topologies_text()); });
}

struct ShowArguments {
  TopologyArguments topology;
  std::optional<std::size_t> model_size;
  bool json = false;
};

void add_show(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("show", "Shows degrees, diameter, spectra, traffic and neighbours");
  command->footer(
      "Examples:\n"
      "  parley topology show ring --peers 16\n"
      "  parley topology show \"torus(rows=4, cols=4)\" --peers 16 --model-size 100000\n"
      "  parley topology show swarm.toml\n"
      "\n"
      "Reading the spectral gap: a round of plain mixing brings models nearer to their average by that share at\n"
      "least. 1 averages in one round, 0 never does; from 6.9 / gap rounds on they are a thousandth as far apart.\n"
      "Of a swarm file, the traffic is that of its model under its compression operator, for which its data are read.");
  auto arguments = std::make_shared<ShowArguments>();
  add_topology_arguments(*command, arguments->topology);
  command->add_option("--model-size", arguments->model_size, "Shows traffic for models of D parameters sent whole")
      ->type_name("D")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 31));
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    const TopologyQuestion question = question_of(arguments->topology, context.environment);
    context.out << (arguments->json ? topology_json(question, arguments->model_size)
                                    : topology_text(question, arguments->model_size));
  });
}

struct CheckArguments {
  TopologyArguments topology;
  std::optional<std::string> algorithm;
  bool json = false;
};

void add_check(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("check", "Checks whether an algorithm can run on it; exits with 2 if not");
  command->footer(
      "Examples:\n"
      "  parley topology check \"file(edges.csv)\" --peers 12\n"
      "  parley topology check star --weights uniform --algorithm dpsgd\n"
      "  parley topology check swarm.toml\n"
      "\n"
      "Looks at all that a daemon looks at before it opens a socket: does the graph fit the number of peers, is it\n"
      "connected, and is the mixing matrix what the algorithm needs. Every fault is named with its remedy.");
  auto arguments = std::make_shared<CheckArguments>();
  add_topology_arguments(*command, arguments->topology);
  command->add_option("--algorithm", arguments->algorithm, "Algorithm; default: any, or what the file says")
      ->type_name("SPEC");
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    const TopologyQuestion question = question_of(arguments->topology, context.environment);
    const TopologyVerdict verdict = check_topology(question, arguments->algorithm);
    context.out << (arguments->json ? verdict_json(question, verdict) : verdict_text(question, verdict));
    if (!verdict.is_accepted()) context.exit_code = kExitRefused;
  });
}

struct DrawArguments {
  TopologyArguments topology;
  std::string output, format;
  std::size_t rounds = 0;
};

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw base::OperatorError({.file = path, .line = 0, .column = 0, .key = {}}, "cannot be written");
}

void add_draw(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("draw", "Draws the graph, or the first rounds of its schedule");
  command->footer(
      "Examples:\n"
      "  parley topology draw \"torus(rows=4, cols=6)\" --peers 24 -o torus.svg\n"
      "  parley topology draw \"erdos-renyi(p=0.2)\" --peers 30 --format dot | neato -Tpng > graph.png\n"
      "  parley topology draw swarm.toml --rounds 6 -o rounds.svg\n"
      "\n"
      "Rings, grids, trees and the like are shown as they are thought of, other graphs with neighbours near each\n"
      "other. An edge is as wide as its weight is large. DOT and GraphML carry the weights, and are read again by\n"
      "\"file(graph.graphml)\".");
  auto arguments = std::make_shared<DrawArguments>();
  add_topology_arguments(*command, arguments->topology);
  command->add_option("-o,--output", arguments->output, "File to write; default: standard output")->type_name("FILE");
  command->add_option("--format", arguments->format, "svg, dot or graphml; default: by the end of FILE, else svg")
      ->type_name("NAME");
  command->add_option("--rounds", arguments->rounds, "Rounds 0 to R-1 of the schedule side by side")->type_name("R");
  command->callback([arguments, &context] {
    const PictureFormat format = picture_format(arguments->format, arguments->output);
    const TopologyQuestion question = question_of(arguments->topology, context.environment);
    const std::string picture = topology_picture(question, format, arguments->rounds);
    if (arguments->output.empty()) {
      context.out << picture;
    } else {
      write_file(arguments->output, picture);
    }
  });
}

struct CompareArguments {
  std::vector<std::string> graphs;
  std::size_t n = kUsualTopologyPeers;
  std::uint64_t seed = 1;
  std::string weights = "metropolis";
  std::size_t model_size = 100'000;
  bool json = false;
};

void add_compare(CLI::App& group, CommandContext& context) {
  CLI::App* command =
      group.add_subcommand("compare", "Compares graphs on the same peers; exits with 2 if one is refused");
  command->footer(
      "Example:\n"
      "  parley topology compare ring \"torus(rows=4, cols=8)\" exponential complete --peers 32 --model-size 25000\n"
      "\n"
      "A good graph is small in the last two columns: few bytes a round for the busiest peer, which sets the time of\n"
      "a round, and few bytes until models agree.");
  auto arguments = std::make_shared<CompareArguments>();
  command->add_option("graphs", arguments->graphs, "Graphs")->required()->type_name("SPEC");
  command->add_option("--peers,-n,--n", arguments->n, "Number of peers")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMostTopologyPeers))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Seed of random graphs")->type_name("N")->capture_default_str();
  command->add_option("--weights", arguments->weights, "Weight rule")->type_name("SPEC")->capture_default_str();
  command->add_option("--model-size", arguments->model_size, "Parameters of the model that is sent whole")
      ->type_name("D")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 31))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    const TopologyComparison comparison =
        compare_topologies(arguments->graphs, arguments->n, arguments->seed, arguments->weights, arguments->model_size);
    context.out << (arguments->json ? comparison_json(comparison) : comparison_text(comparison));
    if (comparison.has_refusal()) context.exit_code = kExitRefused;
  });
}

}  // namespace

void add_topology_command(CLI::App& parley, CommandContext& context) {
  CLI::App* group = parley.add_subcommand("topology", "Tells what a graph of peers is worth before a byte is sent");
  group->footer(
      "Examples:\n"
      "  parley topology list\n"
      "  parley topology compare ring exponential \"random-regular(degree=4)\" --peers 32\n"
      "  parley topology show \"torus(rows=4, cols=4)\" --peers 16\n"
      "  parley topology draw hypercube --peers 16 -o cube.svg\n"
      "  parley topology check swarm.toml");
  group->require_subcommand(1);
  add_list(*group, context);
  add_show(*group, context);
  add_check(*group, context);
  add_draw(*group, context);
  add_compare(*group, context);
}

}  // namespace parley::daemon
