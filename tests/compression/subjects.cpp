#include "subjects.h"

#include <cmath>
#include <limits>

#include "atoms_reference.h"
#include "code_reference.h"
#include "codebook_reference.h"
#include "eden_reference.h"
#include "grid_reference.h"
#include "level_reference.h"
#include "lowrank_reference.h"
#include "selection_reference.h"
#include "sign_family_reference.h"
#include "stage_reference.h"
#include "ternary_reference.h"
#include "vector_reference.h"
#include "zipml_reference.h"

namespace parley::compression::test {

namespace {

/// A codebook of so many bytes and an index for each coordinate, or all floats if these are no more.
Parts codebook(std::size_t size, unsigned bits) {
  return [=](std::size_t d) {
    if (4 * d <= size + (d * bits + 7) / 8) return std::vector<Part>{{0, d, 32}};
    return std::vector<Part>{{size, d, bits}};
  };
}

}  // namespace

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
      // Group C: sparsifiers, rotations and decompositions.
      {"blocktopk", [] { return blocktopk_reference(256, {.ratio = 0.01}, identity_reference()); }},
      {"blocktopk(block=16, k=3)", [] { return blocktopk_reference(16, {.k = 3}, identity_reference()); }},
      {"blocktopk(block=37, ratio=0.2) | qsgd",
       [] { return blocktopk_reference(37, {.ratio = 0.2}, qsgd_reference({})); }},
      {"blocktopk(block=32, ratio=0.3, keep=blocks)",
       [] { return largest_blocks_reference(32, {.ratio = 0.3}, identity_reference()); }},
      {"blocktopk(block=8, k=2, keep=blocks) | bf16",
       [] { return largest_blocks_reference(8, {.k = 2}, bf16_reference()); }},
      {"threshold(value=1)", [] { return threshold_reference(1, 1, identity_reference()); }, 0.05},
      {"threshold(value=0)", [] { return threshold_reference(0, 1, identity_reference()); }},
      {"threshold(value=0.5, most=0.1) | sign(block=8)",
       [] { return threshold_reference(0.5f, 0.1, sign_reference(8)); }, 0.01},
      {"sampledtopk(ratio=0.3)", [] { return sampledtopk_reference({.ratio = 0.3}, identity_reference()); }, 0.15},
      {"sampledtopk(k=5)", [] { return sampledtopk_reference({.k = 5}, identity_reference()); }},
      {"sampledtopk(ratio=0.1) | f16", [] { return sampledtopk_reference({.ratio = 0.1}, f16_reference(512)); }, 0.3},
      {"lowrank(rank=1, start=cold)", [] { return lowrank_reference(1); }},
      {"lowrank(rank=2, start=cold)", [] { return lowrank_reference(2); }},
      {"lowrank(rank=7, start=cold)", [] { return lowrank_reference(7); }},
      {"eden", [] { return eden_reference({}); }},
      {"eden(bits=2, block=64)", [] { return eden_reference({.bits = 2, .block = 64}); }},
      {"eden(bits=3, block=256)", [] { return eden_reference({.bits = 3, .block = 256}); }},
      {"eden(bits=4, block=2048)", [] { return eden_reference({.bits = 4, .block = 2048}); }},
      {"eden(bits=1, block=128, scaling=unbiased)",
       [] { return eden_reference({.block = 128, .contractive = false}); }},
      // Ternary levels, signs and fixed grids.
      {"terngrad", [] { return terngrad_reference({}); }},
      {"terngrad(clip=1, bucket=37)", [] { return terngrad_reference({.clip = 1, .bucket = 37}); }},
      {"terngrad(clip=none, bucket=64, scaling=unbiased)",
       [] { return terngrad_reference({.clip = {}, .bucket = 64, .contractive = false}); }},
      {"terngrad(clip=1.5, bucket=tensor)", [] { return terngrad_reference({.clip = 1.5, .bucket = 1u << 30}); }},
      {"sign(block=tensor)", [] { return sign_reference(1u << 30); }},
      {"signsgd", [] { return signsgd_reference(1.0f); }},
      {"signsgd(scale=0.003)", [] { return signsgd_reference(0.003f); }},
      {"onebit", [] { return onebit_reference(128); }},
      {"onebit(block=13)", [] { return onebit_reference(13); }},
      {"onebit(block=tensor)", [] { return onebit_reference(1u << 30); }},
      {"topk(ratio=0.2) | onebit(block=tensor)",
       [] { return topk_reference({.ratio = 0.2}, onebit_reference(1u << 30)); }},
      {"fixed", [] { return fixed_reference(4, 12, true); }},
      {"fixed(int_bits=3, frac_bits=5)", [] { return fixed_reference(3, 5, true); }},
      {"fixed(int_bits=2, frac_bits=9, rounding=nearest)", [] { return fixed_reference(2, 9, false); }},
      {"fixed(int_bits=16, frac_bits=0, rounding=nearest)", [] { return fixed_reference(16, 0, false); }},
      {"fixed(int_bits=-20, frac_bits=24)", [] { return fixed_reference(-20, 24, true); }},
      {"twn", [] { return twn_reference({}, 640); }},
      {"twn(block=37)", [] { return twn_reference({}, 37); }},
      {"twn(threshold=0.7)", [] { return twn_reference(0.7, 640); }},
      {"twn(threshold=0, block=tensor)", [] { return twn_reference(0.0, 1u << 30); }},
      {"ttq", [] { return ttq_reference(0.05, 640); }},
      {"ttq(threshold=0.3, block=37)", [] { return ttq_reference(0.3, 37); }},
      {"ttq(threshold=optimal, block=tensor)", [] { return ttq_reference({}, 1u << 30); }},
      {"topk(ratio=0.3) | twn(block=100)", [] { return topk_reference({.ratio = 0.3}, twn_reference({}, 100)); }},
      {"wage", [] { return wage_reference({}); }},
      {"wage(bits=2, block=64)", [] { return wage_reference({.bits = 2, .block = 64}); }},
      {"wage(bits=4, shift=up)", [] { return wage_reference({.bits = 4, .up = true}); }},
      {"wage(bits=2, block=37, shift=up)", [] { return wage_reference({.bits = 2, .block = 37, .up = true}); }},
      {"wage(bits=8, rounding=stochastic)", [] { return wage_reference({.stochastic = true}); }},
      {"wage(bits=5, block=tensor, rounding=stochastic, shift=up)",
       [] { return wage_reference({.bits = 5, .block = 1u << 30, .stochastic = true, .up = true}); }},
      {"wage(bits=16)", [] { return wage_reference({.bits = 16}); }},
      {"mx", [] { return mx_reference("int8"); }},
      {"mx(element=int4)", [] { return mx_reference("int4"); }},
      {"mx(element=e4m3)", [] { return mx_reference("e4m3"); }},
      {"mx(element=e5m2)", [] { return mx_reference("e5m2"); }},
      {"mx(element=e3m2)", [] { return mx_reference("e3m2"); }},
      {"mx(element=e2m3)", [] { return mx_reference("e2m3"); }},
      {"mx(element=e2m1)", [] { return mx_reference("e2m1"); }},
      // Powers of two and equally spaced points.
      {"natural", [] { return natural_reference(true); }},
      {"natural(rounding=nearest)", [] { return natural_reference(false); }},
      {"natural-dithering", [] { return power_dither_reference({}); }},
      {"natural-dithering(levels=1, bucket=37, scaling=unbiased)",
       [] { return power_dither_reference({.finest = 0, .bucket = 37, .contractive = false}); }},
      {"natural-dithering(levels=15, norm=l2)", [] { return power_dither_reference({.finest = 14, .l2 = true}); }},
      {"uniform", [] { return uniform_linear_reference({}); }},
      {"uniform(bits=8, rounding=nearest)", [] { return uniform_linear_reference({.bits = 8, .stochastic = false}); }},
      {"uniform(bits=1, bucket=37, scaling=unbiased)",
       [] { return uniform_linear_reference({.bits = 1, .bucket = 37, .contractive = false}); }},
      {"uniform(bits=16, bucket=1000)", [] { return uniform_linear_reference({.bits = 16, .bucket = 1000}); }},
      {"uniform(bits=2, range=absmax, rounding=nearest)",
       [] { return uniform_absmax_reference({.bits = 2, .stochastic = false}); }},
      {"uniform(bits=3, range=absmax, scaling=unbiased)",
       [] { return uniform_absmax_reference({.bits = 3, .contractive = false}); }},
      {"uniform(bits=8, range=absmax)", [] { return uniform_absmax_reference({.bits = 8}); }},
      {"dorefa", [] { return dorefa_reference({.bucket = 512}); }},
      {"dorefa(bits=1, bucket=64, scaling=unbiased)",
       [] { return dorefa_reference({.bits = 1, .bucket = 64, .contractive = false}); }},
      {"dorefa(bits=8, bucket=100)", [] { return dorefa_reference({.bits = 8, .bucket = 100}); }},
      {"nuqsgd", [] { return power_dither_reference({.l2 = true}); }},
      {"nuqsgd(levels=3, bucket=64, scaling=unbiased)",
       [] { return power_dither_reference({.finest = 3, .bucket = 64, .l2 = true, .contractive = false}); }},
      {"qsgd(levels=5)", [] { return qsgd_reference({.levels = 5}); }},
      {"qsgd(bits=8, bucket=37, norm=l2, scaling=unbiased, levels=100)",
       [] { return qsgd_reference({.bits = 8, .bucket = 37, .l2 = true, .contractive = false, .levels = 100}); }},
      {"qsgd(code=elias)", [] { return qsgd_elias_reference({}); }},
      {"qsgd(bits=2, norm=l2, code=elias)", [] { return qsgd_elias_reference({.bits = 2, .l2 = true}); }},
      {"qsgd(levels=5, bucket=100, norm=l2, scaling=unbiased, code=elias)",
       [] { return qsgd_elias_reference({.bucket = 100, .l2 = true, .contractive = false, .levels = 5}); }},
      {"clip", [] { return clip_reference(7); }},
      {"clip(mantissa=0)", [] { return clip_reference(0); }},
      {"clip(mantissa=4)", [] { return clip_reference(4); }},
      {"clip(mantissa=15)", [] { return clip_reference(15); }},
      {"zipml", [] { return zipml_reference({}); }},
      {"zipml(bits=1, bucket=64, cells=16, scaling=unbiased)",
       [] { return zipml_reference({.bits = 1, .bucket = 64, .cells = 16, .contractive = false}); }},
      {"zipml(bits=4, bucket=1000, scaling=unbiased)",
       [] { return zipml_reference({.bits = 4, .bucket = 1000, .contractive = false}); }},
      {"ecq", [] { return ecq_reference({.levels = 4}); }},
      // Some 1444 of the levels are not 0, which has a relative deviation of 1/38, and a bit less of the entropy.
      {"ecq(levels=1, norm=l2)", [] { return ecq_reference({.bits = 2, .l2 = true, .levels = 1}); }, 0.09},
      {"ecq(levels=100, bucket=37, scaling=unbiased)",
       [] { return ecq_reference({.bits = 8, .bucket = 37, .contractive = false, .levels = 100}); }},
      {"lab", [] { return lab_reference(64, 1.75); }},
      {"lab(block=13, limit=1.2)", [] { return lab_reference(13, 1.2); }},
      {"topk(ratio=0.1) | qsgd(code=elias)", [] { return topk_reference({.ratio = 0.1}, qsgd_elias_reference({})); }},
      {"topk(ratio=0.1) | natural", [] { return topk_reference({.ratio = 0.1}, natural_reference(true)); }},
      {"topk(ratio=0.2) | uniform(bits=2)",
       [] { return topk_reference({.ratio = 0.2}, uniform_linear_reference({.bits = 2})); }},
      {"sketch", [] { return sketch_reference({}); }},
      {"sketch(rows=3, ratio=0.5, scaling=unbiased)",
       [] { return sketch_reference({.rows = 3, .ratio = 0.5, .contractive = false}); }},
      {"sketch(rows=1, ratio=0.7, scaling=unbiased)",
       [] { return sketch_reference({.ratio = 0.7, .contractive = false}); }},
      {"atomo", [] { return atomo_reference({.ratio = 0.01}); }, 0.3},
      {"atomo(basis=entry, ratio=0.4, scaling=unbiased)",
       [] { return atomo_reference({.ratio = 0.4, .contractive = false}); }, 0.03},
      {"atomo(basis=dct, ratio=0.2)", [] { return atomo_reference({.basis = AtomBasis::dct, .ratio = 0.2}); }, 0.08},
      {"atomo(basis=haar, budget=30, scaling=unbiased)",
       [] { return atomo_reference({.basis = AtomBasis::haar, .budget = 30, .contractive = false}); }, 1.0},
      {"atomo(basis=svd, budget=2)", [] { return atomo_svd_reference(2, true); }, 0.3},
      {"atomo(basis=svd, budget=1.5, scaling=unbiased)", [] { return atomo_svd_reference(1.5, false); }, 1.0},
      // stages, codebooks and choices by tensor
      {"entropy", [] { return entropy_reference(identity_reference(), buckets(0, 1u << 30, 32)); }, 0.02},
      {"qsgd | entropy", [] { return entropy_reference(qsgd_reference({}), buckets(4, 512, 4)); }, 0.02},
      {"qsgd(bits=8, norm=l2, scaling=unbiased) | entropy",
       [] {
         return entropy_reference(qsgd_reference({.bits = 8, .l2 = true, .contractive = false}), buckets(4, 512, 8));
       },
       0.02},
      // Eight buckets: their norms deviate by 0.12 each, and the size and the estimate, a draw as well, by 0.04
      // together.
      {"randk(ratio=0.1) | qsgd(bits=2) | entropy",
       [] {
         return randk_reference({.ratio = 0.1}, false,
                                entropy_reference(qsgd_reference({.bits = 2}), buckets(4, 512, 2)));
       },
       0.21},
      // What top-k keeps is not Gaussian, as the estimate takes it to be: fewer of its levels are zero.
      {"topk(ratio=0.1) | qsgd(bits=2) | entropy",
       [] {
         return topk_reference({.ratio = 0.1}, entropy_reference(qsgd_reference({.bits = 2}), buckets(4, 512, 2)));
       },
       0.15},
      {"kmeans(start=cold)", [] { return kmeans_reference({}); }},
      {"kmeans(k=2, start=cold)", [] { return kmeans_reference({.k = 2}); }},
      {"kmeans(k=5, iterations=2, start=cold)", [] { return kmeans_reference({.k = 5, .iterations = 2}); }},
      {"kmeans(k=256, start=cold)", [] { return kmeans_reference({.k = 256}); }},
      {"kmeans(k=32, start=cold) | entropy",
       [] { return entropy_reference(kmeans_reference({.k = 32}), codebook(128, 5)); }, 0.02},
      {"bytensor", [] { return bytensor_reference(1024, qsgd_reference({})); }},
      {"bytensor(default=\"topk(ratio=0.1) | bf16\", min_size=32)",
       [] { return bytensor_reference(32, topk_reference({.ratio = 0.1}, bf16_reference())); }},
      // Codebooks of other means, of vectors and of several stages.
      {"hessian-kmeans(start=cold)", [] { return kmeans_reference({.floor = 0.1}); }},
      {"hessian-kmeans(k=3, floor=0.001, iterations=4, start=cold)",
       [] { return kmeans_reference({.k = 3, .iterations = 4, .floor = 0.001}); }},
      {"product(start=cold)", [] { return vector_reference({}); }},
      {"product(m=1, k=2, start=cold)", [] { return vector_reference({.m = 1, .k = 2}); }},
      {"product(m=3, k=5, iterations=2, start=cold)",
       [] { return vector_reference({.m = 3, .k = 5, .iterations = 2}); }},
      {"product(m=8, k=40, iterations=1, start=cold)",
       [] { return vector_reference({.m = 8, .k = 40, .iterations = 1}); }},
      {"residual(m=2, k=4, start=cold)", [] { return vector_reference({.stages = 2, .m = 2, .k = 4}); }},
      {"residual(stages=3, m=1, k=2, iterations=0, start=cold)",
       [] { return vector_reference({.stages = 3, .m = 1, .k = 2, .iterations = 0}); }},
      {"weighted-entropy", [] { return weighted_entropy_reference(16, 10); }},
      {"weighted-entropy(k=2)", [] { return weighted_entropy_reference(2, 10); }},
      {"weighted-entropy(k=7, sweeps=3)", [] { return weighted_entropy_reference(7, 3); }},
      {"onebit(block=column)", [] { return onebit_columns_reference(); }},
      {"signsgd(scale=0.7, rounding=stochastic)", [] { return signsgd_reference(0.7f, true); }},
      // Codes of any width, in a whole number of bits or not.
      {"huffman", [] { return huffman_reference(identity_reference(), buckets(0, 1u << 30, 32)); }, 0.02},
      {"kmeans(k=32, start=cold) | huffman",
       [] { return huffman_reference(kmeans_reference({.k = 32}), codebook(128, 5)); }, 0.02},
      {"qsgd(bits=3, bucket=37) | huffman",
       [] { return huffman_reference(qsgd_reference({.bits = 3, .bucket = 37}), buckets(4, 37, 3)); }, 0.02},
      {"topk(ratio=0.3) | huffman",
       [] { return huffman_reference(topk_reference({.ratio = 0.3}, identity_reference())); }, 0.02},
      {"qsgd(bits=3, bucket=37) | entropy",
       [] { return entropy_reference(qsgd_reference({.bits = 3, .bucket = 37}), buckets(4, 37, 3)); }, 0.02},
      {"fixed(int_bits=3, frac_bits=8) | entropy",
       [] { return entropy_reference(fixed_reference(3, 8, true), buckets(0, 1u << 30, 11)); }, 0.02},
      {"natural | entropy",
       [] {
         return entropy_reference(natural_reference(true),
                                  [](std::size_t d) { return std::vector<Part>{{0, d, 8}, {(d + 7) / 8, 0, 0}}; });
       },
       0.02},
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
