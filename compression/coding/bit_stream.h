// Bits, least significant first, into and out of bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "compression/kernels/bytes.h"

namespace parley::compression {

/// Writes bits one after the other. The caller knows that there is room.
class BitWriter {
 public:
  explicit BitWriter(std::byte* to) : to_(to) {}

  /// The `count` (at most 32) low bits of `bits`, of which none higher is set.
  void put(std::uint32_t bits, unsigned count) {
    window_ |= static_cast<std::uint64_t>(bits) << held_;
    held_ += count;
    if (held_ >= 32) {
      store(to_, static_cast<std::uint32_t>(window_));
      to_ += 4;
      window_ >>= 32;
      held_ -= 32;
    }
  }

  /// `zeros` zero bits and a one.
  void put_unary(std::uint32_t zeros) {
    for (; zeros >= 32; zeros -= 32) put(0, 32);
    put(std::uint32_t{1} << zeros, zeros + 1);
  }

  /// Writes what is left, padded with zeros to a byte, and returns the end.
  std::byte* finish() {
    for (; held_ > 0; held_ -= std::min(held_, 8u), window_ >>= 8) *to_++ = static_cast<std::byte>(window_);
    return to_;
  }

 private:
  std::byte* to_;
  std::uint64_t window_ = 0;
  unsigned held_ = 0;  // bits in window_, below 32 between calls
};

/// Reads bits one after the other. Past the end it reads zeros and is no longer good.
class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> from) : from_(from) {}

  /// `count` is at most 32.
  std::uint32_t get(unsigned count) {
    fill();
    const auto bits = static_cast<std::uint32_t>(window_ & ((std::uint64_t{1} << count) - 1));
    drop(count);
    return bits;
  }

  /// The number of zero bits before the next one, which is read too; `limit` + 1 if there are more than `limit`.
  std::uint32_t get_unary(std::uint32_t limit) {
    std::uint64_t zeros = 0;
    for (;;) {
      fill();
      if (window_ != 0) break;
      if (held_ == 0) {
        overrun_ = true;
        return limit + 1;
      }
      zeros += held_;
      if (zeros > limit) return limit + 1;
      drop(held_);
    }
    const auto more = static_cast<unsigned>(std::countr_zero(window_));
    zeros += more;
    if (zeros > limit) return limit + 1;
    drop(more + 1);
    return static_cast<std::uint32_t>(zeros);
  }

  bool good() const { return !overrun_; }

  /// Skips to the next byte. False if a skipped bit is not zero.
  bool align() {
    const unsigned pad = held_ % 8;
    const bool zero = (window_ & ((std::uint64_t{1} << pad) - 1)) == 0;
    drop(pad);
    return zero;
  }

  /// Bytes read. Precondition: aligned.
  std::size_t position() const { return at_ - held_ / 8; }

 private:
  /// At least 32 bits in the window, or all that there are.
  void fill() {
    if (held_ >= 32) return;
    if (from_.size() - at_ >= 4) {
      window_ |= static_cast<std::uint64_t>(load<std::uint32_t>(from_.data() + at_)) << held_;
      at_ += 4;
      held_ += 32;
      return;
    }
    for (; at_ < from_.size(); ++at_, held_ += 8) window_ |= static_cast<std::uint64_t>(from_[at_]) << held_;
  }

  void drop(unsigned count) {
    if (count > held_) {
      overrun_ = true;
      count = held_;
    }
    window_ = count == 64 ? 0 : window_ >> count;
    held_ -= count;
  }

  std::span<const std::byte> from_;
  std::size_t at_ = 0;
  std::uint64_t window_ = 0;
  unsigned held_ = 0;
  bool overrun_ = false;
};

}  // namespace parley::compression
