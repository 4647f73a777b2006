#include "subjects.h"

#include <cmath>
#include <limits>

#include "stage_reference.h"

namespace parley::compression::test {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> table = {
      {"identity", [] { return identity_reference(); }},
      {"bf16", [] { return bf16_reference(); }},
      {"f16", [] { return f16_reference(512); }},
      {"f16(block=16)", [] { return f16_reference(16); }},
      {"sign", [] { return sign_reference(64); }},
      {"sign(block=13)", [] { return sign_reference(13); }},
      {"sign(block=1024)", [] { return sign_reference(1024); }},
      {"topk(ratio=0.01)", [] { return topk_reference({.ratio = 0.01}, identity_reference()); }},
      {"topk(k=5)", [] { return topk_reference({.k = 5}, identity_reference()); }},
      {"topk(ratio=0.3)", [] { return topk_reference({.ratio = 0.3}, identity_reference()); }},
      {"topk(ratio=1)", [] { return topk_reference({.ratio = 1}, identity_reference()); }},
      {"randk(ratio=0.1)", [] { return randk_reference({.ratio = 0.1}, false, identity_reference()); }},
      {"randk(ratio=0.8)", [] { return randk_reference({.ratio = 0.8}, false, identity_reference()); }},
      {"randk(k=7, scaling=unbiased)", [] { return randk_reference({.k = 7}, true, identity_reference()); }},
      {"qsgd", [] { return qsgd_reference({}); }},
      {"qsgd(scaling=unbiased)", [] { return qsgd_reference({.contractive = false}); }},
      {"qsgd(bits=2, bucket=64, norm=l2, scaling=unbiased)",
       [] { return qsgd_reference({.bits = 2, .bucket = 64, .l2 = true, .contractive = false}); }},
      {"qsgd(bits=2, norm=l2)", [] { return qsgd_reference({.bits = 2, .l2 = true}); }},
      {"qsgd(bits=3, bucket=37)", [] { return qsgd_reference({.bits = 3, .bucket = 37}); }},
      {"qsgd(bits=5, norm=l2)", [] { return qsgd_reference({.bits = 5, .l2 = true}); }},
      {"qsgd(bits=8, bucket=1000)", [] { return qsgd_reference({.bits = 8, .bucket = 1000}); }},
      {"qsgd(bits=11, bucket=100)", [] { return qsgd_reference({.bits = 11, .bucket = 100}); }},
      {"qsgd(bits=16, scaling=unbiased)", [] { return qsgd_reference({.bits = 16, .contractive = false}); }},
      {"topk(ratio=0.1) | qsgd", [] { return topk_reference({.ratio = 0.1}, qsgd_reference({})); }},
      {"topk(ratio=0.05) | bf16", [] { return topk_reference({.ratio = 0.05}, bf16_reference()); }},
      {"topk(ratio=0.2) | sign(block=8)", [] { return topk_reference({.ratio = 0.2}, sign_reference(8)); }},
      {"randk(ratio=0.2, scaling=unbiased) | qsgd(scaling=unbiased)",
       [] { return randk_reference({.ratio = 0.2}, true, qsgd_reference({.contractive = false})); }},
      {"randk(ratio=0.5) | topk(ratio=0.2) | f16",
       [] { return randk_reference({.ratio = 0.5}, false, topk_reference({.ratio = 0.2}, f16_reference(512))); }},
      // stages, codebooks and choices by tensor
      {"entropy", [] { return entropy_reference(identity_reference()); }, 0.02},
      {"qsgd | entropy", [] { return entropy_reference(qsgd_reference({})); }, 0.02},
      {"qsgd(bits=8, norm=l2, scaling=unbiased) | entropy",
       [] { return entropy_reference(qsgd_reference({.bits = 8, .l2 = true, .contractive = false})); }, 0.02},
      // Eight buckets: their norms deviate by 0.12 each, and the size and the estimate, a draw as well, by 0.04
      // together.
      {"randk(ratio=0.1) | qsgd(bits=2) | entropy",
       [] { return randk_reference({.ratio = 0.1}, false, entropy_reference(qsgd_reference({.bits = 2}))); }, 0.21},
      // What top-k keeps is not Gaussian, as the estimate takes it to be: fewer of its levels are zero.
      {"topk(ratio=0.1) | qsgd(bits=2) | entropy",
       [] { return topk_reference({.ratio = 0.1}, entropy_reference(qsgd_reference({.bits = 2}))); }, 0.15},
      {"kmeans(start=cold)", [] { return kmeans_reference({}); }},
      {"kmeans(k=2, start=cold)", [] { return kmeans_reference({.k = 2}); }},
      {"kmeans(k=5, iterations=2, start=cold)", [] { return kmeans_reference({.k = 5, .iterations = 2}); }},
      {"kmeans(k=256, start=cold)", [] { return kmeans_reference({.k = 256}); }},
      {"kmeans(k=32, start=cold) | entropy", [] { return entropy_reference(kmeans_reference({.k = 32})); }, 0.02},
      {"bytensor", [] { return bytensor_reference(1024, qsgd_reference({})); }},
      {"bytensor(default=\"topk(ratio=0.1) | bf16\", min_size=32)",
       [] { return bytensor_reference(32, topk_reference({.ratio = 0.1}, bf16_reference())); }},
  };
  return table;
}

