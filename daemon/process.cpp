#include "daemon/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "daemon/descriptor.h"
#include "daemon/peer_directory.h"
#include "wire/text.h"

namespace parley::daemon {
namespace {

namespace fs = std::filesystem;

/// What the child needs, made before the fork: afterwards only async-signal-safe calls are allowed.
struct ChildPlan {
  char* const* arguments;
  int input, output, error_pipe;
  pid_t parent;
};

[[noreturn]] void run_child(const ChildPlan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent ended before prctl took effect
  ::setpgid(0, 0);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(plan.input, STDIN_FILENO) >= 0 && ::dup2(plan.output, STDOUT_FILENO) >= 0 &&
      ::dup2(plan.output, STDERR_FILENO) >= 0)
    ::execv(plan.arguments[0], plan.arguments);
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(plan.error_pipe, &error, sizeof error);
  ::_exit(127);
}

Descriptor open_output(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
  if (file) return file;
  throw DirectoryUnusable(
      fmt::format("{}: cannot be written: {}; choose another run directory", path.string(), std::strerror(errno)));
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal != 0) return fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exited with code {}", code);
}

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const fs::path& output) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const Descriptor log = open_output(output);
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) throw base::OperatorError(fmt::format("/dev/null: {}", std::strerror(errno)));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw base::OperatorError(fmt::format("pipe: {}", std::strerror(errno)));
  const Descriptor error_in(ends[0]);
  Descriptor error_out(ends[1]);

  const ChildPlan plan{argv.data(), nothing.get(), log.get(), error_out.get(), ::getpid()};
  pid_ = ::fork();
  if (pid_ == 0) run_child(plan);
  if (pid_ < 0) throw base::OperatorError(fmt::format("cannot start {}: {}", arguments.front(), std::strerror(errno)));
  ::setpgid(pid_, pid_);  // in both, so that it is done whoever runs first
  error_out = Descriptor();
  int error = 0;
  if (::read(error_in.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    wait();
    throw base::OperatorError(fmt::format("cannot start {}: {}", arguments.front(), std::strerror(error)));
  }
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || poll()) return;
  kill();
  wait();
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_(std::exchange(other.exit_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_, other.exit_);
  return *this;
}

std::optional<ExitStatus> ChildProcess::reap(int options) {
  if (exit_ || pid_ < 0) return exit_;
  int status = 0;
  pid_t ended = 0;
  do ended = ::waitpid(pid_, &status, options);
  while (ended < 0 && errno == EINTR);
  if (ended == 0) return std::nullopt;
  PARLEY_CHECK(ended == pid_, ended, pid_, errno);
  exit_ = WIFSIGNALED(status) ? ExitStatus{.code = 0, .signal = WTERMSIG(status)}
                              : ExitStatus{.code = WEXITSTATUS(status), .signal = 0};
  return exit_;
}

std::optional<ExitStatus> ChildProcess::poll() {
  return reap(WNOHANG);
}

ExitStatus ChildProcess::wait() {
  return reap(0).value_or(ExitStatus{});
}

void ChildProcess::terminate() {
  if (pid_ > 0 && !poll()) ::kill(pid_, SIGTERM);
}

void ChildProcess::kill() {
  if (pid_ > 0 && !poll()) ::kill(-pid_, SIGKILL);
}

fs::path program_beside_this(std::string_view name) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / name;
  if (::access(program.c_str(), X_OK) != 0)
    throw base::OperatorError(
        fmt::format("{}: {}; install {} beside parley", program.string(), std::strerror(errno), name));
  return program;
}

std::vector<std::string> last_lines(const fs::path& file, std::size_t count) {
  constexpr std::streamoff kMostBytes = 64 * 1024;
  constexpr std::size_t kMostLine = 500;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  in.seekg(std::max<std::streamoff>(in.tellg() - kMostBytes, 0));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (lines.size() == count) lines.erase(lines.begin());
    if (count > 0) lines.push_back(wire::cleaned(line, kMostLine));
  }
  return lines;
}

}  // namespace parley::daemon
