#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>

#include "daemon/catalogue.h"
#include "daemon/commands/commands.h"
#include "daemon/trial.h"

namespace parley::daemon {
namespace {

struct CompressorsArguments {
  std::size_t d = 100000;
  bool json = false;
  std::string spec;   // to be tried; empty: list
  std::string input;  // NPY file; empty: Gaussian floats
};

}  // namespace

void add_compressors_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("compressors", "Lists the compression operators, or tries one");
  command->footer(
      "Example:\n"
      "  parley compressors --parameters 203530\n"
      "  parley compressors --try \"topk(ratio=0.01) | qsgd(bits=4)\"\n"
      "  parley compressors --try sign --input gradient.npy\n"
      "\n"
      "An operator is named in a swarm file as compression.operator = \"topk(ratio=0.01)\"; a pipeline such as\n"
      "\"topk(ratio=0.01) | qsgd(bits=4)\" codes the values that the first one kept with the second.");
  auto arguments = std::make_shared<CompressorsArguments>();
  command->add_option("--parameters", arguments->d, "Size d of the model or vector that the figures are for")
      ->type_name("D")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 31))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "As JSON");
  auto* spec =
      command->add_option("--try", arguments->spec, "Encodes a Gaussian vector with this operator: size, error, speed")
          ->type_name("SPEC");
  command->add_option("--input", arguments->input, "The vector to try it on instead")
      ->type_name("FILE.npy")
      ->needs(spec);
  command->callback([arguments, &context] {
    if (!arguments->spec.empty()) {
      const auto x = arguments->input.empty() ? gaussian_floats(arguments->d) : npy_floats(arguments->input);
      const Trial trial = try_compressor(arguments->spec, x);
      context.out << (arguments->json ? trial_json(trial) : trial_text(trial));
      return;
    }
    context.out << (arguments->json ? compressors_json(arguments->d) : compressors_text(arguments->d));
  });
}

}  // namespace parley::daemon
