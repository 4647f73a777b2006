// Adam (Kingma and Ba 2015, Algorithm 1). Weight decay is added to the gradient, as in the paper's time; one rounding
// per operation, so that every kind of CPU takes the same step to the bit.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learning/adam.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "learning/kernels/vector_loop-inl.h"

#ifndef PARLEY_LEARNING_ADAM_ONCE
#define PARLEY_LEARNING_ADAM_ONCE
#include <cstddef>

namespace parley::learning {
namespace {

struct AdamStep {
  float* x;
  float* m;  ///< mean of the gradients
  float* v;  ///< mean of their squares
  const float* at;
  const float* g;
  std::size_t d;
  float beta1, beta2;
  float rest1, rest2;  ///< 1 - beta, rounded once: the difference of floats would lose the last digits
  float epsilon, weight_decay;
  float rate;      ///< eta / (1 - beta1^t)
  float v_unbias;  ///< 1 / (1 - beta2^t)
};

}  // namespace
}  // namespace parley::learning
#endif

HWY_BEFORE_NAMESPACE();
namespace parley::learning::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void Step(const AdamStep& s) {
  for_each_vector(s.d, [&](auto tag, std::size_t i) HWY_ATTR {
    const auto beta1 = hn::Set(tag, s.beta1), beta2 = hn::Set(tag, s.beta2);
    const auto rest1 = hn::Set(tag, s.rest1), rest2 = hn::Set(tag, s.rest2);
    const auto decayed = hn::Mul(hn::Set(tag, s.weight_decay), hn::LoadU(tag, s.at + i));
    const auto slope = hn::Add(hn::LoadU(tag, s.g + i), decayed);
    const auto m = hn::Add(hn::Mul(beta1, hn::LoadU(tag, s.m + i)), hn::Mul(rest1, slope));
    const auto v = hn::Add(hn::Mul(beta2, hn::LoadU(tag, s.v + i)), hn::Mul(rest2, hn::Mul(slope, slope)));
    hn::StoreU(m, tag, s.m + i);
    hn::StoreU(v, tag, s.v + i);
    const auto length = hn::Add(hn::Sqrt(hn::Mul(v, hn::Set(tag, s.v_unbias))), hn::Set(tag, s.epsilon));
    const auto move = hn::Div(hn::Mul(hn::Set(tag, s.rate), m), length);
    hn::StoreU(hn::Sub(hn::LoadU(tag, s.x + i), move), tag, s.x + i);
  });
}

}  // namespace
}  // namespace parley::learning::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "learning/optimizer.h"

namespace parley::learning {
namespace {

HWY_EXPORT(Step);

constexpr base::Parameter kParameters[] = {
    {.name = "beta1", .fallback = "0.9", .low = 0, .high = 0.999999, .help = "memory of the mean of the gradients"},
    {.name = "beta2", .fallback = "0.999", .low = 0, .high = 0.999999, .help = "memory of the mean of their squares"},
    {.name = "epsilon", .fallback = "1e-8", .low = 1e-30, .high = 1, .help = "keeps the divisor away from zero"},
    {.name = "weight_decay", .fallback = "0", .low = 0, .high = 1e6, .help = "adds weight_decay * x to the gradient"},
};

class Adam final : public Optimizer {
 public:
  Adam(const base::Arguments& arguments, std::size_t d)
      : spec_(arguments.canonical()),
        d_(d),
        beta1_(arguments.real("beta1")),
        beta2_(arguments.real("beta2")),
        epsilon_(static_cast<float>(arguments.real("epsilon"))),
        weight_decay_(static_cast<float>(arguments.real("weight_decay"))),
        m_(d),
        v_(d) {}

  const std::string& spec() const override { return spec_; }

  std::size_t size() const override { return d_; }

  void step_part(std::size_t first, std::span<float> x, std::span<const float> at, std::span<const float> g,
                 float eta) override {
    PARLEY_CHECK(x.size() == at.size() && x.size() == g.size() && first <= d_ && x.size() <= d_ - first, first,
                 x.size(), at.size(), g.size(), d_);
    if (first == 0) ++t_;
    HWY_DYNAMIC_DISPATCH(Step)
    ({.x = x.data(),
      .m = m_.data() + first,
      .v = v_.data() + first,
      .at = at.data(),
      .g = g.data(),
      .d = x.size(),
      .beta1 = static_cast<float>(beta1_),
      .beta2 = static_cast<float>(beta2_),
      .rest1 = static_cast<float>(1 - beta1_),
      .rest2 = static_cast<float>(1 - beta2_),
      .epsilon = epsilon_,
      .weight_decay = weight_decay_,
      .rate = static_cast<float>(static_cast<double>(eta) / (1 - std::pow(beta1_, static_cast<double>(t_)))),
      .v_unbias = static_cast<float>(1 / (1 - std::pow(beta2_, static_cast<double>(t_))))});
  }

 private:
  const std::string spec_;
  const std::size_t d_;
  const double beta1_, beta2_;
  const float epsilon_, weight_decay_;
  std::uint64_t t_ = 0;  // steps taken
  std::vector<float> m_, v_;
};

}  // namespace

OptimizerRow adam_row() {
  return {"adam", "steps scaled by running means of the gradient and of its square", "Kingma and Ba 2015", kParameters,
          [](const base::Arguments& arguments, std::size_t d) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Adam>(arguments, d);
          }};
}

}  // namespace parley::learning
#endif  // HWY_ONCE
