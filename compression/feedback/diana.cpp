// diana: compressed gradient differences (Mishchenko et al. 2019; Horvath et al. 2019).
//
//   send Q(x - h);  the estimate is h + Q(x - h);  h = h + alpha Q(x - h)
//
// Both ends keep h. Q must be unbiased, and then so is the estimate; h learns x, so that the variance of the estimate
// vanishes where that of plain quantisation stays. alpha is at most 1 / (1 + omega), the default. x is a gradient.
#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

class DianaSender final : public FeedbackSender {
 public:
  DianaSender(const Compressor& compressor, std::size_t d, std::string_view spec, float alpha)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)), alpha_(alpha), difference_(d) {
    keep(h_);
  }

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    for (std::size_t i = 0; i < x.size(); ++i) difference_[i] = x[i] - h_[i];
    const auto bytes = compressor_.encode(difference_, key, *state_, out);
    if (!bytes) return bytes.refusal();
    add_own(compressor_, out.first(*bytes), key, alpha_, *state_, h_);
    return std::optional(*bytes);
  }

 private:
  float alpha_;
  std::vector<float> h_;
  std::vector<float> difference_;
};

class DianaReceiver final : public FeedbackReceiver {
 public:
  DianaReceiver(const Compressor& compressor, std::size_t d, std::string_view spec, float alpha)
      : FeedbackReceiver(compressor, d, fmt::format("{} receiver", spec)), alpha_(alpha) {
    keep(h_);
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                std::span<float> y) override {
    PARLEY_CHECK(y.size() == size(), y.size(), size());
    if (auto added = compressor_.decode_add(payload, key, scale, *state_, y); !added) return added;
    add_scaled(h_, scale, y);  // the old h
    add_own(compressor_, payload, key, alpha_, *state_, h_);
    return {};
  }

 private:
  float alpha_;
  std::vector<float> h_;
};

class Diana final : public Feedback {
 public:
  Diana(std::string spec, std::optional<double> alpha) : Feedback(std::move(spec)), alpha_(alpha) {}

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<DianaSender>(compressor, d, spec(), alpha_for(compressor, d));
  }
  std::unique_ptr<FeedbackReceiver> receiver(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<DianaReceiver>(compressor, d, spec(), alpha_for(compressor, d));
  }

 private:
  float alpha_for(const Compressor& compressor, std::size_t d) const {
    const Properties properties = compressor.properties(d);
    if (d > 0 && !properties.unbiased) {
      throw base::OperatorError(
          fmt::format("the feedback {} needs an unbiased operator, and \"{}\" is biased for {} parameters; use an "
                      "unbiased scaling, or the feedback ef21",
                      spec(), compressor.spec(), d));
    }
    const double most = 1 / (1 + properties.omega);
    constexpr double kRounding = 1e-9;  // of an alpha that was meant to be the largest
    if (d > 0 && alpha_ && *alpha_ > most * (1 + kRounding)) {
      throw base::OperatorError(
          fmt::format("in \"{}\": alpha is at most 1 / (1 + omega) = {} for \"{}\" and {} parameters", spec(), most,
                      compressor.spec(), d));
    }
    return static_cast<float>(alpha_.value_or(most));
  }

  std::optional<double> alpha_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "alpha",
     .fallback = "auto",
     .low = 0,
     .high = 1,
     .choices = "auto",
     .help = "how fast both ends learn x; auto: 1 / (1 + omega)"},
};

}  // namespace

FeedbackRow diana_row() {
  return {.name = "diana",
          .summary = "differences to what both ends learn, for unbiased operators",
          .source = "Mishchenko et al. 2019; Horvath et al. 2019",
          .parameters = kParameters,
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            std::optional<double> alpha;
            if (!arguments.is("alpha", "auto")) alpha = arguments.real("alpha");
            return std::make_unique<Diana>(arguments.canonical(), alpha);
          }};
}

}  // namespace parley::compression
