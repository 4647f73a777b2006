#include "daemon/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <string>

#include "base/error.h"

namespace parley::daemon {

struct Log::Sinks {
  std::unique_ptr<spdlog::logger> logger;
};

Log::Log(const Config& config, std::string_view peer) : sinks_(std::make_unique<Sinks>()) {
  constexpr std::size_t kRotatedFiles = 2;
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  if (!config.log.file.empty()) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          config.log.file, static_cast<std::size_t>(config.log.max_size), kRotatedFiles));
    } catch (const spdlog::spdlog_ex& error) {
      throw base::OperatorError(config.place_of("log.file"), error.what());
    }
  }
  sinks_->logger = std::make_unique<spdlog::logger>(std::string(peer), sinks.begin(), sinks.end());
  sinks_->logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n: %v");
  sinks_->logger->set_level(spdlog::level::from_str(config.log.level));
  sinks_->logger->flush_on(spdlog::level::info);
}

Log::~Log() = default;

void Log::debug(std::string_view text) {
  sinks_->logger->debug(text);
}
void Log::info(std::string_view text) {
  sinks_->logger->info(text);
}
void Log::warn(std::string_view text) {
  sinks_->logger->warn(text);
}
void Log::error(std::string_view text) {
  sinks_->logger->error(text);
}

}  // namespace parley::daemon
