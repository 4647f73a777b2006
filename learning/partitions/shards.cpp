// A few labels per peer: McMahan et al. 2017, "Communication-efficient learning of deep networks from decentralized
// data", section 3. The samples are sorted by label and cut into n k shards of equal size; every peer gets k of them.
#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "learning/partitions/rows.h"

namespace parley::learning {
namespace {

constexpr base::Parameter kParameters[] = {{.name = "labels",
                                            .kind = base::ParameterKind::integer,
                                            .fallback = "2",
                                            .low = 1,
                                            .high = 1e6,
                                            .help = "shards per peer, each of one label or of two adjacent ones"}};

Rows part(const base::Arguments& arguments, std::span<const float> targets, std::size_t classes, std::size_t peers,
          base::PeerId peer, std::uint64_t seed) {
  if (classes == 0) throw base::OperatorError("shards divides by label, but the data set has no classes; use iid");
  const auto per_peer = static_cast<std::size_t>(arguments.integer("labels"));
  const std::size_t m = targets.size(), shards = peers * per_peer;
  if (shards > m) {
    throw base::OperatorError(fmt::format("in \"{}\": {} peers need {} shards, but there are {} training samples",
                                          arguments.canonical(), peers, shards, m));
  }
  Rows by_label = all_rows(m);
  std::sort(by_label.begin(), by_label.end(), [&](std::uint32_t a, std::uint32_t b) {
    return targets[a] != targets[b] ? targets[a] < targets[b] : a < b;
  });
  Rows dealt = all_rows(shards);
  base::Random random({.seed = seed, .peer = {}, .round = {}, .stream = base::Stream::partition});
  random.shuffle(std::span(dealt));

  Rows rows;
  for (std::size_t i = peer.value * per_peer; i < (peer.value + 1) * per_peer; ++i) {
    const auto at = [&](std::size_t shard) {
      return by_label.begin() + static_cast<std::ptrdiff_t>(cut(m, shards, shard));
    };
    rows.insert(rows.end(), at(dealt[i]), at(dealt[i] + 1));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

constinit const PartitionRow kShardsRow = {
    .name = "shards",
    .summary = "k shards per peer of the samples sorted by label (McMahan et al. 2017)",
    .parameters = kParameters,
    .part = part,
};

}  // namespace parley::learning
