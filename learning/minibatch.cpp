#include "learning/minibatch.h"

#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace parley::learning {
namespace {

std::size_t batches_per_epoch(std::size_t samples, std::size_t batch) {
  PARLEY_CHECK(samples > 0 && samples <= std::numeric_limits<std::uint32_t>::max(), samples);
  return batch == 0 ? 1 : (samples + batch - 1) / batch;
}

}  // namespace

MinibatchSchedule::MinibatchSchedule(std::size_t samples, std::size_t batch, std::uint64_t seed, base::PeerId peer)
    : samples_(samples), per_epoch_(batches_per_epoch(samples, batch)), seed_(seed), peer_(peer), order_(samples) {
  std::iota(order_.begin(), order_.end(), 0u);
}

std::span<const std::uint32_t> MinibatchSchedule::rows(base::Round round) {
  if (per_epoch_ == 1) return order_;
  const std::uint64_t epoch = round.value / per_epoch_;
  if (epoch_ != epoch) {
    std::iota(order_.begin(), order_.end(), 0u);
    base::Random random({.seed = seed_, .peer = peer_, .round = base::Round{epoch}, .stream = base::Stream::minibatch});
    random.shuffle(std::span(order_));
    epoch_ = epoch;
  }
  const std::size_t b = static_cast<std::size_t>(round.value % per_epoch_);
  const std::size_t first = b * samples_ / per_epoch_, last = (b + 1) * samples_ / per_epoch_;
  return std::span(order_).subspan(first, last - first);
}

}  // namespace parley::learning
