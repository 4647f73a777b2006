#include "compression/coding/bucketed.h"

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"

namespace parley::compression {

std::size_t Bucketed::max_payload_size(std::size_t d) const {
  const std::size_t rest = d % shape_.bucket;
  return d / shape_.bucket * bucket_size(shape_.bucket) + (rest > 0 ? bucket_size(rest) : 0);
}

double Bucketed::bits_per_coordinate(std::size_t d) const {
  return d == 0 ? shape_.bits : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
}

std::unique_ptr<State> Bucketed::make_state() const {
  return std::make_unique<LanesState<State>>([this] { return make_scratch(); });
}

void Bucketed::for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const {
  for (std::size_t i = 0; i < d; i += shape_.bucket) use({shape_.header, std::min(shape_.bucket, d - i), shape_.bits});
}

base::Result<std::size_t> Bucketed::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                           std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& own = own_state<LanesState<State>>(state);
  const base::PhiloxInput philox = base::philox_input(key);
  const auto groups = static_cast<std::uint32_t>((shape_.bucket + kernels::kGroup - 1) / kernels::kGroup);
  const auto encode_piece = [&](std::size_t first, std::size_t length, std::size_t lane) {
    Draws draws{philox, static_cast<std::uint32_t>(first / shape_.bucket) * groups * kernels::kBlocksPerGroup};
    std::byte* to = out.data() + offset_of(first);
    for (std::size_t i = first; i < first + length; i += shape_.bucket) {
      const std::size_t n = std::min(shape_.bucket, first + length - i);
      if (!encode_bucket(x.data() + i, n, draws, own.scratch(lane), to)) return false;
      to += bucket_size(n);
      draws.first_block += groups * kernels::kBlocksPerGroup;
    }
    return true;
  };
  if (!all_of_pieces(state, x.size(), shape_.bucket, encode_piece)) return not_finite(x);
  return max_payload_size(x.size());
}

base::Result<void> Bucketed::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                        State& state, std::span<float> y) const {
  if (payload.size() != max_payload_size(y.size())) return wrong_size(payload.size(), max_payload_size(y.size()));
  const auto check = [&](std::size_t first, std::size_t length) -> base::Result<void> {
    const std::byte* from = payload.data() + offset_of(first);
    for (std::size_t i = first; i < first + length; i += shape_.bucket) {
      const std::size_t n = std::min(shape_.bucket, first + length - i);
      if (auto checked = check_bucket(from, n, i / shape_.bucket); !checked) return checked;
      from += bucket_size(n);
    }
    return {};
  };
  if (auto checked = first_refusal_of_pieces(state, y.size(), shape_.bucket, check); !checked) return checked;
  for_each_piece(state, y.size(), shape_.bucket, [&](std::size_t first, std::size_t length, std::size_t) {
    const std::byte* from = payload.data() + offset_of(first);
    for (std::size_t i = first; i < first + length; i += shape_.bucket) {
      const std::size_t n = std::min(shape_.bucket, first + length - i);
      add_bucket(from, n, scale, y.data() + i);
      from += bucket_size(n);
    }
  });
  return {};
}

base::Result<void> Bucketed::check_padding(const std::byte* codes, std::size_t n) const {
  const std::size_t pad = 8 * code_bytes(n) - n * shape_.bits;
  if (pad > 0 && (codes[code_bytes(n) - 1] >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  return {};
}

base::Result<void> Bucketed::check_levels(const std::byte* codes, std::size_t n, int most, std::size_t index) const {
  const bool all_positive = most == (1 << (shape_.bits - 1)) - 1;  // no code is above
  bool known = true;
  unpack(codes, n, [&](std::size_t, std::size_t length, const std::int16_t* levels) {
    known &= kernels::smallest_level(levels, length) >= -most;
    known &= all_positive || kernels::largest_level(levels, length) <= most;
  });
  return known ? base::Result<void>() : wrong_code(index);
}

}  // namespace parley::compression
