// The part that is common to operators whose blocks take a number of bytes that follows from their length.
//
//   payload := block*      in the order of the coordinates, nothing between them
#pragma once

#include <string>

#include "compression/coding/blocks.h"
#include "compression/compressor.h"

namespace parley::compression {

/// The random words of one block: rounding word i (see kernels/philox.h) of the groups that begin at first_block
/// belongs to the block's coordinate i. Every block has ceil(length / 64) groups, after those of the block before.
struct BlockWords {
  base::PhiloxInput key;
  std::uint32_t first_block;
};

class Blockwise : public Compressor {
 public:
  Blockwise(std::string spec, Blocks blocks) : spec_(std::move(spec)), blocks_(std::move(blocks)) {}

  const std::string& spec() const final { return spec_; }
  std::unique_ptr<State> make_state() const final;
  std::size_t max_payload_size(std::size_t d) const final;
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const final;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const final;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const final;

 protected:
  /// What encode_block() is given: the scratch memory of one thread.
  virtual std::unique_ptr<State> make_scratch() const { return std::make_unique<State>(); }
  /// Bytes of a block of n >= 1 coordinates.
  virtual std::size_t block_size(std::size_t n) const = 0;
  /// What a block of n >= 1 coordinates is made of, if its codes are worth coding.
  virtual Stretch block_stretch(std::size_t n) const { return {block_size(n), 0, 0}; }
  /// Writes block_size(n) bytes. False, with the bytes unspecified, if any x_i is not finite.
  virtual bool encode_block(const float* x, std::size_t n, const BlockWords& words, State& scratch,
                            std::byte* to) const = 0;
  /// Refuses what encode_block never writes. `index` is for the message.
  virtual base::Result<void> check_block(const std::byte* from, std::size_t n, std::size_t index) const = 0;
  /// y += scale * what the block, which was checked, decodes to.
  virtual void add_block(const std::byte* from, std::size_t n, float scale, float* y) const = 0;

  const Blocks& blocks() const { return blocks_; }
  /// Exact; of the longest sensible block for d = 0.
  double bits_per_coordinate(std::size_t d) const;

 private:
  base::Result<void> check(std::span<const std::byte> payload, const BlockRun& stretch) const;

  std::string spec_;
  Blocks blocks_;
};

}  // namespace parley::compression
