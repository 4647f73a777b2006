// ecq: error feedback with two weights (Wu et al. 2018).
//
//   p = x + alpha h,  send C(p),  h = beta h + (x - C(p))
//
// The sender keeps h = sum_s beta^(t-1-s) (x_s - C(p_s)). alpha = beta = 1 is ef, to the bit; alpha = 0 is none.
// Without an x, h becomes (beta - alpha) h + (p - C(p)), so it stays bounded if
//
//   alpha^2 omega + (beta - alpha)^2 < 1             with an unbiased operator, whose errors are independent of h,
//   alpha sqrt(1 - delta) + |beta - alpha| < 1       with a contraction.
//
// alpha = beta / (1 + omega) makes the first smallest, and is the default.
#include <cmath>

#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

bool stays_bounded(const Properties& properties, double alpha, double beta) {
  const double rest = beta - alpha;
  if (properties.unbiased && alpha * alpha * properties.omega + rest * rest < 1) return true;
  if (alpha == 0) return rest < 1;
  return properties.delta > 0 && alpha * std::sqrt(1 - properties.delta) + std::abs(rest) < 1;
}

class EcqSender final : public FeedbackSender {
 public:
  EcqSender(const Compressor& compressor, std::size_t d, std::string_view spec, double alpha, double beta)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)),
        alpha_(static_cast<float>(alpha)),
        beta_(static_cast<float>(beta)),
        p_(d),
        next_(d) {
    if (d > 0 && !stays_bounded(compressor.properties(d), alpha, beta)) {
      throw base::OperatorError(
          fmt::format("with {} the memory of what \"{}\" loses could grow without bound for {} parameters; take alpha "
                      "near beta / (1 + omega), or a contractive scaling",
                      spec, compressor.spec(), d));
    }
    keep(h_);
  }

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      p_[i] = x[i] + alpha_ * h_[i];
      next_[i] = x[i] + beta_ * h_[i];
    }
    const auto bytes = compressor_.encode(p_, key, *state_, out);
    if (!bytes) return bytes.refusal();
    add_own(compressor_, out.first(*bytes), key, -1.0f, *state_, next_);
    h_.swap(next_);
    return std::optional(*bytes);
  }

 private:
  float alpha_, beta_;
  std::vector<float> h_;
  std::vector<float> p_, next_;
};

class Ecq final : public Feedback {
 public:
  Ecq(std::string spec, std::optional<double> alpha, double beta)
      : Feedback(std::move(spec)), alpha_(alpha), beta_(beta) {}

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    const Properties properties = compressor.properties(d);
    const double best = properties.unbiased ? beta_ / (1 + properties.omega) : beta_;
    return std::make_unique<EcqSender>(compressor, d, spec(), alpha_.value_or(best), beta_);
  }

 private:
  std::optional<double> alpha_;
  double beta_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "alpha",
     .fallback = "auto",
     .low = 0,
     .high = 1,
     .choices = "auto",
     .help = "how much of the memory is sent again; auto: beta / (1 + omega)"},
    {.name = "beta", .fallback = "1", .low = 0, .high = 1, .help = "how much of the memory is kept"},
};

}  // namespace

FeedbackRow ecq_feedback_row() {
  return {.name = "ecq",
          .summary = "error feedback with two weights, for operators of any variance",
          .source = "Wu et al. 2018",
          .parameters = kParameters,
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            std::optional<double> alpha;
            if (!arguments.is("alpha", "auto")) alpha = arguments.real("alpha");
            return std::make_unique<Ecq>(arguments.canonical(), alpha, arguments.real("beta"));
          }};
}

}  // namespace parley::compression
