// Kept coordinates on the wire: which they are, and then their values.
//
//   kept    := indices values      nothing for d = 0
//   indices                        see coding/index_code.h
//   values                         in the order of their indices, coded by the next stage of the pipeline (f32 if there
//                                  is none), with the key that next_stage_key makes
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "compression/compressor.h"

namespace parley::compression {

inline constexpr std::size_t kMostCoordinates = 0xFFFFFFFF;  ///< indices are 32 bits

/// Some coordinates of a vector, in ascending order, and as many values.
struct Kept {
  std::span<const std::uint32_t> indices;
  std::span<const float> values;

  /// y_i += scale * value, of the coordinates that are kept. The work is shared by the threads of the state.
  void add(float scale, std::span<float> y, const State& state) const;
};

class KeptCode {
 public:
  /// `values` is the next stage of the pipeline, or null.
  explicit KeptCode(std::unique_ptr<Compressor> values);

  /// What decoding fills, and the state of the next stage.
  struct Scratch {
    std::unique_ptr<State> values_state;
    std::vector<std::uint32_t> indices;
    std::vector<float> values;
  };
  Scratch make_scratch() const { return {values_->make_state(), {}, {}}; }

  const Compressor& values() const { return *values_; }

  /// The largest payload of up to k of d coordinates.
  std::size_t max_size(std::size_t d, std::size_t k) const;
  /// The expected bits of `count` of d coordinates at random places.
  double expected_bits(std::size_t d, std::size_t count) const;

  /// Writes at most k of d finite coordinates and returns the bytes written. Precondition: k <= d, both 0 or neither.
  std::size_t encode(const Kept& kept, std::size_t d, std::size_t k, const base::RandomKey& key, Scratch& scratch,
                     std::span<std::byte> out) const;
  /// What was written, in the scratch. Checks the whole payload.
  base::Result<Kept> decode(std::span<const std::byte> payload, std::size_t d, std::size_t k,
                            const base::RandomKey& key, Scratch& scratch) const;

 private:
  std::unique_ptr<Compressor> values_;
};

}  // namespace parley::compression
