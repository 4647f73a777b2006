#include "compression/coding/blockwise.h"

#include "compression/coding/refusal.h"
#include "compression/kernels/philox.h"

namespace parley::compression {

std::size_t Blockwise::max_payload_size(std::size_t d) const {
  return blocks_.sum(d, [this](std::size_t n) { return block_size(n); });
}

void Blockwise::for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const {
  blocks_.for_each(d, [&](std::size_t, std::size_t n, std::size_t) {
    use(block_stretch(n));
    return true;
  });
}

double Blockwise::bits_per_coordinate(std::size_t d) const {
  return d == 0 ? 32 : 8 * static_cast<double>(max_payload_size(d)) / static_cast<double>(d);
}

base::Result<std::size_t> Blockwise::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                            std::span<std::byte> out) const {
  const std::size_t size = max_payload_size(x.size());
  PARLEY_CHECK(out.size() >= size, out.size(), x.size());
  BlockWords words{base::philox_input(key), 0};
  std::byte* to = out.data();
  const bool finite = blocks_.for_each(x.size(), [&](std::size_t start, std::size_t n, std::size_t) {
    if (!encode_block(x.data() + start, n, words, state, to)) return false;
    const std::size_t groups = (n + kernels::kGroup - 1) / kernels::kGroup;
    words.first_block += static_cast<std::uint32_t>(groups) * kernels::kBlocksPerGroup;
    to += block_size(n);
    return true;
  });
  if (!finite) return not_finite(x);
  return size;
}

base::Result<void> Blockwise::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                         State&, std::span<float> y) const {
  const std::size_t size = max_payload_size(y.size());
  if (payload.size() != size) return wrong_size(payload.size(), size);
  const std::byte* from = payload.data();
  base::Result<void> checked;
  blocks_.for_each(y.size(), [&](std::size_t, std::size_t n, std::size_t index) {
    checked = check_block(from, n, index);
    from += block_size(n);
    return checked.ok();
  });
  if (!checked) return checked;
  from = payload.data();
  blocks_.for_each(y.size(), [&](std::size_t start, std::size_t n, std::size_t) {
    add_block(from, n, scale, y.data() + start);
    from += block_size(n);
    return true;
  });
  return {};
}

}  // namespace parley::compression
