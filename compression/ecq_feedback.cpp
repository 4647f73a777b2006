#include "compression/ecq_feedback.h"

#include <algorithm>
#include <cmath>

#include "compression/coding/refusal.h"
#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

bool keeps_errors_bounded(const Properties& properties, const EcqWeights& weights) {
  const double rest = weights.beta - weights.alpha;
  const bool unbiased = properties.unbiased && weights.alpha * weights.alpha * properties.omega + rest * rest < 1;
  const bool contractive = properties.delta > 0 && weights.alpha * std::sqrt(1 - properties.delta) + std::abs(rest) < 1;
  return unbiased || contractive;
}

}  // namespace

EcqFeedback::EcqFeedback(const Compressor& compressor, std::size_t d, const EcqWeights& weights)
    : compressor_(compressor),
      state_(compressor.make_state()),
      alpha_(static_cast<float>(weights.alpha)),
      beta_(static_cast<float>(weights.beta)),
      accumulated_(d),
      corrected_(d) {
  const auto in_bounds = [](double weight) { return weight >= 0 && weight <= 1; };
  if (!in_bounds(weights.alpha) || !in_bounds(weights.beta))
    throw base::OperatorError(fmt::format("alpha = {} and beta = {} must lie in [0, 1]", weights.alpha, weights.beta));
  if (d > 0 && !keeps_errors_bounded(compressor.properties(d), weights)) {
    throw base::OperatorError(fmt::format(
        "with alpha = {} and beta = {} the errors of \"{}\" could grow without bound for {} parameters; choose alpha "
        "near beta / (1 + omega), or a contractive scaling",
        weights.alpha, weights.beta, compressor.spec(), d));
  }
}

base::Result<std::size_t> EcqFeedback::encode(std::span<const float> x, const base::RandomKey& key,
                                              std::span<std::byte> out) {
  PARLEY_CHECK(x.size() == accumulated_.size(), x.size(), accumulated_.size());
  for (std::size_t i = 0; i < x.size(); ++i) corrected_[i] = x[i] + alpha_ * accumulated_[i];
  auto size = compressor_.encode(corrected_, key, *state_, out);
  if (!size) return size;
  for (std::size_t i = 0; i < x.size(); ++i) corrected_[i] = x[i] + beta_ * accumulated_[i];
  const auto own = compressor_.decode_add(out.first(*size), key, -1.0f, *state_, corrected_);
  PARLEY_CHECK(own.ok(), compressor_.spec(), own.ok() ? "" : own.refusal().detail);
  accumulated_.swap(corrected_);
  return size;
}

base::Result<void> EcqFeedback::restore(std::span<const float> accumulated) {
  if (accumulated.size() != accumulated_.size()) {
    return base::Refusal{"residual_size",
                         fmt::format("{} floats for {} parameters", accumulated.size(), accumulated_.size())};
  }
  if (!kernels::all_finite(accumulated.data(), accumulated.size())) return not_finite(accumulated);
  std::copy(accumulated.begin(), accumulated.end(), accumulated_.begin());
  return {};
}

}  // namespace parley::compression
