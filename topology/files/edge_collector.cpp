#include "topology/files/edge_collector.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace parley::topology {

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string start(text.substr(0, kLongest));
  std::replace_if(start.begin(), start.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > kLongest ? start + "..." : start;
}

std::optional<double> read_weight(std::string_view text) {
  double weight = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc() || stopped != text.data() + text.size() || !std::isfinite(weight)) return std::nullopt;
  return weight;
}

void fail_at(const std::string& file, std::int64_t line, std::string message) {
  throw base::OperatorError({.file = file, .line = line, .column = 0, .key = {}}, std::move(message));
}

void EdgeCollector::add(const Edge& edge, std::optional<double> weight, std::int64_t line) {
  PARLEY_CHECK(edge.first < n_ && edge.second < n_, edge.first, edge.second, n_);
  if (edge.first == edge.second)
    fail_at(file_, line, fmt::format("peer {} is joined to itself: remove the line", edge.first));
  const auto [known, is_new] = line_of_.try_emplace(std::minmax(edge.first, edge.second), line);
  if (!is_new) {
    fail_at(file_, line,
            fmt::format("peers {} and {} are joined {} already: remove one of the lines", edge.first, edge.second,
                        known->second > 0 ? fmt::format("on line {}", known->second) : "elsewhere"));
  }
  if (!graph_.edges.empty() && weight.has_value() == graph_.weights.empty()) {
    fail_at(file_, line,
            weight ? "this edge has a weight and those before it have none: give all edges one, or none"
                   : "this edge has no weight and those before it have one: give all edges one, or none");
  }
  graph_.edges.push_back(edge);
  if (weight) graph_.weights.push_back(*weight);
}

void EdgeCollector::fail_no_peer(std::string_view id, std::int64_t line) const {
  fail_at(file_, line,
          fmt::format("there is no peer {}: the swarm has {} peers, numbered from 0 to {}", shown(id), n_, n_ - 1));
}

}  // namespace parley::topology
