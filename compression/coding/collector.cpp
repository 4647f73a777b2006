#include "compression/coding/collector.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <memory>

#include "compression/coding/lanes.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/select.h"

namespace parley::compression {
namespace {

constexpr std::size_t kChunk = 4096;
constexpr std::size_t kPadding = 16;  // what the kernel may write past what it found

std::uint32_t magnitude_of(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu;
}

}  // namespace

/// How many lanes may take part.
std::size_t Collector::lanes_for(std::size_t d, const State& state) const {
  return d < kWorthSharing ? 1 : lanes_of(state);
}

void Collector::reserve(std::size_t d, std::size_t room, const State& state) {
  const std::size_t most = room + kChunk + kPadding, lanes = lanes_for(d, state);
  if (lanes_.size() < lanes) lanes_.resize(lanes);
  for (std::size_t l = 0; l < lanes; ++l) {
    Lane& lane = lanes_[l];
    if (lane.room >= most) continue;
    lane.indices = std::make_unique_for_overwrite<std::uint32_t[]>(most);
    lane.values = std::make_unique_for_overwrite<float[]>(most);
    lane.members = std::make_unique_for_overwrite<std::uint32_t[]>(most);
    lane.room = most;
  }
  if (members_.size() < room) members_.resize(room);
  if (const std::size_t pieces = Pieces(d, 1).count(); parts_.size() < pieces) parts_.resize(pieces);
}

void Collector::collect_piece(std::span<const float> x, std::size_t first, std::size_t length, std::uint32_t least,
                              std::size_t room, Lane& lane) const {
  std::size_t count = lane.count;
  std::uint32_t largest = lane.largest;
  for (std::size_t i = first; i < first + length; i += kChunk) {
    const std::size_t n = std::min(kChunk, first + length - i);
    if (count > room) {
      largest = std::max(largest, kernels::max_magnitude_bits(x.data() + i, n));
      continue;
    }
    const auto chunk = kernels::collect_at_least(x.data() + i, n, least, static_cast<std::uint32_t>(i),
                                                 lane.indices.get() + count, lane.values.get() + count);
    largest = std::max(largest, chunk.largest_bits);
    count += chunk.count;
  }
  lane.count = count;
  lane.largest = largest;
}

Collector::Found Collector::collect(std::span<const float> x, std::uint32_t least, std::size_t room,
                                    const State& state) {
  reserve(x.size(), room, state);
  d_ = x.size();
  for (Lane& lane : lanes_) lane.count = 0, lane.largest = 0, lane.member_count = 0;
  const Pieces pieces(d_, 1);
  for_each_task(state, d_, pieces.count(), [&](std::size_t piece, std::size_t lane) {
    Lane& own = lanes_[lane];
    const std::size_t at = own.count;
    collect_piece(x, pieces.first(piece), pieces.size(piece), least, room, own);
    parts_[piece] = {static_cast<std::uint32_t>(lane), at, own.count - at, 0, 0};
  });
  Found found{0, 0, true};
  for (const Lane& lane : lanes_) {
    found.count += lane.count;
    found.largest = std::max(found.largest, lane.largest);
  }
  found.fits = found.count <= room;
  return found;
}

Cutoff Collector::threshold(std::size_t k, std::uint32_t low, std::uint32_t high, const State& state) {
  const int shift =
      std::max(0, static_cast<int>(std::bit_width(high - low)) - static_cast<int>(std::bit_width(kBins - 1)));
  const std::size_t lanes = lanes_for(d_, state);
  for_each_task(state, d_, lanes, [&](std::size_t l, std::size_t) {
    Lane& lane = lanes_[l];
    lane.counts.fill(0);
    for (std::size_t j = 0; j < lane.count; ++j) ++lane.counts[(magnitude_of(lane.values[j]) - low) >> shift];
  });
  const auto count_of = [&](std::uint32_t bin) {
    std::size_t count = 0;
    for (std::size_t l = 0; l < lanes; ++l) count += lanes_[l].counts[bin];
    return count;
  };
  std::size_t wanted = k;
  std::uint32_t bin = (high - low) >> shift;
  for (; count_of(bin) < wanted; --bin) wanted -= count_of(bin);
  for_each_task(state, d_, lanes, [&](std::size_t l, std::size_t) {
    Lane& lane = lanes_[l];
    std::size_t end = 0;
    for (std::size_t j = 0; j < lane.count; ++j) {
      lane.members[end] = magnitude_of(lane.values[j]);
      end += (lane.members[end] - low) >> shift == bin ? 1 : 0;
    }
    lane.member_count = end;
  });
  auto end = members_.begin();
  for (std::size_t l = 0; l < lanes; ++l) end = std::copy_n(lanes_[l].members.get(), lanes_[l].member_count, end);
  const auto kth = members_.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
  std::nth_element(members_.begin(), kth, end, std::greater<>());
  // Everything before the k-th is at least as large.
  const auto ties = static_cast<std::size_t>(std::count(members_.begin(), kth + 1, *kth));
  return *kth == 0 ? Cutoff{} : Cutoff{*kth, ties};
}

std::size_t Collector::place(const Cutoff& threshold, const State& state, std::uint32_t* indices, float* values) {
  const std::size_t count = Pieces(d_, 1).count();
  for_each_task(state, d_, count, [&](std::size_t p, std::size_t) {
    Part& part = parts_[p];
    const float* from = lanes_[part.lane].values.get() + part.at;
    for (std::size_t j = 0; j < part.count; ++j) {
      part.above += magnitude_of(from[j]) > threshold.magnitude ? 1 : 0;
      part.ties += magnitude_of(from[j]) == threshold.magnitude ? 1 : 0;
    }
  });
  // From here on: how many ties each piece keeps, and how many coordinates of pieces before are kept.
  std::size_t ties = threshold.ties, end = 0;
  for (std::size_t p = 0; p < count; ++p) {
    Part& part = parts_[p];
    part.ties = std::min(part.ties, ties);
    ties -= part.ties;
    const std::size_t kept = part.above + part.ties;
    part.above = end;
    end += kept;
  }
  for_each_task(state, d_, count, [&](std::size_t p, std::size_t) {
    const Part& part = parts_[p];
    const Lane& lane = lanes_[part.lane];
    const std::size_t stop = p + 1 < count ? parts_[p + 1].above : end;
    std::size_t left = part.ties;
    // What is not kept is written too, and overwritten: whether it is cannot be predicted.
    for (std::size_t j = part.at, to = part.above; to < stop; ++j) {
      const std::uint32_t magnitude = magnitude_of(lane.values[j]);
      const bool tie = magnitude == threshold.magnitude && left > 0;
      indices[to] = lane.indices[j];
      values[to] = lane.values[j];
      left -= tie ? 1 : 0;
      to += tie || magnitude > threshold.magnitude ? 1 : 0;
    }
  });
  return end;
}

}  // namespace parley::compression
