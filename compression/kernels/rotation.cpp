#include "compression/kernels/rotation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/kernels/rotation.cpp"
#include <hwy/foreach_target.h>

// After foreach_target.h.
#include <cstring>
#include <limits>

#include "compression/kernels/vector_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace parley::compression::kernels {
namespace HWY_NAMESPACE {

constexpr std::size_t kGroup16 = 16;
constexpr std::size_t kLanes = hn::MaxLanes(F32());
constexpr std::size_t kParts = kGroup16 / kLanes;
using Words = hn::RebindToUnsigned<F32>;

/// v with the signs of the vector that begins at coordinate i.
HWY_INLINE hn::Vec<F32> with_signs(hn::Vec<F32> v, const std::uint32_t* words, std::size_t i) {
  const Words du;
  const auto word = hn::LoadU(du, words + i / 512 * 16 + i % 16);
  const auto bit = hn::ShiftLeftSame(word, static_cast<int>(31 - i / 16 % 32));
  return hn::BitCast(F32(), hn::Xor(hn::BitCast(du, v), hn::And(bit, hn::Set(du, 0x80000000u))));
}

/// Sums and differences of lanes kStride apart, of one vector.
template <std::size_t kStride>
HWY_INLINE hn::Vec<F32> butterfly(hn::Vec<F32> v) {
  const F32 d;
  const Words du;
  hn::Vec<F32> swapped;
  if constexpr (kStride == 1) {
    swapped = hn::Shuffle2301(v);
  } else if constexpr (kStride == 2) {
    swapped = hn::Shuffle1032(v);
  } else {
    const hn::RebindToSigned<F32> di;
    swapped = hn::TableLookupLanes(v, hn::IndicesFromVec(d, hn::Xor(hn::Iota(di, 0), hn::Set(di, kStride))));
  }
  // a + b where the lane of b is added to a's, and a + (-b) in the lane of b.
  constexpr int kShift = kStride == 1 ? 31 : kStride == 2 ? 30 : kStride == 4 ? 29 : 28;
  const auto minus = hn::ShiftLeft<kShift>(hn::And(hn::Iota(du, 0), hn::Set(du, kStride)));
  return hn::Add(swapped, hn::BitCast(d, hn::Xor(hn::BitCast(du, v), minus)));
}

/// Sums and differences 1, 2, 4 and 8 apart, of sixteen coordinates.
HWY_INLINE void transform_group(hn::Vec<F32> (&parts)[kParts]) {
  for (auto& part : parts) {
    part = butterfly<2>(butterfly<1>(part));
    if constexpr (kLanes >= 8) part = butterfly<4>(part);
    if constexpr (kLanes >= 16) part = butterfly<8>(part);
  }
  for (std::size_t apart = 1; apart < kParts; apart *= 2) {
    for (std::size_t i = 0; i < kParts; ++i) {
      if ((i & apart) != 0) continue;
      const auto sum = hn::Add(parts[i], parts[i + apart]);
      parts[i + apart] = hn::Sub(parts[i], parts[i + apart]);
      parts[i] = sum;
    }
  }
}

/// v = H times what load(i) gives for the vectors that begin at i.
template <class Load>
HWY_INLINE void transform(std::size_t order, Load load, float* v) {
  const F32 d;
  for (std::size_t i = 0; i < order; i += kGroup16) {
    hn::Vec<F32> parts[kParts];
    for (std::size_t part = 0; part < kParts; ++part) parts[part] = load(i + part * kLanes);
    transform_group(parts);
    for (std::size_t part = 0; part < kParts; ++part) hn::StoreU(parts[part], d, v + i + part * kLanes);
  }
  std::size_t h = kGroup16;
  // Two distances at a time, which halves the loads and stores.
  for (; 4 * h <= order; h *= 4) {
    for (std::size_t start = 0; start < order; start += 4 * h) {
      for (std::size_t i = start; i < start + h; i += kLanes) {
        const auto a = hn::LoadU(d, v + i), b = hn::LoadU(d, v + i + h);
        const auto c = hn::LoadU(d, v + i + 2 * h), e = hn::LoadU(d, v + i + 3 * h);
        const auto ab = hn::Add(a, b), a_b = hn::Sub(a, b), ce = hn::Add(c, e), c_e = hn::Sub(c, e);
        hn::StoreU(hn::Add(ab, ce), d, v + i);
        hn::StoreU(hn::Add(a_b, c_e), d, v + i + h);
        hn::StoreU(hn::Sub(ab, ce), d, v + i + 2 * h);
        hn::StoreU(hn::Sub(a_b, c_e), d, v + i + 3 * h);
      }
    }
  }
  if (h == order) return;
  for (std::size_t i = 0; i < h; i += kLanes) {
    const auto a = hn::LoadU(d, v + i), b = hn::LoadU(d, v + i + h);
    hn::StoreU(hn::Add(a, b), d, v + i);
    hn::StoreU(hn::Sub(a, b), d, v + i + h);
  }
}

void rotate(const float* x, std::size_t n, float u, std::size_t order, const std::uint32_t* words, float* r) {
  const F32 d;
  if (n < order) {
    std::memcpy(r, x, n * sizeof(float));
    std::memset(r + n, 0, (order - n) * sizeof(float));
    x = r;
  }
  const auto unit = hn::Set(d, u);
  transform(
      order,
      [&](std::size_t i) HWY_ATTR {
        prefetch_ahead(x, i, kLanes);
        return with_signs(hn::Mul(hn::LoadU(d, x + i), unit), words, i);
      },
      r);
  const std::uint32_t* second = words + rotation_words(order) / 2;
  transform(order, [&](std::size_t i) HWY_ATTR { return with_signs(hn::LoadU(d, r + i), second, i); }, r);
}

void add_rotated_back(float* r, std::size_t order, const std::uint32_t* words, float u, float scale, std::size_t n,
                      float* y) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const F32 d;
  const std::uint32_t* second = words + rotation_words(order) / 2;
  transform(order, [&](std::size_t i) HWY_ATTR { return hn::LoadU(d, r + i); }, r);
  transform(order, [&](std::size_t i) HWY_ATTR { return with_signs(hn::LoadU(d, r + i), second, i); }, r);
  const auto change = [&](std::size_t i) HWY_ATTR {
    const auto v = hn::Mul(with_signs(hn::LoadU(d, r + i), words, i), hn::Set(d, u));
    const auto limited = hn::Max(hn::Min(v, hn::Set(d, kLargest)), hn::Set(d, -kLargest));
    return hn::Mul(hn::Set(d, scale), limited);
  };
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    prefetch_ahead(y, i, kLanes);
    hn::StoreU(hn::Add(hn::LoadU(d, y + i), change(i)), d, y + i);
  }
  if (i == n) return;
  float rest[kLanes];
  hn::StoreU(change(i), d, rest);
  for (std::size_t j = 0; i + j < n; ++j) y[i + j] += rest[j];
}

