#include "daemon/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <ostream>

#include "base/error.h"
#include "base/spec.h"
#include "daemon/peer_directory.h"
#include "daemon/version.h"

namespace parley::daemon {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  parley config sample > swarm.toml        a file to start from, every key with its default\n"
    "  parley config check swarm.toml           what it would cost, and whether it can run\n"
    "  parley swarm swarm.toml                  train for real: one daemon a peer, on this machine\n"
    "  parley simulate swarm.toml               the same numbers in one process and virtual time\n"
    "  parley status                            what the daemons of this machine are doing\n"
    "  parley topology show \"torus(rows=4, cols=4)\" --peers 16\n"
    "\n"
    "`parley COMMAND --help` explains a command. Exit codes: 0 clean; 1 failed while running;\n"
    "2 command line or configuration refused; 3 data directory locked or unusable.";

void refuse_unknown_command(int argc, const char* const* argv, std::span<const Command> commands) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  if (std::find(names.begin(), names.end(), argv[1]) == names.end())
    throw base::OperatorError(base::unknown_name("command", argv[1], names));
}

/// The command that was being parsed when parsing ended: what --help is about.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.back());
}

std::string command_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : command_name(*app.get_parent()) + ' ' + app.get_name();
}

}  // namespace

int run_command_line(int argc, const char* const* argv, std::span<const Command> commands, CommandContext& context) {
  refuse_unknown_command(argc, argv, commands);
  CLI::App app("Parley trains one model across many machines that have no server between them.", "parley");
  app.set_version_flag("--version", version_text());
  app.get_formatter()->column_width(28);
  for (const Command& command : commands) command.add(app, context);
  app.footer(kFooter);  // after the commands, which would inherit it
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App& asked = innermost(app);
    context.out << asked.help(&asked == &app ? "" : command_name(*asked.get_parent()));
    return kExitClean;
  } catch (const CLI::CallForVersion&) {
    context.out << version_text();
    return kExitClean;
  } catch (const CLI::ParseError& error) {
    throw base::OperatorError(
        fmt::format("{}; `{} --help` explains the command line", error.what(), command_name(innermost(app))));
  }
  if (app.get_subcommands().empty()) context.out << app.help();
  return context.exit_code;
}

int guarded_main(std::string_view program, const std::function<int()>& body) {
  const auto report = [&](const char* message, int code) {
    fmt::print(stderr, "{}: error: {}\n", program, message);
    return code;
  };
  try {
    return body();
  } catch (const base::OperatorError& error) {
    return report(error.what(), kExitRefused);
  } catch (const DirectoryUnusable& error) {
    return report(error.what(), kExitData);
  } catch (const std::exception& error) {
    return report(error.what(), kExitFailed);
  }
}

std::vector<std::string> ConfigArguments::all_overrides() const {
  std::vector<std::string> all = overrides;
  if (peers) all.push_back(fmt::format("swarm.peers={}", *peers));
  return all;
}

Config ConfigArguments::load(const Environment& environment) const {
  if (file.empty()) throw base::OperatorError("no swarm file; name one, or set PARLEY_CONFIG");
  return load_config(file, all_overrides(), environment);
}

void add_config_arguments(CLI::App& command, ConfigArguments& arguments, const Environment& environment) {
  const auto configured = environment.find("PARLEY_CONFIG");
  if (configured != environment.end()) arguments.file = configured->second;
  command.add_option("file", arguments.file, "The swarm file (or PARLEY_CONFIG)")->type_name("FILE");
  command.add_option("--set", arguments.overrides, "Overrides a key of the file; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--peers", arguments.peers, "Short for --set swarm.peers=N")->type_name("N");
}

}  // namespace parley::daemon