const std::vector<std::size_t>& sizes() {
  static const std::vector<std::size_t> table = {0, 1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 511, 512, 513, 4099};
  return table;
}

namespace {

Floats filled(std::size_t d, const std::function<double(std::size_t)>& value) {
  Floats x(d);
  for (std::size_t i = 0; i < d; ++i) x[i] = static_cast<float>(value(i));
  return x;
}

}  // namespace

std::vector<Input> inputs(std::size_t d) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
  base::Random random({.seed = 11, .stream = base::Stream::test});
  const auto sign = [](std::size_t i) { return i * 7 % 3 == 0 ? -1.0 : 1.0; };
  std::vector<Input> all;
  all.push_back({"gaussian", filled(d, [&](std::size_t) { return random.normal(); })});
  all.push_back({"zeros", Floats(d)});
  all.push_back({"negative zeros", filled(d, [&](std::size_t) { return -0.0; })});
  all.push_back({"one spike", filled(d, [&](std::size_t i) { return i == d / 2 ? -3.0 : 0.0; })});
  all.push_back({"two spikes", filled(d, [&](std::size_t i) { return i == 0 ? 1.0 : i + 1 == d ? 0.5 : 0.0; })});
  all.push_back({"equal magnitudes", filled(d, [&](std::size_t i) { return 0.7 * sign(i); })});
  all.push_back({"alternating", filled(d, [&](std::size_t i) { return i % 2 == 0 ? 1.0 : -1.0; })});
  all.push_back(
      {"denormals", filled(d, [&](std::size_t i) { return kDenormal * sign(i) * static_cast<double>(i % 5); })});
  all.push_back({"largest", filled(d, [&](std::size_t i) { return kLargest * sign(i); })});
  all.push_back({"heavy tails", filled(d, [&](std::size_t i) { return sign(i) * std::exp(3 * random.normal()); })});
  all.push_back({"both ends of the range", filled(d, [&](std::size_t i) {
                   return random.normal() * std::pow(10.0, 20 - 4.0 * static_cast<double>(i % 11));
                 })});
  all.push_back({"largest among small", filled(d, [&](std::size_t i) { return i == d / 3 ? kLargest : 1e-30; })});
  all.push_back({"few values", filled(d, [&](std::size_t i) { return sign(i) * static_cast<double>(i % 4); })});
  all.push_back({"steep", filled(d, [&](std::size_t i) { return std::ldexp(sign(i), -static_cast<int>(i % 150)); })});
  return all;
}

}  // namespace parley::compression::test
