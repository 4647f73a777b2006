#include "topology/schedules/timed_edges.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace parley::topology {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// What a person may see of a line: short, and with nothing that a terminal would act upon.
std::string shown(std::string_view line) {
  constexpr std::size_t kLongest = 40;
  std::string text(line.substr(0, kLongest));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line.size() > kLongest ? text + "..." : text;
}

std::optional<std::uint64_t> number(std::string_view field) {
  const std::string_view digits = trimmed(field);
  const char* const end = digits.data() + digits.size();
  std::uint64_t value = 0;
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || stopped != end || error != std::errc{}) return std::nullopt;
  return value;
}

/// An edge and the line that it stands on.
struct Entry {
  TimedEdge edge;
  std::int64_t line;
};

class TimedEdgeReader {
 public:
  TimedEdgeReader(std::size_t n, bool directed, const std::string& file) : n_(n), directed_(directed), file_(file) {}

  void read(std::string_view line) {
    ++line_;
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#') return;
    std::array<std::string_view, 3> fields;
    std::size_t count = 0;
    for (std::string_view rest = content; count < 3; ++count) {
      const std::size_t comma = count < 2 ? rest.find(',') : std::string_view::npos;
      fields[count] = rest.substr(0, comma);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    if (count != 2) fail_malformed(content);
    const auto [first, last] = rounds(fields[0], content);
    std::uint32_t from = peer(fields[1], content), to = peer(fields[2], content);
    if (from == to) fail(fmt::format("peer {} is joined to itself: remove the line", from));
    if (!directed_ && from > to) std::swap(from, to);
    if (last - first >= kMostTimedEdges - entries_.size())
      fail(fmt::format("more than {} edges, counted once for every round that they are there", kMostTimedEdges));
    for (std::uint64_t round = first; round <= last; ++round)
      entries_.push_back({.edge = {.round = round, .from = from, .to = to}, .line = line_});
  }

  std::vector<TimedEdge> finish() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.edge < b.edge; });
    std::vector<TimedEdge> edges;
    edges.reserve(entries_.size());
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      const auto& [edge, line] = entries_[k];
      if (k > 0 && entries_[k - 1].edge == edge) {
        line_ = line;
        fail(fmt::format("the edge of peers {} and {} in round {} is on line {} already: remove one of the lines",
                         edge.from, edge.to, edge.round, entries_[k - 1].line));
      }
      edges.push_back(edge);
    }
    return edges;
  }

 private:
  std::pair<std::uint64_t, std::uint64_t> rounds(std::string_view field, std::string_view line) const {
    const std::size_t dash = field.find('-');
    const auto first = number(field.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(field.substr(dash + 1));
    if (!first || !last) fail_malformed(line);
    if (*last < *first) fail(fmt::format("rounds {} end before they begin", shown(trimmed(field))));
    constexpr std::uint64_t kLastRound = (std::uint64_t{1} << 48) - 1;
    if (*last > kLastRound) fail(fmt::format("there is no round {}: the last is {}", *last, kLastRound));
    return {*first, *last};
  }

  std::uint32_t peer(std::string_view field, std::string_view line) const {
    const auto id = number(field);
    if (!id) fail_malformed(line);
    if (*id >= n_)
      fail(fmt::format("there is no peer {}: the swarm has {} peers, numbered from 0 to {}", *id, n_, n_ - 1));
    return static_cast<std::uint32_t>(*id);
  }

  [[noreturn]] void fail_malformed(std::string_view line) const {
    fail(fmt::format("expected a round or rounds and two peers, such as 7,0,1 or 7-9,0,1, found \"{}\"", shown(line)));
  }
  [[noreturn]] void fail(std::string message) const {
    throw base::OperatorError({.file = file_, .line = line_, .column = 0, .key = {}}, std::move(message));
  }

  const std::size_t n_;
  const bool directed_;
  const std::string& file_;
  std::int64_t line_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace

std::vector<TimedEdge> read_timed_edges(std::string_view text, std::size_t n, bool directed, const std::string& file) {
  TimedEdgeReader reader(n, directed, file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.finish();
}

}  // namespace parley::topology
