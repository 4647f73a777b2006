#include "daemon/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "daemon/units.h"
#include "wire/text.h"

namespace parley::daemon {
namespace {

constexpr double kRateWindow = 10;  // seconds: long enough to be calm, short enough to notice a stall

/// Mean, smallest and largest of what is known.
struct Spread {
  double sum = 0, least = wire::kUnknown, most = wire::kUnknown;
  std::size_t count = 0;

  void add(double value) {
    if (std::isnan(value)) return;
    least = count == 0 ? value : std::min(least, value);
    most = count == 0 ? value : std::max(most, value);
    sum += value;
    ++count;
  }
  double mean() const { return count == 0 ? wire::kUnknown : sum / static_cast<double>(count); }
};

}  // namespace

SwarmProgress summarise(std::span<const wire::PeerStatus> statuses, std::size_t peers) {
  SwarmProgress all;
  all.peers = peers;
  Spread loss, accuracy, distance;
  for (const wire::PeerStatus& status : statuses) {
    if (status.state != wire::PeerState::starting && status.state != wire::PeerState::waiting) ++all.ready;
    all.round = &status == statuses.data() ? status.round : std::min(all.round, status.round);
    all.rounds = std::max(all.rounds, status.rounds);
    all.sent_bytes += status.sent.total();
    loss.add(status.loss);
    accuracy.add(status.test_accuracy);
    distance.add(status.consensus_distance);
  }
  all.loss = loss.mean();
  all.worst_accuracy = accuracy.least;
  all.mean_accuracy = accuracy.mean();
  all.consensus_distance = distance.most;
  return all;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::clamp(seconds, 0.0, 1e12));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string progress_line(const SwarmProgress& p) {
  if (p.ready == 0 && p.round == 0) return fmt::format("starting: {} of {} peers ready", p.ready, p.peers);
  std::string line = p.rounds > 0 ? fmt::format("round {}/{}", p.round, p.rounds) : fmt::format("round {}", p.round);
  if (p.rounds_per_second > 0) line += fmt::format("  {:.3g} rounds/s", p.rounds_per_second);
  if (!std::isnan(p.loss)) line += fmt::format("  loss {:.4g}", p.loss);
  if (!std::isnan(p.worst_accuracy))
    line += fmt::format("  accuracy {:.2f} % worst, {:.2f} % mean", 100 * p.worst_accuracy, 100 * p.mean_accuracy);
  if (!std::isnan(p.consensus_distance)) line += fmt::format("  consensus {:.3g}", p.consensus_distance);
  line += fmt::format("  sent {}", approximate_bytes(static_cast<double>(p.sent_bytes)));
  if (p.rounds > p.round && p.rounds_per_second > 0)
    line += fmt::format("  {} left", clock_text(static_cast<double>(p.rounds - p.round) / p.rounds_per_second));
  return line;
}

Progress::~Progress() {
  end_line();
}

void Progress::show(SwarmProgress progress) {
  recent_.emplace_back(progress.seconds, progress.round);
  while (recent_.size() > 2 && progress.seconds - recent_.front().first > kRateWindow) recent_.pop_front();
  const auto& [since, round_then] = recent_.front();
  if (progress.round > round_then && progress.seconds > since)
    progress.rounds_per_second = static_cast<double>(progress.round - round_then) / (progress.seconds - since);
  if (width_ > 0) {
    // All of it is ASCII, so that columns are bytes; the last column stays free, or some terminals would wrap.
    fmt::print(stream_, "\r\x1b[K{}", wire::cleaned(progress_line(progress), width_ - 1));
    line_open_ = true;
  } else if (progress.seconds >= next_plain_) {
    fmt::print(stream_, "{}  {}\n", clock_text(progress.seconds), progress_line(progress));
    next_plain_ = progress.seconds + kPlainInterval;
  }
  std::fflush(stream_);
}

void Progress::say(const std::string& line) {
  end_line();
  fmt::print(stream_, "{}\n", line);
  std::fflush(stream_);
}

void Progress::end_line() {
  if (line_open_) fmt::print(stream_, "\n");
  line_open_ = false;
}

std::size_t terminal_width(int descriptor) {
  constexpr std::size_t kUsual = 80;
  if (::isatty(descriptor) == 0) return 0;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace parley::daemon
