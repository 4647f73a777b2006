// laq: a difference is sent only if it matters (Sun et al. 2019, lazily aggregated quantised gradients).
//
//   c = C(x - h), error = |x - h - c|^2
//   send c and h = h + c   if |c|^2 >= xi / (D M^2) sum of the last D |step|^2 + 3 (error + error at the last sending)
//                          or `patience` rounds were silent since the last sending, or there was none yet
//   keep silent            otherwise
//
// The estimate is h. Both ends keep h; the sender also the error at its last sending, the rounds since then, and the
// last D squared steps of the model, which moved() tells it in units of the sum of all M senders' x. In the published
// rule x is a gradient, theta = theta - rate sum_m x_m, and the steps |theta_k - theta_{k-1}|^2 / rate^2 have the
// weights xi_d = xi / D. xi = 0 and exact values send whenever anything changed; patience = 0 sends in every round.
#include <algorithm>
#include <numeric>

#include "compression/feedback/schemes.h"

namespace parley::compression {
namespace {

struct Rule {
  double weight;  // xi / (D M^2)
  std::size_t window;
  double patience;
};

class LaqSender final : public FeedbackSender {
 public:
  LaqSender(const Compressor& compressor, std::size_t d, std::string_view spec, const Rule& rule)
      : FeedbackSender(compressor, d, fmt::format("{} sender", spec)),
        rule_(rule),
        numbers_(kSteps + rule.window),
        difference_(d),
        decoded_(d) {
    require_contraction(compressor, d, spec);
    numbers_[kSilent] = rule.patience;  // as if it were time
    keep(numbers_);
    keep(h_);
  }

  base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                  std::span<std::byte> out) override {
    PARLEY_CHECK(x.size() == size(), x.size(), size());
    for (std::size_t i = 0; i < x.size(); ++i) difference_[i] = x[i] - h_[i];
    const auto bytes = compressor_.encode(difference_, key, *state_, out);
    if (!bytes) return bytes.refusal();
    std::fill(decoded_.begin(), decoded_.end(), 0.0f);
    add_own(compressor_, out.first(*bytes), key, 1.0f, *state_, decoded_);
    double change = 0, error = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double c = decoded_[i], lost = static_cast<double>(difference_[i]) - c;
      change += c * c;
      error += lost * lost;
    }
    if (numbers_[kSilent] < rule_.patience && change < threshold(error)) {
      ++numbers_[kSilent];
      return std::optional<std::size_t>();
    }
    add_own(compressor_, out.first(*bytes), key, 1.0f, *state_, h_);
    numbers_[kSilent] = 0;
    numbers_[kLastError] = error;
    return std::optional(*bytes);
  }

  void moved(double squared_distance) override {
    FeedbackSender::moved(squared_distance);
    std::shift_right(numbers_.begin() + kSteps, numbers_.end(), 1);
    numbers_[kSteps] = squared_distance;
  }

 private:
  double threshold(double error) const {
    return rule_.weight * std::accumulate(numbers_.begin() + kSteps, numbers_.end(), 0.0) +
           3 * (error + numbers_[kLastError]);
  }

  // Where what it remembers besides h stands in numbers_.
  static constexpr std::ptrdiff_t kSilent = 0, kLastError = 1, kSteps = 2;

  Rule rule_;
  std::vector<double> numbers_;
  std::vector<float> h_;
  std::vector<float> difference_, decoded_;
};

class Laq final : public Feedback {
 public:
  Laq(std::string spec, const Rule& rule) : Feedback(std::move(spec)), rule_(rule) {}

  bool lazy() const override { return true; }

  std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<LaqSender>(compressor, d, spec(), rule_);
  }
  std::unique_ptr<FeedbackReceiver> receiver(const Compressor& compressor, std::size_t d) const override {
    return std::make_unique<SumReceiver>(compressor, d, spec() + " receiver", SumReceiver::Silence::repeats);
  }

 private:
  Rule rule_;
};

constexpr base::Parameter kParameters[] = {
    {.name = "workers",
     .kind = base::ParameterKind::integer,
     .fallback = "10",
     .low = 1,
     .high = 1e6,
     .help = "M, how many senders share the model"},
    {.name = "window",
     .kind = base::ParameterKind::integer,
     .fallback = "10",
     .low = 1,
     .high = 1000,
     .help = "D, how many steps of the model are looked back on"},
    {.name = "xi", .fallback = "0.8", .low = 0, .high = 100, .help = "weight of these steps altogether"},
    {.name = "patience",
     .kind = base::ParameterKind::integer,
     .fallback = "100",
     .low = 0,
     .high = 1e9,
     .help = "the most rounds of silence between two sendings"},
};

}  // namespace

FeedbackRow laq_row() {
  return {.name = "laq",
          .summary = "differences that are sent only if they matter",
          .source = "Sun et al. 2019",
          .parameters = kParameters,
          .make = [](const base::Arguments& arguments) -> std::unique_ptr<Feedback> {
            const double workers = arguments.real("workers"), window = arguments.real("window");
            return std::make_unique<Laq>(arguments.canonical(),
                                         Rule{.weight = arguments.real("xi") / (window * workers * workers),
                                              .window = static_cast<std::size_t>(arguments.integer("window")),
                                              .patience = arguments.real("patience")});
          }};
}

}  // namespace parley::compression
