#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "daemon/catalogue.h"
#include "daemon/commands/commands.h"

namespace parley::daemon {
namespace {

struct CompressorsArguments {
  std::size_t d = 100000;
  bool json = false;
};

}  // namespace

void add_compressors_command(CLI::App& parley, CommandContext& context) {
  CLI::App* command = parley.add_subcommand("compressors", "Lists the compression operators");
  command->footer(
      "Example:\n"
      "  parley compressors --parameters 203530\n"
      "\n"
      "An operator is named in a swarm file as compression.operator = \"topk(ratio=0.01)\"; a pipeline such as\n"
      "\"topk(ratio=0.01) | qsgd(bits=4)\" codes the values that the first one kept with the second.");
  auto arguments = std::make_shared<CompressorsArguments>();
  command->add_option("--parameters", arguments->d, "Size d of the model that the figures are for")
      ->type_name("D")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 31))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &context] {
    context.out << (arguments->json ? compressors_json(arguments->d) : compressors_text(arguments->d));
  });
}

}  // namespace parley::daemon
