// Feedback of errors with two weights: how much of the past is corrected now, and how fast it is forgotten.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "compression/compressor.h"

namespace parley::compression {

/// alpha and beta, both in [0, 1].
struct EcqWeights {
  double alpha = 1;  ///< of the accumulated error in what is sent
  double beta = 1;   ///< of the accumulated error in its next value
};

/// The accumulated error h of one sender (Wu et al. 2018):
///
///   p = x + alpha h,  payload = Q(p),  h = beta h + x - decode(payload)
///
/// so that h = sum_s beta^(t-1-s) (x_s - decoded_s). alpha = beta = 1 is ErrorFeedback, to the bit; alpha = 0 sends x
/// as it is.
class EcqFeedback {
 public:
  /// For vectors of d floats; h starts at 0. Throws base::OperatorError for weights out of bounds, and for those with
  /// which h could grow without bound: h becomes (beta - alpha) h - (Q(p) - p), which needs
  ///
  ///   alpha^2 omega + (beta - alpha)^2 < 1             of an unbiased operator,
  ///   alpha sqrt(1 - delta) + |beta - alpha| < 1       of a contraction.
  ///
  /// `compressor` outlives the object.
  EcqFeedback(const Compressor& compressor, std::size_t d, const EcqWeights& weights);

  /// Encodes x + alpha h as Compressor::encode does and keeps the new h. Refuses as "not_finite" when that sum has a
  /// NaN or an infinity; h is then unchanged. Checked: x.size() == d.
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, std::span<std::byte> out);

  /// h, for checkpoints.
  std::span<const float> accumulated() const { return accumulated_; }
  /// Continues from a checkpoint. Refuses an h of another length as "residual_size", and one with a NaN or an infinity
  /// as "not_finite"; h is then unchanged.
  base::Result<void> restore(std::span<const float> accumulated);

 private:
  const Compressor& compressor_;
  std::unique_ptr<State> state_;
  float alpha_, beta_;
  std::vector<float> accumulated_;
  std::vector<float> corrected_;  // p, and then the next h
};

}  // namespace parley::compression
