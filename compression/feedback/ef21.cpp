// ef21: differences to an estimate that both ends keep (Richtarik et al. 2021; with a < 1 Fatkhullin et al. 2023,
// EF21-SGDM).
//
//   v = (1 - a) v + a x,  send C(v - h),  h = h + C(v - h);  the estimate is h
//
// The sender keeps h, and v unless a = 1; the receiver keeps h. Unlike ef it has no floor when workers differ: once x
// settles, so does h, and what is compressed vanishes. a < 1 averages the noise of stochastic gradients. x is a
// gradient here, and no step: an estimate is used again in later rounds, whose rate may be another.
#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

class Ef21Sender final : public FeedbackSender {
 public:
  Ef21Sender(const Compressor& compressor, std::size_t d, std::string_view spec, float a)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)), a_(a), difference_(d), next_v_(a < 1 ? d : 0) {
    require_contraction(compressor, d, spec);
    keep(h_);
    if (a < 1) keep(v_);
  }

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    if (a_ < 1) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        next_v_[i] = (1 - a_) * v_[i] + a_ * x[i];
        difference_[i] = next_v_[i] - h_[i];
      }
    } else {
      for (std::size_t i = 0; i < x.size(); ++i) difference_[i] = x[i] - h_[i];
    }
    const auto bytes = compressor_.encode(difference_, key, *state_, out);
    if (!bytes) return bytes.refusal();
    add_own(compressor_, out.first(*bytes), key, 1.0f, *state_, h_);
    v_.swap(next_v_);
    return std::optional(*bytes);
  }

 private:
  float a_;
  std::vector<float> h_, v_;
  std::vector<float> difference_, next_v_;
};

class Ef21 final : public Feedback {
 public:
  Ef21(std::string spec, double a) : Feedback(std::move(spec)), a_(static_cast<float>(a)) {}

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<Ef21Sender>(compressor, d, spec(), a_);
  }
  std::unique_ptr<FeedbackReceiver> receiver(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<SumReceiver>(compressor, d, spec() + " receiver", SumReceiver::Silence::refused);
  }

 private:
  float a_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "a",
     .fallback = "1",
     .low = 1e-6,
     .high = 1,
     .help = "weight of the new gradient in the momentum; 1: no momentum"},
};

}  // namespace

FeedbackRow ef21_row() {
  return {.name = "ef21",
          .summary = "differences to an estimate that both ends keep",
          .source = "Richtarik et al. 2021; Fatkhullin et al. 2023",
          .parameters = kParameters,
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            return std::make_unique<Ef21>(arguments.canonical(), arguments.real("a"));
          }};
}

}  // namespace parley::compression
