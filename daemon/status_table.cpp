#include "daemon/status_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <vector>

#include "daemon/progress.h"
#include "daemon/text_table.h"
#include "daemon/units.h"

namespace parley::daemon {
namespace {

using wire::PeerStatus;

std::string real(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.4g}", value);
}

std::string percent(double fraction) {
  return std::isnan(fraction) ? "-" : fmt::format("{:.2f}%", 100 * fraction);
}

std::string bytes(std::uint64_t count) {
  return approximate_bytes(static_cast<double>(count));
}

std::string milliseconds(double seconds) {
  return std::isnan(seconds) ? "-" : fmt::format("{:.3g} ms", 1000 * seconds);
}

std::string rounds(const PeerStatus& peer) {
  return peer.rounds > 0 ? fmt::format("{}/{}", peer.round, peer.rounds) : fmt::format("{}", peer.round);
}

std::string neighbour_round(const wire::NeighbourStatus& n) {
  return n.round ? fmt::format("{}", *n.round) : "-";
}

std::string lag(const wire::NeighbourStatus& n) {
  return n.round ? fmt::format("{}", n.round_lag) : "-";
}

/// "61/10/20/5/4": shares of compute, encode, wait, decode and mix in their sum, in percent.
std::string phase_shares(const wire::PhaseSeconds& s) {
  const double sum = s.compute + s.encode + s.wait + s.decode + s.mix;
  if (!(sum > 0)) return "-";
  const auto share = [sum](double seconds) { return 100 * seconds / sum; };
  return fmt::format("{:.0f}/{:.0f}/{:.0f}/{:.0f}/{:.0f}", share(s.compute), share(s.encode), share(s.wait),
                     share(s.decode), share(s.mix));
}

std::string remark(const PeerStatus& peer) {
  if (!peer.failure.empty()) return peer.failure;
  if (peer.waiting_for.empty()) return "";
  return fmt::format("waits {:.1f} s for {}", peer.waiting_seconds, fmt::join(peer.waiting_for, ", "));
}

}  // namespace

std::string status_text(std::span<const PeerStatus> peers, std::size_t width) {
  TextTable table({"swarm", "peer", "state", "up", "round", "loss", "test acc", "consensus", "sent", "received",
                   "comp/enc/wait/dec/mix %", "memory", ""});
  TextTable links({"peer", "neighbour", "link", "weight", "round", "lag", "rtt", "heard", "sent", "received", "resent",
                   "dup", "bad", "endpoint"});
  bool linked = false;
  for (const PeerStatus& p : peers) {
    table.add({p.swarm, p.name, std::string(name_of(p.state)), clock_text(p.uptime_seconds), rounds(p), real(p.loss),
               percent(p.test_accuracy), real(p.consensus_distance), bytes(p.sent.total()), bytes(p.received.total()),
               phase_shares(p.seconds), bytes(p.max_rss_bytes), remark(p)});
    for (const wire::NeighbourStatus& n : p.neighbours) {
      links.add({p.name, n.name, std::string(name_of(n.state)), real(n.weight), neighbour_round(n), lag(n),
                 milliseconds(n.rtt_seconds), milliseconds(n.last_heard_seconds), bytes(n.sent.total()),
                 bytes(n.received.total()), fmt::format("{}", n.resent), fmt::format("{}", n.duplicates),
                 fmt::format("{}", n.offences), n.endpoint});
      linked = true;
    }
  }
  return table.text(width) + (linked ? '\n' + links.text(width) : "");
}

std::string result_text(std::span<const PeerStatus> peers, std::size_t width) {
  TextTable table({"peer", "round", "model hash", "train loss", "test loss", "test acc", "consensus", "sent",
                   "comp/enc/wait/dec/mix %", "seconds", "memory"});
  for (const PeerStatus& p : peers) {
    const wire::PhaseSeconds& s = p.seconds;
    table.add({p.name, fmt::format("{}", p.round), p.model_hash.empty() ? "-" : p.model_hash, real(p.train_loss),
               real(p.test_loss), percent(p.test_accuracy), real(p.consensus_distance), bytes(p.sent.total()),
               phase_shares(s), fmt::format("{:.1f}", s.compute + s.encode + s.wait + s.decode + s.mix),
               bytes(p.max_rss_bytes)});
  }
  return table.text(width);
}

}  // namespace parley::daemon
