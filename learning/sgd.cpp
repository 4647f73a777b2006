// Stochastic gradient descent with momentum (Polyak 1964), optionally Nesterov's, and weight decay. The arithmetic is
// one rounding per operation, so that every kind of CPU takes the same step to the bit.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learning/sgd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "learning/kernels/vector_loop-inl.h"

#ifndef PARLEY_LEARNING_SGD_ONCE
#define PARLEY_LEARNING_SGD_ONCE
#include <cstddef>

namespace parley::learning {
namespace {

struct SgdStep {
  float* x;
  float* v;  ///< null without momentum
  const float* at;
  const float* g;
  std::size_t d;
  float eta, momentum, weight_decay;
  bool nesterov;
};

}  // namespace
}  // namespace parley::learning
#endif

HWY_BEFORE_NAMESPACE();
namespace parley::learning::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void Plain(const SgdStep& s) {
  for_each_vector(s.d, [&](auto tag, std::size_t i) HWY_ATTR {
    const auto decayed = hn::Mul(hn::Set(tag, s.weight_decay), hn::LoadU(tag, s.at + i));
    const auto direction = hn::Add(hn::LoadU(tag, s.g + i), decayed);
    hn::StoreU(hn::Sub(hn::LoadU(tag, s.x + i), hn::Mul(hn::Set(tag, s.eta), direction)), tag, s.x + i);
  });
}

template <bool kNesterov>
void WithMomentum(const SgdStep& s) {
  for_each_vector(s.d, [&](auto tag, std::size_t i) HWY_ATTR {
    const auto momentum = hn::Set(tag, s.momentum);
    const auto decayed = hn::Mul(hn::Set(tag, s.weight_decay), hn::LoadU(tag, s.at + i));
    const auto slope = hn::Add(hn::LoadU(tag, s.g + i), decayed);
    const auto v = hn::Add(hn::Mul(momentum, hn::LoadU(tag, s.v + i)), slope);
    hn::StoreU(v, tag, s.v + i);
    const auto direction = kNesterov ? hn::Add(slope, hn::Mul(momentum, v)) : v;
    hn::StoreU(hn::Sub(hn::LoadU(tag, s.x + i), hn::Mul(hn::Set(tag, s.eta), direction)), tag, s.x + i);
  });
}

void Step(const SgdStep& s) {
  if (s.v == nullptr) return Plain(s);
  s.nesterov ? WithMomentum<true>(s) : WithMomentum<false>(s);
}

}  // namespace
}  // namespace parley::learning::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <utility>
#include <vector>

#include "base/error.h"
#include "learning/optimizer.h"

namespace parley::learning {
namespace {

HWY_EXPORT(Step);

constexpr base::Parameter kParameters[] = {
    {.name = "momentum", .fallback = "0", .low = 0, .high = 0.999999, .help = "mu in v = mu v + g, x -= eta v"},
    {.name = "nesterov",
     .kind = base::ParameterKind::word,
     .fallback = "false",
     .choices = "true|false",
     .help = "steps along g + mu v instead of v"},
    {.name = "weight_decay", .fallback = "0", .low = 0, .high = 1e6, .help = "adds weight_decay * x to the gradient"},
};

class Sgd final : public Optimizer {
 public:
  Sgd(const base::Arguments& arguments, std::size_t d)
      : spec_(arguments.canonical()),
        d_(d),
        momentum_(static_cast<float>(arguments.real("momentum"))),
        weight_decay_(static_cast<float>(arguments.real("weight_decay"))),
        nesterov_(arguments.is("nesterov", "true")),
        v_(momentum_ > 0 ? d : 0) {
    if (nesterov_ && momentum_ <= 0)
      throw base::OperatorError(fmt::format("in \"{}\": nesterov = true needs momentum above 0", spec_));
  }

  const std::string& spec() const override { return spec_; }

  std::size_t size() const override { return d_; }

  void step_part(std::size_t first, std::span<float> x, std::span<const float> at, std::span<const float> g,
                 float eta) override {
    PARLEY_CHECK(x.size() == at.size() && x.size() == g.size() && first <= d_ && x.size() <= d_ - first, first,
                 x.size(), at.size(), g.size(), d_);
    HWY_DYNAMIC_DISPATCH(Step)
    ({.x = x.data(),
      .v = v_.empty() ? nullptr : v_.data() + first,
      .at = at.data(),
      .g = g.data(),
      .d = x.size(),
      .eta = eta,
      .momentum = momentum_,
      .weight_decay = weight_decay_,
      .nesterov = nesterov_});
  }

 private:
  const std::string spec_;
  const std::size_t d_;
  const float momentum_, weight_decay_;
  const bool nesterov_;
  std::vector<float> v_;  // empty without momentum
};

}  // namespace

OptimizerRow sgd_row() {
  return {"sgd", "stochastic gradient descent with momentum, Nesterov's momentum, weight decay",
          "Polyak 1964; Nesterov 1983; Sutskever et al. 2013", kParameters,
          [](const base::Arguments& arguments, std::size_t d) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Sgd>(arguments, d);
          }};
}

}  // namespace parley::learning
#endif  // HWY_ONCE
