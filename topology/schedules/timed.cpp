#include <xxhash.h>

#include <algorithm>

#include "base/error.h"
#include "topology/schedules/schedules.h"
#include "topology/schedules/timed_edges.h"
#include "topology/text_file.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "path",
     .kind = base::ParameterKind::word,
     .help = "text file with a round and two peers per line, such as 7,0,1 or 7-9,0,1",
     .required = true},
    {.name = "edges",
     .kind = base::ParameterKind::word,
     .fallback = "undirected",
     .choices = "undirected|directed",
     .help = "directed: the first peer sends to the second and does not hear it"},
    {.name = "period",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1LL << 48,
     .help = "after how many rounds the file begins again; by default after its last one"},
};

/// The edges that a file lists for each round, over and over.
class Timed final : public SizedSchedule {
 public:
  Timed(std::string spec, std::size_t n, const std::vector<TimedEdge>& edges, bool directed, std::uint64_t period)
      : SizedSchedule(std::move(spec), n), period_(period) {
    for (const TimedEdge& edge : edges) {
      sent_.push_back({.round = edge.round, .peer = edge.from, .other = edge.to});
      if (!directed) sent_.push_back({.round = edge.round, .peer = edge.to, .other = edge.from});
    }
    for (const Contact& contact : sent_)
      heard_.push_back({.round = contact.round, .peer = contact.other, .other = contact.peer});
    std::sort(sent_.begin(), sent_.end());
    std::sort(heard_.begin(), heard_.end());
    directed_ = sent_ != heard_;
    partners_.resize(n);
    for (const Contact& contact : sent_) {
      partners_[contact.peer].push_back({contact.other});
      partners_[contact.other].push_back({contact.peer});
    }
    for (std::uint32_t i = 0; i < n; ++i) partners_[i] = distinct(std::move(partners_[i]), {i});
  }

  std::uint64_t period() const override { return period_; }
  bool is_directed() const override { return directed_; }
  Neighbourhood neighbours(base::PeerId peer, base::Round round) const override {
    check(peer);
    return {.in = contacts(heard_, peer, round), .out = contacts(sent_, peer, round)};
  }
  std::vector<base::PeerId> partners(base::PeerId peer) const override {
    check(peer);
    return partners_[peer.value];
  }
  std::uint64_t fingerprint() const override {
    std::string canonical = fmt::format("{};", period_);
    for (const auto& [round, peer, other] : sent_) canonical += fmt::format("{}:{}>{};", round, peer, other);
    return XXH3_64bits(canonical.data(), canonical.size());
  }

 private:
  struct Contact {
    std::uint64_t round;
    std::uint32_t peer, other;
    auto operator<=>(const Contact&) const = default;
  };

  std::vector<base::PeerId> contacts(const std::vector<Contact>& all, base::PeerId peer, base::Round round) const {
    const std::uint64_t t = round.value % period_;
    std::vector<base::PeerId> others;
    for (auto at = std::lower_bound(all.begin(), all.end(), Contact{.round = t, .peer = peer.value, .other = 0});
         at != all.end() && at->round == t && at->peer == peer.value; ++at)
      others.push_back({at->other});
    return others;
  }

  std::uint64_t period_;
  std::vector<Contact> sent_, heard_;  // both sorted: whom `peer` sends to, and whom it hears
  bool directed_ = false;
  std::vector<std::vector<base::PeerId>> partners_;  // one per peer
};

std::unique_ptr<Schedule> make(const ScheduleBlueprint& blueprint) {
  const base::Arguments& arguments = blueprint.arguments;
  const std::string& path = arguments.word("path");
  const bool directed = arguments.is("edges", "directed");
  const std::vector<TimedEdge> edges = read_timed_edges(
      read_text_file(path, "schedule = \"timed(...)\" needs a text file with a round and two peers per line"),
      blueprint.n, directed, path);
  const std::uint64_t rounds = edges.empty() ? 1 : edges.back().round + 1;
  const std::uint64_t period =
      arguments.given("period") ? static_cast<std::uint64_t>(arguments.integer("period")) : rounds;
  if (period < rounds) {
    throw base::OperatorError({.file = path, .line = 0, .column = 0, .key = {}},
                              fmt::format("speaks of round {}, but {} begins again after {}: use period={} or more",
                                          rounds - 1, arguments.canonical(), period, rounds));
  }
  return std::make_unique<Timed>(arguments.canonical(), blueprint.n, edges, directed, period);
}

}  // namespace

const ScheduleRow& timed_schedule() {
  static constexpr ScheduleRow row{.name = "timed",
                                   .summary = "the edges that a text file lists for each round",
                                   .parameters = kParameters,
                                   .make = make};
  return row;
}

}  // namespace parley::topology
