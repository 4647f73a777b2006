// How far a swarm is: one line that is updated on a terminal, one plain line per interval elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "wire/control.h"

namespace parley::daemon {

/// What all peers together have done. Unknown quantities are NaN.
struct SwarmProgress {
  double seconds = 0;        ///< since the start
  std::size_t peers = 0;     ///< of the swarm
  std::size_t ready = 0;     ///< that train, or have done so
  std::uint64_t round = 0;   ///< that every peer which answers has completed
  std::uint64_t rounds = 0;  ///< to do; 0: not known
  double rounds_per_second = wire::kUnknown;
  double loss = wire::kUnknown;  ///< of the minibatches, mean over the peers
  double worst_accuracy = wire::kUnknown, mean_accuracy = wire::kUnknown;
  double consensus_distance = wire::kUnknown;  ///< the largest
  std::uint64_t sent_bytes = 0;
};

/// Sums up what the peers said. `seconds` and `rounds_per_second` are the caller's.
SwarmProgress summarise(std::span<const wire::PeerStatus> statuses, std::size_t peers);

/// "round 120/600  41 rounds/s  loss 0.312  accuracy 94.1 % worst, 95.0 % mean  consensus 0.0012  sent 3.10 MiB  0:12
/// left", without the parts that are not known. Before any peer trains: "starting: 3 of 8 peers ready".
std::string progress_line(const SwarmProgress& progress);

/// "0:05", "12:34", "1:02:03".
std::string clock_text(double seconds);

/// Shows progress on a stream. The caller's clock comes with what is shown.
class Progress {
 public:
  /// `width`: columns of the terminal, 0 if the stream is none. The stream outlives the object.
  Progress(std::FILE* stream, std::size_t width) : stream_(stream), width_(width) {}
  /// Ends the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Takes note, and shows it if it is time to. rounds_per_second is filled in here.
  void show(SwarmProgress progress);
  /// A line of its own, at once: "stopping all peers".
  void say(const std::string& line);

  static constexpr double kPlainInterval = 10;  ///< seconds between two lines where there is no terminal

 private:
  void end_line();

  std::FILE* stream_;
  std::size_t width_;
  bool line_open_ = false;
  double next_plain_ = 0;
  std::deque<std::pair<double, std::uint64_t>> recent_;  // (seconds, round) of the last kRateWindow seconds
};

/// Columns of the terminal on that descriptor; 0 if there is none.
std::size_t terminal_width(int descriptor);

}  // namespace parley::daemon
