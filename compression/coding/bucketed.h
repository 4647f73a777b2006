// What operators share that code one bucket of coordinates after the other: a header, then codes of a fixed width.
//
//   payload := bucket*                                every bucket of `bucket` coordinates, the last one shorter
//   bucket  := header ceil(len*bits/8) x u8           codes of `bits` bits, least significant first; pad bits are zero
//
// Coordinate i of bucket b draws rounding word i of the groups that begin at Philox block 16 b ceil(bucket/64).
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "compression/compressor.h"
#include "compression/kernels/levels.h"
#include "compression/kernels/philox.h"

namespace parley::compression {

class Bucketed : public Compressor {
 public:
  const std::string& spec() const final { return spec_; }
  std::uint8_t wire_id() const final { return wire_id_; }
  std::unique_ptr<State> make_state() const final;
  std::size_t max_payload_size(std::size_t d) const final;
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const final;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const final;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const final;

 protected:
  struct Shape {
    std::size_t bucket;
    unsigned bits;
    std::size_t header;  ///< bytes
  };
  /// Where a bucket's random words begin.
  struct Draws {
    base::PhiloxInput key;
    std::uint32_t first_block;
  };

  Bucketed(std::string spec, std::uint8_t wire_id, const Shape& shape)
      : spec_(std::move(spec)), wire_id_(wire_id), shape_(shape) {}

  unsigned bits() const { return shape_.bits; }
  std::size_t code_bytes(std::size_t n) const { return (n * shape_.bits + 7) / 8; }
  std::size_t longest_bucket(std::size_t d) const { return std::clamp<std::size_t>(d, 1, shape_.bucket); }
  double bits_per_coordinate(std::size_t d) const;

  /// Calls quantise(first, length, draws, levels) for one part of n coordinates after the other and packs the levels it
  /// made, of which those past `length` are zero.
  template <class Quantise>
  void pack(std::size_t n, const Draws& draws, std::byte* to, Quantise quantise) const {
    Levels levels;
    for (std::size_t i = 0; i < n; i += kPart) {
      const std::size_t length = std::min(kPart, n - i);
      const auto block = draws.first_block + static_cast<std::uint32_t>(i / kernels::kGroup) * kernels::kBlocksPerGroup;
      quantise(i, length, Draws{draws.key, block}, levels.data());
      kernels::pack_levels(levels.data(), length, shape_.bits, to + code_bytes(i));
    }
  }

  /// Calls use(first, length, levels) for one part of n coordinates after the other.
  template <class Use>
  void unpack(const std::byte* from, std::size_t n, Use use) const {
    Levels levels;
    for (std::size_t i = 0; i < n; i += kPart) {
      const std::size_t length = std::min(kPart, n - i);
      kernels::unpack_levels(from + code_bytes(i), length, shape_.bits, levels.data());
      use(i, length, static_cast<const std::int16_t*>(levels.data()));
    }
  }

  /// Refuses pad bits that are not zero.
  base::Result<void> check_padding(const std::byte* codes, std::size_t n) const;
  /// Refuses two's complement codes of a magnitude above `most`.
  base::Result<void> check_levels(const std::byte* codes, std::size_t n, int most, std::size_t index) const;

 private:
  /// What encode_bucket() is given: the scratch memory of one thread.
  virtual std::unique_ptr<State> make_scratch() const { return std::make_unique<State>(); }

  static constexpr std::size_t kPart = 8 * kernels::kGroup;  // so that parts end on a byte
  using Levels = std::array<std::int16_t, kPart>;

  /// Writes a bucket of n > 0 coordinates. False, with the output unspecified, if one of them is not finite.
  virtual bool encode_bucket(const float* x, std::size_t n, const Draws& draws, State& scratch,
                             std::byte* to) const = 0;
  /// The bytes are as many as there must be; `index` is the bucket's.
  virtual base::Result<void> check_bucket(const std::byte* from, std::size_t n, std::size_t index) const = 0;
  /// y += scale * decode(from), which was checked.
  virtual void add_bucket(const std::byte* from, std::size_t n, float scale, float* y) const = 0;

  std::size_t bucket_size(std::size_t n) const { return shape_.header + code_bytes(n); }
  /// Where the bucket is that begins with coordinate `first`.
  std::size_t offset_of(std::size_t first) const { return first / shape_.bucket * bucket_size(shape_.bucket); }

  std::string spec_;
  std::uint8_t wire_id_;
  Shape shape_;
};

}  // namespace parley::compression
