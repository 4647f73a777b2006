// Runs the real programs as an operator would, and sees what they print.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace parley::daemon {

/// How a program ended.
struct Finished {
  int exit_code = -1;  ///< 128 + the signal if one ended it
  std::string out, err;
};

/// A program of ours that runs: "parley" or "parleyd". Destroying it kills it.
class Program {
 public:
  /// `environment` is added to a small clean one, in which PARLEY_RUNTIME_DIR must be set for control sockets.
  Program(const std::string& name, const std::vector<std::string>& arguments,
          const std::vector<std::pair<std::string, std::string>>& environment);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Waits for its end. Fails the test and kills it after two minutes.
  Finished wait();
  /// What it has printed on standard error so far.
  std::string err_so_far() const;
  bool is_running();

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string out_file_, err_file_;
};

/// Starts and waits.
Finished run_program(const std::string& name, const std::vector<std::string>& arguments,
                     const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace parley::daemon
