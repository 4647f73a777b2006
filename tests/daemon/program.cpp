#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace parley::daemon {
namespace {

std::string temporary_file() {
  std::string name = ::testing::TempDir() + "parley-output-XXXXXX";
  const int descriptor = mkstemp(name.data());
  PARLEY_CHECK(descriptor >= 0, name);
  close(descriptor);
  return name;
}

std::string contents(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Program::Program(const std::string& name, const std::vector<std::string>& arguments,
                 const std::vector<std::pair<std::string, std::string>>& environment)
    : out_file_(temporary_file()), err_file_(temporary_file()) {
  std::vector<std::string> all = {std::string(PARLEY_PROGRAMS) + "/" + name};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "HOME=" + ::testing::TempDir()};
  for (const auto& [key, value] : environment) variables.push_back(key + "=" + value);
  for (const char* kept : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(kept)) variables.push_back(std::string(kept) + "=" + value);
  }
  const std::vector<char*> argv = pointers(all), envp = pointers(variables);
  pid_ = fork();
  PARLEY_CHECK(pid_ >= 0, errno);
  if (pid_ > 0) return;
  const int out = open(out_file_.c_str(), O_WRONLY | O_TRUNC), err = open(err_file_.c_str(), O_WRONLY | O_TRUNC);
  if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) _exit(126);
  execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

Program::~Program() {
  if (!reaped_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
  }
  unlink(out_file_.c_str());
  unlink(err_file_.c_str());
}

void Program::signal(int number) const {
  kill(pid_, number);
}

bool Program::is_running() {
  if (!reaped_ && waitpid(pid_, &status_, WNOHANG) == pid_) reaped_ = true;
  return !reaped_;
}

Finished Program::wait() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (is_running()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "the program did not end; it said: " << err_so_far();
      kill(pid_, SIGKILL);
    }
    usleep(2000);  // a poll, not a wait for something to have happened
  }
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return {.exit_code = code, .out = contents(out_file_), .err = contents(err_file_)};
}

std::string Program::err_so_far() const {
  return contents(err_file_);
}

Finished run_program(const std::string& name, const std::vector<std::string>& arguments,
                     const std::vector<std::pair<std::string, std::string>>& environment) {
  return Program(name, arguments, environment).wait();
}

}  // namespace parley::daemon
