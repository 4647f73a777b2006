// Which samples a peer's gradient of a round is taken over.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"

namespace parley::learning {

/// Samples without replacement: every epoch is a random order of all samples, drawn from (seed, peer, epoch) and cut
/// into ceil(samples / batch) minibatches whose sizes differ by at most one. So each epoch uses every sample exactly
/// once, no minibatch belongs to two epochs, and none is larger than `batch` or much smaller than the others (100
/// samples in batches of 32 are 4 of 25). If all samples fit in one batch, or batch is 0, each round uses all, in
/// ascending order.
class MinibatchSchedule {
 public:
  /// Checked: samples > 0.
  MinibatchSchedule(std::size_t samples, std::size_t batch, std::uint64_t seed, base::PeerId peer);

  std::size_t rounds_per_epoch() const { return per_epoch_; }
  std::size_t largest_batch() const { return (samples_ + per_epoch_ - 1) / per_epoch_; }
  /// The samples of a round; valid until the next call. Any order of rounds gives the same answers; going to another
  /// epoch costs a shuffle.
  std::span<const std::uint32_t> rows(base::Round round);

 private:
  const std::size_t samples_, per_epoch_;
  const std::uint64_t seed_;
  const base::PeerId peer_;
  std::vector<std::uint32_t> order_;
  std::optional<std::uint64_t> epoch_;  // whose order is in order_
};

}  // namespace parley::learning
