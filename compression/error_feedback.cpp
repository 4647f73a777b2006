#include "compression/error_feedback.h"

#include <algorithm>

#include "compression/coding/refusal.h"
#include "compression/kernels/scan.h"

namespace parley::compression {

ErrorFeedback::ErrorFeedback(const Compressor& compressor, std::size_t d)
    : compressor_(compressor), state_(compressor.make_state()), residual_(d), corrected_(d) {
  if (d > 0 && !(compressor.properties(d).delta > 0)) {
    throw base::OperatorError(fmt::format(
        "error feedback cannot be used with \"{}\": it guarantees no contraction for {} parameters; use a biased or "
        "contractive scaling",
        compressor.spec(), d));
  }
}

base::Result<std::size_t> ErrorFeedback::encode(std::span<const float> x, const base::RandomKey& key,
                                                std::span<std::byte> out) {
  PARLEY_CHECK(x.size() == residual_.size(), x.size(), residual_.size());
  for (std::size_t i = 0; i < x.size(); ++i) corrected_[i] = x[i] + residual_[i];
  auto size = compressor_.encode(corrected_, key, *state_, out);
  if (!size) return size;
  // Adding minus what the receivers will decode: exactly p - decode(payload), without a vector to decode into.
  const auto own = compressor_.decode_add(out.first(*size), key, -1.0f, *state_, corrected_);
  PARLEY_CHECK(own.ok(), compressor_.spec(), own.ok() ? "" : own.refusal().detail);
  residual_.swap(corrected_);
  return size;
}

base::Result<void> ErrorFeedback::restore(std::span<const float> residual) {
  if (residual.size() != residual_.size()) {
    return base::Refusal{"residual_size",
                         fmt::format("{} floats for {} parameters", residual.size(), residual_.size())};
  }
  if (!kernels::all_finite(residual.data(), residual.size())) return not_finite(residual);
  std::copy(residual.begin(), residual.end(), residual_.begin());
  return {};
}

}  // namespace parley::compression