/// The sixteen partial sums, halved until one is left.
HWY_INLINE float add_up(const hn::Vec<F32> (&sums)[kParts]) {
  float partial[kGroup16];
  for (std::size_t part = 0; part < kParts; ++part) hn::StoreU(sums[part], F32(), partial + part * kLanes);
  for (std::size_t half = kGroup16 / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) partial[j] += partial[j + half];
  return partial[0];
}

float sum_of_squares_f32(const float* r, std::size_t n) {
  const F32 d;
  hn::Vec<F32> sums[kParts];
  for (auto& sum : sums) sum = hn::Zero(d);
  for (std::size_t i = 0; i < n; i += kGroup16) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const auto v = hn::LoadU(d, r + i + part * kLanes);
      sums[part] = hn::Add(sums[part], hn::Mul(v, v));
    }
  }
  return add_up(sums);
}

template <std::size_t kCount>
HWY_INLINE Matched match_points(const float* r, std::size_t n, float inverse, const Codebook& codebook,
                                std::int16_t* levels) {
  const F32 d;
  const hn::RebindToSigned<F32> di;
  const hn::Rebind<std::int16_t, F32> d16;
  hn::Vec<F32> products[kParts], squares[kParts];
  for (auto& sum : products) sum = hn::Zero(d);
  for (auto& sum : squares) sum = hn::Zero(d);
  for (std::size_t i = 0; i < n; i += kGroup16) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t at = i + part * kLanes;
      const auto v = hn::LoadU(d, r + at), magnitude = hn::Abs(v);
      const auto normal = hn::Mul(magnitude, hn::Set(d, inverse));
      auto index = hn::Zero(di);
      auto point = hn::Set(d, codebook.points[0]);
      for (std::size_t j = 0; j + 1 < kCount; ++j) {
        const auto above = hn::Gt(normal, hn::Set(d, codebook.limits[j]));
        index = hn::Sub(index, hn::BitCast(di, hn::VecFromMask(d, above)));
        point = hn::IfThenElse(above, hn::Set(d, codebook.points[j + 1]), point);
      }
      products[part] = hn::Add(products[part], hn::Mul(point, magnitude));
      squares[part] = hn::Add(squares[part], hn::Mul(point, point));
      const auto negative = hn::BitCast(di, hn::VecFromMask(d, hn::Lt(v, hn::Zero(d))));
      hn::StoreU(hn::DemoteTo(d16, hn::Xor(index, negative)), d16, levels + at);
    }
  }
  return {add_up(products), add_up(squares)};
}

Matched match(const float* r, std::size_t n, float inverse, const Codebook& codebook, std::int16_t* levels) {
  switch (codebook.count) {
    case 1:
      return match_points<1>(r, n, inverse, codebook, levels);
    case 2:
      return match_points<2>(r, n, inverse, codebook, levels);
    case 4:
      return match_points<4>(r, n, inverse, codebook, levels);
    default:
      return match_points<8>(r, n, inverse, codebook, levels);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace parley::compression::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace parley::compression::kernels {

HWY_EXPORT(rotate);
HWY_EXPORT(add_rotated_back);
HWY_EXPORT(sum_of_squares_f32);
HWY_EXPORT(match);

void rotate(const float* x, std::size_t n, float u, std::size_t order, const std::uint32_t* words, float* r) {
  HWY_DYNAMIC_DISPATCH(rotate)(x, n, u, order, words, r);
}

void add_rotated_back(float* r, std::size_t order, const std::uint32_t* words, float u, float scale, std::size_t n,
                      float* y) {
  HWY_DYNAMIC_DISPATCH(add_rotated_back)(r, order, words, u, scale, n, y);
}

float sum_of_squares_f32(const float* r, std::size_t n) {
  return HWY_DYNAMIC_DISPATCH(sum_of_squares_f32)(r, n);
}

Matched match(const float* r, std::size_t n, float inverse, const Codebook& codebook, std::int16_t* levels) {
  return HWY_DYNAMIC_DISPATCH(match)(r, n, inverse, codebook, levels);
}

}  // namespace parley::compression::kernels
#endif  // HWY_ONCE
