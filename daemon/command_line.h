// The command line of parley: a table of commands, each in a file of its own in daemon/commands/.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"

namespace CLI {
class App;
}

namespace parley::daemon {

// Exit codes of both programs.
inline constexpr int kExitClean = 0;
inline constexpr int kExitFailed = 1;   ///< failed while running
inline constexpr int kExitRefused = 2;  ///< command line or configuration refused, or the port is in use
inline constexpr int kExitData = 3;     ///< data directory locked or unusable

/// What a command has of the world.
struct CommandContext {
  Environment environment;
  std::ostream& out;           ///< results; errors are thrown
  int exit_code = kExitClean;  ///< set by the command that ran
};

/// One command. Adding one: its file in daemon/commands/, its row in parley_main.cpp, its tests.
struct Command {
  std::string_view name;
  /// Adds the subcommand to `parley` with a callback that does the work and may throw base::OperatorError (exit 2) or
  /// another exception (exit 1). Both arguments outlive the callback.
  void (*add)(CLI::App& parley, CommandContext& context);
};

/// Parses the command line and runs the command that it names. Returns the exit code. Throws base::OperatorError for a
/// command line that is not understood, and what the command throws.
int run_command_line(int argc, const char* const* argv, std::span<const Command> commands, CommandContext& context);

/// Runs a program and turns what it throws into "PROGRAM: error: ..." on standard error and an exit code.
int guarded_main(std::string_view program, const std::function<int()>& body);

/// FILE, --set and --peers of a command that works on a swarm file.
struct ConfigArguments {
  std::string file;
  std::vector<std::string> overrides;
  std::optional<std::size_t> peers;  ///< --peers N, short for --set swarm.peers=N

  Config load(const Environment& environment) const;
  /// The overrides with --peers among them, as they are to be handed on to a daemon.
  std::vector<std::string> all_overrides() const;
};

/// Adds them to a subcommand. PARLEY_CONFIG stands for FILE if that is not given. `arguments` outlives `command`.
void add_config_arguments(CLI::App& command, ConfigArguments& arguments, const Environment& environment);

}  // namespace parley::daemon
