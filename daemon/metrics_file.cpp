#include "daemon/metrics_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>
#include <string>

#include "base/error.h"

namespace parley::daemon {
namespace {

/// JSON has no NaN: what is not known is null.
void append_number(std::string& line, std::string_view key, double value) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(line), ",\"{}\":{}", key, value);
  } else {
    fmt::format_to(std::back_inserter(line), ",\"{}\":null", key);
  }
}

}  // namespace

MetricsFile::MetricsFile(const std::filesystem::path& path, std::uint64_t every)
    : file_(std::fopen(path.c_str(), "w")), every_(every == 0 ? 1 : every) {
  if (!file_) {
    throw base::OperatorError(
        {.file = path.string(), .key = {}},
        fmt::format("cannot be written: {}; choose another metrics.run_dir", std::strerror(errno)));
  }
}

void MetricsFile::write(const gossip::RoundReport& report, gossip::Duration elapsed, const wire::ByteCount& bytes) {
  const std::uint64_t done = report.round.value + 1;
  if (!report.evaluation && done % every_ != 0) return;
  const auto total = [](const std::array<std::uint64_t, 4>& kinds) {
    return std::accumulate(kinds.begin(), kinds.end(), std::uint64_t{0});
  };
  std::string line = fmt::format("{{\"round\":{}", done);
  append_number(line, "elapsed_seconds", std::chrono::duration<double>(elapsed).count());
  append_number(line, "loss", report.loss);
  fmt::format_to(std::back_inserter(line), ",\"bytes_sent\":{},\"bytes_received\":{}", total(bytes.sent),
                 total(bytes.received));
  if (report.evaluation) {
    append_number(line, "train_loss", report.evaluation->train_loss);
    append_number(line, "test_loss", report.evaluation->test_loss);
    append_number(line, "test_accuracy", report.evaluation->test_accuracy);
    append_number(line, "consensus_distance", report.consensus_distance);
  }
  line += "}\n";
  ok_ = ok_ && std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size();
  if (report.evaluation) flush();
}

void MetricsFile::flush() {
  ok_ = std::fflush(file_.get()) == 0 && ok_;
}

}  // namespace parley::daemon
