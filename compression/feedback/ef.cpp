// ef: error feedback (Seide et al. 2014; Karimireddy et al. 2019).
//
//   p = x + beta e,  send C(p),  e = p - C(p)
//
// The sender keeps e. With beta = 1 the sum of what was decoded plus e is the sum of what was given, up to rounding;
// a smaller beta forgets old errors. With a contraction |e| stays below (1 - delta)^(1/2) / (1 - (1 - delta)^(1/2))
// |x|.
#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

class EfSender final : public FeedbackSender {
 public:
  EfSender(const Compressor& compressor, std::size_t d, std::string_view spec, float beta)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)), beta_(beta), p_(d) {
    require_contraction(compressor, d, spec);
    keep(e_);
  }

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    for (std::size_t i = 0; i < x.size(); ++i) p_[i] = x[i] + beta_ * e_[i];
    const auto bytes = compressor_.encode(p_, key, *state_, out);
    if (!bytes) return bytes.refusal();
    add_own(compressor_, out.first(*bytes), key, -1.0f, *state_, p_);
    e_.swap(p_);
    return std::optional(*bytes);
  }

 private:
  float beta_;
  std::vector<float> e_;
  std::vector<float> p_;  // and then the next e
};

class Ef final : public Feedback {
 public:
  Ef(std::string spec, double beta) : Feedback(std::move(spec)), beta_(static_cast<float>(beta)) {}

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<EfSender>(compressor, d, spec(), beta_);
  }

 private:
  float beta_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "beta", .fallback = "1", .low = 0, .high = 1, .help = "how much of the last error is sent again"},
};

}  // namespace

FeedbackRow ef_row() {
  return {.name = "ef",
          .summary = "error feedback: what was lost is added to what is sent next",
          .source = "Seide et al. 2014; Karimireddy et al. 2019",
          .parameters = kParameters,
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            return std::make_unique<Ef>(arguments.canonical(), arguments.real("beta"));
          }};
}

}  // namespace parley::compression
