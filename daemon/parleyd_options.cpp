#include "daemon/parleyd_options.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "daemon/version.h"

namespace parley::daemon {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  parleyd --config swarm.toml --peer peer-0\n"
    "  parleyd --config swarm.toml --peer hospital-a --set learning.data=/srv/data\n"
    "  PARLEY_CONFIG=swarm.toml PARLEY_PEER=peer-3 PARLEY_LOG_LEVEL=debug parleyd\n"
    "\n"
    "The file is the same on every peer. A key is taken from --set, else from the environment\n"
    "(PARLEY_SWARM_ROUNDS for swarm.rounds), else from the file, else from its default:\n"
    "`parley config explain FILE` shows each value with its origin, `parley config check FILE`\n"
    "does what a daemon does before it greets its neighbours. `parley swarm FILE` starts all peers.\n"
    "\n"
    "SIGTERM and SIGINT finish the round, say goodbye and exit; a second signal exits at once.\n"
    "Exit codes: 0 clean; 1 failed while running; 2 command line or configuration refused, or\n"
    "the port is in use; 3 data directory locked or unusable.";

std::string from_environment(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

}  // namespace

std::variant<ParleydOptions, ParleydDone> parse_parleyd_options(int argc, const char* const* argv,
                                                                const Environment& environment) {
  ParleydOptions options;
  options.config_file = from_environment(environment, "PARLEY_CONFIG");
  options.peer = from_environment(environment, "PARLEY_PEER");
  CLI::App app("parleyd runs one peer of a Parley swarm in the foreground.", "parleyd");
  app.footer(kFooter);
  app.set_version_flag("--version", version_text());
  app.add_option("--config,-c", options.config_file, "The swarm file (or PARLEY_CONFIG)")->type_name("FILE");
  app.add_option("--peer,-p", options.peer, "Which peer of the file this is (or PARLEY_PEER)")->type_name("NAME");
  // One value an option: "--set a=1 extra" must not swallow the next word.
  app.add_option("--set", options.overrides, "Overrides a key of the file; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return ParleydDone{app.help()};
  } catch (const CLI::CallForVersion&) {
    return ParleydDone{version_text()};
  } catch (const CLI::ParseError& error) {
    throw base::OperatorError(std::string(error.what()) + "; `parleyd --help` explains the command line");
  }
  if (options.config_file.empty())
    throw base::OperatorError("no swarm file; name one with --config FILE or in PARLEY_CONFIG");
  if (options.peer.empty()) throw base::OperatorError("which peer is this? Name it with --peer NAME or in PARLEY_PEER");
  return options;
}

}  // namespace parley::daemon
