// Child processes that never outlive their parent.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::daemon {

/// How a process has ended: by itself with a code, or by a signal.
struct ExitStatus {
  int code = 0;    ///< meaningless if a signal ended it
  int signal = 0;  ///< 0: none

  bool clean() const { return code == 0 && signal == 0; }
  std::string text() const;  ///< "exited with code 2", "was killed by signal 9 (Killed)"
};

/// A running program in a process group of its own, so that a Ctrl-C on the terminal reaches only the launcher. The
/// kernel kills it when the thread that started it ends, however that happens. Its standard input is empty.
class ChildProcess {
 public:
  /// Starts arguments[0], a path, with both outputs into a new file. Throws base::OperatorError if it cannot be
  /// started, DirectoryUnusable if the file cannot be made.
  ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& output);
  /// Kills the process, and what else is in its group, unless it has ended.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  /// How it has ended, or nothing while it runs. Does not block.
  std::optional<ExitStatus> poll();
  /// Blocks until it ends.
  ExitStatus wait();
  /// Asks it to end (SIGTERM), or ends it and its group (SIGKILL). Nothing happens if it has ended.
  void terminate();
  void kill();

 private:
  std::optional<ExitStatus> reap(int options);

  pid_t pid_ = -1;
  std::optional<ExitStatus> exit_;
};

/// The path of a program in the directory of the running one. Throws base::OperatorError if it is not there.
std::filesystem::path program_beside_this(std::string_view name);

/// Up to `count` last lines of a file, made presentable; empty if it cannot be read.
std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t count);

}  // namespace parley::daemon
