// momentum: momentum correction with factor masking (Lin et al. 2018, deep gradient compression).
//
//   u = m u + x,  v = v + u,  send C(v),  v = v - C(v);  u = 0 where C(v) is not 0
//
// The sender keeps u and v. Momentum is taken before compression, so that what waits in v has gathered it; masking
// stops the momentum of what has just been sent, which is stale by then. For values that are sent exactly v - C(v) is 0
// where the paper sets it to 0; for quantised ones it is what the quantiser lost. With identity and mask=off this is
// SGD with momentum; with identity and mask=on all momentum is masked, and it is plain SGD.
#include <algorithm>

#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

class MomentumSender final : public FeedbackSender {
 public:
  MomentumSender(const Compressor& compressor, std::size_t d, std::string_view spec, float m, bool masks)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)), m_(m), masks_(masks), next_(d) {
    require_contraction(compressor, d, spec);
    keep(u_);
    keep(v_);
  }

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    for (std::size_t i = 0; i < x.size(); ++i) next_[i] = v_[i] + (m_ * u_[i] + x[i]);
    const auto bytes = compressor_.encode(next_, key, *state_, out);
    if (!bytes) return bytes.refusal();
    // What is sent takes the place of the old v, which is of no use any more.
    std::fill(v_.begin(), v_.end(), 0.0f);
    add_own(compressor_, out.first(*bytes), key, 1.0f, *state_, v_);
    for (std::size_t i = 0; i < x.size(); ++i) {
      next_[i] -= v_[i];
      u_[i] = masks_ && v_[i] != 0 ? 0.0f : m_ * u_[i] + x[i];
    }
    v_.swap(next_);
    return std::optional(*bytes);
  }

 private:
  float m_;
  bool masks_;
  std::vector<float> u_, v_;
  std::vector<float> next_;  // v with this round's x
};

class Momentum final : public Feedback {
 public:
  Momentum(std::string spec, double m, bool masks)
      : Feedback(std::move(spec)), m_(static_cast<float>(m)), masks_(masks) {}

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<MomentumSender>(compressor, d, spec(), m_, masks_);
  }

 private:
  float m_;
  bool masks_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "m", .fallback = "0.9", .low = 0, .high = 0.9999, .help = "the momentum's factor"},
    {.name = "mask",
     .kind = base::ParameterKind::word,
     .fallback = "on",
     .choices = "on|off",
     .help = "whether the momentum of what was sent starts again from 0"},
};

}  // namespace

FeedbackRow momentum_row() {
  return {.name = "momentum",
          .summary = "momentum before compression, stopped where something was sent",
          .source = "Lin et al. 2018",
          .parameters = kParameters,
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            return std::make_unique<Momentum>(arguments.canonical(), arguments.real("m"), arguments.is("mask", "on"));
          }};
}

}  // namespace parley::compression
