// The rows of the feedback registry, each defined in the file of its scheme, and what schemes have in common.
#pragma once

#include "compression/feedback/feedback.h"

namespace parley::compression {

FeedbackRow none_feedback_row();
FeedbackRow ef_row();
FeedbackRow ef21_row();
FeedbackRow momentum_row();
FeedbackRow diana_row();
FeedbackRow ecq_feedback_row();
FeedbackRow laq_row();

/// Throws base::OperatorError if the operator guarantees no contraction of d > 0 floats.
void require_contraction(const Compressor& compressor, std::size_t d, std::string_view scheme);

/// y += scale * decode(own payload), which cannot be refused. Checked.
void add_own(const Compressor& compressor, std::span<const std::byte> payload, const base::RandomKey& key, float scale,
             State& state, std::span<float> y);

/// y_i += scale * h_i, with a rounding each.
void add_scaled(std::span<const float> h, float scale, std::span<float> y);

/// The receiver of schemes with h = h + C(x - h): it keeps h, and its estimate is h afterwards.
class SumReceiver final : public FeedbackReceiver {
 public:
  enum class Silence { refused, repeats };
  SumReceiver(const Compressor& compressor, std::size_t d, std::string_view kind, Silence silence);

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                std::span<float> y) override;
  base::Result<void> silence_add(float scale, std::span<float> y) override;

 private:
  Silence silence_;
  std::vector<float> h_;
};

}  // namespace parley::compression
