// One row for every graph family: specs that must fit, and what is known of the graph without building it. A test fails
// when the registry has a family that is not in the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "topology/graph.h"

namespace parley::topology {

/// What is known beforehand of the graph on n peers.
struct Expected {
  std::optional<std::size_t> edges;
  std::optional<std::size_t> min_degree, max_degree;
  std::optional<std::size_t> diameter;
  std::optional<bool> bipartite;
};

struct FamilyContract {
  std::string name;
  /// A spec of the family that fits n peers, or nothing if none does; `choice` picks among them.
  std::optional<std::string> (*spec_for)(std::size_t n, std::uint32_t choice);
  Expected (*expected)(std::size_t n, const std::string& spec);
  bool always_connected = true;
  bool random = false;  ///< another seed may give another graph
  /// How many different graphs 20 seeds give at least, on 20 peers.
  std::size_t different = 20;
};

/// The table. The row of the family "file" writes its edge files into the test's temporary directory.
const std::vector<FamilyContract>& family_contracts();

/// The smallest and largest number of peers at which the table is exercised.
inline constexpr std::size_t kFewestPeers = 1, kMostPeers = 40;

/// A file with that content in a temporary directory that goes with the program; the same name is overwritten.
std::string write_file(const std::string& name, const std::string& content);

}  // namespace parley::topology
