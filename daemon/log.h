// What a daemon says about itself, for its operator.
#pragma once

#include <memory>
#include <string_view>

#include "daemon/config.h"

namespace parley::daemon {

/// Lines with time and level on standard error and, if log.file is set, in a file that is rotated at log.max_size.
class Log {
 public:
  /// Throws base::OperatorError if log.file cannot be written.
  Log(const Config& config, std::string_view peer);
  ~Log();

  void debug(std::string_view text);
  void info(std::string_view text);
  void warn(std::string_view text);
  void error(std::string_view text);

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace parley::daemon
