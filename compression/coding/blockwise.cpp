#include "compression/coding/blockwise.h"

#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
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

namespace {

struct BlockwiseState final : LanesState<State> {
  using LanesState::LanesState;
  std::vector<BlockRun> stretches;
  std::size_t d = 0;  ///< for so many floats
};

/// The stretches of d floats, in blocks that take size(length) bytes.
template <class Size>
std::span<const BlockRun> cut(const Blocks& blocks, std::size_t d, BlockwiseState& state, Size&& size) {
  if (state.d != d) blocks.cut(d, size, state.stretches);
  state.d = d;
  return state.stretches;
}

}  // namespace

std::unique_ptr<State> Blockwise::make_state() const {
  return std::make_unique<BlockwiseState>([this] { return make_scratch(); });
}

base::Result<std::size_t> Blockwise::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                            std::span<std::byte> out) const {
  const std::size_t size = max_payload_size(x.size());
  PARLEY_CHECK(out.size() >= size, out.size(), x.size());
  auto& own = own_state<BlockwiseState>(state);
  const auto stretches = cut(blocks_, x.size(), own, [this](std::size_t n) { return block_size(n); });
  const base::PhiloxInput philox = base::philox_input(key);
  const bool finite = all_of_tasks(state, x.size(), stretches.size(), [&](std::size_t task, std::size_t lane) {
    const BlockRun& stretch = stretches[task];
    BlockWords words{philox, static_cast<std::uint32_t>(stretch.groups) * kernels::kBlocksPerGroup};
    std::byte* to = out.data() + stretch.bytes;
    for (std::size_t i = 0; i < stretch.length; i += stretch.block) {
      const std::size_t n = std::min(stretch.block, stretch.length - i);
      if (!encode_block(x.data() + stretch.start + i, n, words, own.scratch(lane), to)) return false;
      const std::size_t groups = (n + kernels::kGroup - 1) / kernels::kGroup;
      words.first_block += static_cast<std::uint32_t>(groups) * kernels::kBlocksPerGroup;
      to += block_size(n);
    }
    return true;
  });
  if (!finite) return not_finite(x);
  return size;
}

base::Result<void> Blockwise::check(std::span<const std::byte> payload, const BlockRun& stretch) const {
  const std::byte* from = payload.data() + stretch.bytes;
  for (std::size_t i = 0, index = stretch.index; i < stretch.length; i += stretch.block, ++index) {
    const std::size_t n = std::min(stretch.block, stretch.length - i);
    if (auto checked = check_block(from, n, index); !checked) return checked;
    from += block_size(n);
  }
  return {};
}

base::Result<void> Blockwise::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                         State& state, std::span<float> y) const {
  const std::size_t size = max_payload_size(y.size());
  if (payload.size() != size) return wrong_size(payload.size(), size);
  auto& own = own_state<BlockwiseState>(state);
  const auto stretches = cut(blocks_, y.size(), own, [this](std::size_t n) { return block_size(n); });
  if (auto checked = first_refusal(state, y.size(), stretches.size(),
                                   [&](std::size_t task) { return check(payload, stretches[task]); });
      !checked)
    return checked;
  for_each_task(state, y.size(), stretches.size(), [&](std::size_t task, std::size_t) {
    const BlockRun& stretch = stretches[task];
    const std::byte* from = payload.data() + stretch.bytes;
    for (std::size_t i = 0; i < stretch.length; i += stretch.block) {
      const std::size_t n = std::min(stretch.block, stretch.length - i);
      add_block(from, n, scale, y.data() + stretch.start + i);
      from += block_size(n);
    }
  });
  return {};
}

}  // namespace parley::compression
