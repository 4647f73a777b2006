// Reads when which peers are in touch from a text file.
//
//   # round, peer, peer
//   0, 0, 1
//   0-9, 2, 3
//
// One line for an edge and the round, or the first and the last round, in which it is there; rounds and peers are
// numbered from 0. Spaces and tabs around the numbers, empty lines, comments and carriage returns before the end of a
// line are ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::topology {

/// One edge in one round, from `from` to `to`.
struct TimedEdge {
  std::uint64_t round = 0;
  std::uint32_t from = 0, to = 0;
  auto operator<=>(const TimedEdge&) const = default;
};

/// A file may speak of so many edges, each counted once for every round that it is there.
inline constexpr std::size_t kMostTimedEdges = 50'000'000;

/// The edges of `text` between n peers, ascending. Throws base::OperatorError with `file` and the line of the first
/// that is malformed, names a peer that does not exist, joins a peer to itself, ends before it begins, or repeats an
/// edge in a round; without directions an edge is the same from both ends.
std::vector<TimedEdge> read_timed_edges(std::string_view text, std::size_t n, bool directed, const std::string& file);

}  // namespace parley::topology
