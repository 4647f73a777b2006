// Samples dealt at random: every peer sees the distribution of the whole.
#include <algorithm>

#include "base/random.h"
#include "learning/partitions/rows.h"

namespace parley::learning {
namespace {

Rows part(const base::Arguments& /*arguments*/, std::span<const float> targets, std::size_t /*classes*/,
          std::size_t peers, base::PeerId peer, std::uint64_t seed) {
  const std::size_t m = targets.size();
  Rows order = all_rows(m);
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::partition});
  random.shuffle(std::span(order));
  const auto at = [&](std::size_t i) { return order.begin() + static_cast<std::ptrdiff_t>(cut(m, peers, i)); };
  Rows rows(at(peer.value), at(peer.value + 1));
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

constinit const PartitionRow kIidRow = {
    .name = "iid",
    .summary = "a random division into parts whose sizes differ by at most one",
    .parameters = {},
    .part = part,
};

}  // namespace parley::learning
