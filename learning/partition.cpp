#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "learning/dataset.h"
#include "learning/partitions/rows.h"

namespace parley::learning {

std::span<const PartitionRow> partition_registry() {
  static const std::array kRows = {kIidRow, kDirichletRow, kShardsRow};
  return kRows;
}

Rows partition(std::string_view spec, std::span<const float> targets, std::size_t classes, std::size_t peers,
               base::PeerId peer, std::uint64_t seed) {
  PARLEY_CHECK(peer.value < peers, peer, peers);
  PARLEY_CHECK(targets.size() <= std::numeric_limits<std::uint32_t>::max(), targets.size());
  const base::Spec parsed = base::parse_spec(spec);
  const PartitionRow& row = base::find_row(partition_registry(), "partition", parsed.name);
  const base::Arguments arguments(parsed, row.parameters);
  if (targets.size() < peers) {
    throw base::OperatorError(fmt::format("{} training samples are too few for {} peers; every peer needs at least one",
                                          targets.size(), peers));
  }
  return row.part(arguments, targets, classes, peers, peer, seed);
}

Rows all_rows(std::size_t m) {
  Rows rows(m);
  std::iota(rows.begin(), rows.end(), std::uint32_t{0});
  return rows;
}

std::size_t cut(std::size_t total, std::size_t pieces, std::size_t i) {
  return i * (total / pieces) + std::min(i, total % pieces);
}

}  // namespace parley::learning
