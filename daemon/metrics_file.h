// One JSON line per round, for whoever draws the curve.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "gossip/node.h"
#include "gossip/profile.h"
#include "wire/transport.h"

namespace parley::daemon {

/// Appends to RUN/<peer>/metrics.jsonl. A line has round (rounds completed), elapsed_seconds, loss, bytes_sent,
/// bytes_received and, after an evaluation, train_loss, test_loss, test_accuracy and consensus_distance.
class MetricsFile {
 public:
  /// `every`: write one round of so many; rounds with an evaluation are always written. Throws base::OperatorError if
  /// the file cannot be made.
  MetricsFile(const std::filesystem::path& path, std::uint64_t every);

  void write(const gossip::RoundReport& report, gossip::Duration elapsed, const wire::ByteCount& bytes);
  /// Lines are kept back for speed; this hands them to the operating system.
  void flush();
  /// False once a write has failed (a full disk): training goes on, and the log says so.
  bool ok() const { return ok_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t every_;
  bool ok_ = true;
};

}  // namespace parley::daemon
