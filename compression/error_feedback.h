// Error feedback: what an operator dropped is added to what is sent next, so that nothing is lost, only delayed.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "compression/compressor.h"

namespace parley::compression {

/// The residual e of one sender (Seide et al. 2014; Karimireddy et al. 2019):
///
///   p = x + e,  payload = C(p),  e = p - decode(payload)
///
/// x is in the units of a step (already multiplied by the learning rate), so e stays valid when the rate changes. After
/// any number of rounds the sum of what was decoded plus e is the sum of what was given, up to rounding.
class ErrorFeedback {
 public:
  /// For vectors of d floats; e starts at 0. Throws base::OperatorError if the operator guarantees no contraction,
  /// since the residual could then grow without bound. `compressor` outlives the object.
  ErrorFeedback(const Compressor& compressor, std::size_t d);

  /// Encodes x + e as Compressor::encode does and keeps the new residual. Refuses as "not_finite" when x + e has a NaN
  /// or an infinity; e is then unchanged. Checked: x.size() == d.
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, std::span<std::byte> out);

  /// e, for checkpoints.
  std::span<const float> residual() const { return residual_; }
  /// Continues from a checkpoint. Refuses a residual of another length as "residual_size", and one with a NaN or an
  /// infinity as "not_finite"; e is then unchanged.
  base::Result<void> restore(std::span<const float> residual);

 private:
  const Compressor& compressor_;
  std::unique_ptr<State> state_;
  std::vector<float> residual_;
  std::vector<float> corrected_;  // p, and then the next residual
};

}  // namespace parley::compression
