// blocktopk: the k coordinates of largest magnitude of every block, or the blocks of most energy.
//
//   keep = coordinates   payload := kept      at most the sum of the blocks' k of d coordinates, see coding/kept_code.h
//   keep = blocks        payload := indices values
//                        indices              at most k of the ceil(d/block) blocks, see coding/index_code.h
//                        values               all coordinates of these blocks, in order, coded by the next stage
//
// Of equal magnitudes, and of blocks of equal energy, those of smaller index; zeros and blocks of zeros are not sent.
// With a ratio, each block (the last may be shorter) has its own k, so delta = min k/length; of blocks, delta = k over
// their number. Both times the delta of the values' operator.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "compression/coding/index_code.h"
#include "compression/coding/kept_code.h"
#include "compression/coding/kept_count.h"
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/scan.h"
#include "compression/kernels/select.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kPadding = 16;  // what the kernel may write past what it found

struct BlocksState final : State {
  explicit BlocksState(KeptCode::Scratch made) : scratch(std::move(made)) {}

  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    scratch.values_state->share_with(executor);
  }

  KeptCode::Scratch scratch;
  std::vector<std::uint32_t> indices;
  std::vector<float> values;
  std::vector<double> energies;
  std::vector<std::size_t> counts;  // of what the pieces keep
};

/// Of `count` collected coordinates with magnitudes from `least` on, keeps those above it and the first that equal it,
/// k in all.
std::size_t first_ties(std::uint32_t* indices, float* values, std::size_t count, std::uint32_t least, std::size_t k) {
  const auto ties = [&](float value) { return (std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu) == least; };
  auto left = k - (count - static_cast<std::size_t>(std::count_if(values, values + count, ties)));
  std::size_t to = 0;
  for (std::size_t j = 0; j < count; ++j) {
    if (ties(values[j])) {
      if (left == 0) continue;
      --left;
    }
    indices[to] = indices[j];
    values[to++] = values[j];
  }
  return to;
}

class LargestInBlocks final : public Compressor {
 public:
  LargestInBlocks(std::string spec, std::size_t block, const KeptCount& kept, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(std::move(spec), values.get())), block_(block), kept_(kept), code_(std::move(values)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return blocktopk_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override { return code_.max_size(d, most(d)); }
  std::unique_ptr<State> make_state() const override { return std::make_unique<BlocksState>(code_.make_scratch()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  /// Of all blocks together.
  std::size_t most(std::size_t d) const { return d / block_ * kept_.of(block_) + kept_.of(d % block_); }
  /// Writes what is kept of these coordinates, whole blocks, and returns how many those are; nothing if one of them is
  /// not finite.
  std::optional<std::size_t> choose(std::span<const float> x, std::size_t first, std::size_t length,
                                    std::uint32_t* indices, float* values) const;

  std::string spec_;
  std::size_t block_;
  KeptCount kept_;
  KeptCode code_;
};

Properties LargestInBlocks::properties(std::size_t d) const {
  const std::size_t k = most(d), rest = d % block_;
  const Properties of_values = code_.values().properties(k);
  const auto share = [&](std::size_t length) {
    return length == 0 ? 1 : static_cast<double>(kept_.of(length)) / static_cast<double>(length);
  };
  Properties properties;
  properties.delta = std::min(d >= block_ ? share(block_) : 1, share(rest)) * of_values.delta;
  if (d > 0) properties.bits_per_coordinate = code_.expected_bits(d, k) / static_cast<double>(d);
  properties.suggested_gamma = std::min(1.0, 2 * share(std::min(d, block_))) * of_values.suggested_gamma;
  return properties;
}

std::optional<std::size_t> LargestInBlocks::choose(std::span<const float> x, std::size_t first, std::size_t length,
                                                   std::uint32_t* indices, float* values) const {
  std::size_t found = 0;
  for (std::size_t i = first; i < first + length; i += block_) {
    const std::size_t n = std::min(block_, first + length - i), k = kept_.of(n);
    const std::uint32_t least = std::max(kernels::split_magnitude(x.data() + i, n, k), 1u);
    auto [count, largest] = kernels::collect_at_least(x.data() + i, n, least, static_cast<std::uint32_t>(i),
                                                      indices + found, values + found);
    if (largest >= kernels::kInfinityBits) return std::nullopt;
    if (count > k) count = first_ties(indices + found, values + found, count, least, k);
    found += count;
  }
  return found;
}

base::Result<std::size_t> LargestInBlocks::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                                  std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kMostCoordinates, out.size(), x.size());
  auto& own = own_state<BlocksState>(state);
  const Pieces pieces(x.size(), block_);
  // Each piece has room of its own, and for what a block's coordinates may take before ties are left out.
  const auto place_of = [&](std::size_t piece) { return most(pieces.first(piece)) + piece * (block_ + kPadding); };
  const std::size_t room = most(x.size()) + pieces.count() * (block_ + kPadding);
  if (own.indices.size() < room) {
    own.indices.resize(room);
    own.values.resize(room);
  }
  own.counts.resize(std::max(own.counts.size(), pieces.count()));
  const bool finite = all_of_tasks(state, x.size(), pieces.count(), [&](std::size_t piece, std::size_t) {
    const std::size_t place = place_of(piece);
    const auto count =
        choose(x, pieces.first(piece), pieces.size(piece), own.indices.data() + place, own.values.data() + place);
    own.counts[piece] = count.value_or(0);
    return count.has_value();
  });
  if (!finite) return not_finite(x);
  std::size_t found = 0;
  for (std::size_t piece = 0; piece < pieces.count(); ++piece) {
    const auto from = static_cast<std::ptrdiff_t>(place_of(piece)), to = static_cast<std::ptrdiff_t>(found);
    std::copy_n(own.indices.begin() + from, own.counts[piece], own.indices.begin() + to);
    std::copy_n(own.values.begin() + from, own.counts[piece], own.values.begin() + to);
    found += own.counts[piece];
  }
  return code_.encode({{own.indices.data(), found}, {own.values.data(), found}}, x.size(), most(x.size()), key,
                      own.scratch, out);
}

base::Result<void> LargestInBlocks::decode_add(std::span<const std::byte> payload, const base::RandomKey& key,
                                               float scale, State& state, std::span<float> y) const {
  PARLEY_CHECK(y.size() <= kMostCoordinates, y.size());
  const auto kept = code_.decode(payload, y.size(), most(y.size()), key, own_state<BlocksState>(state).scratch);
  if (!kept) return kept.refusal();
  for (std::size_t j = 0; j < kept->indices.size();) {
    const std::size_t start = kept->indices[j] / block_ * block_, first = j;
    const std::size_t k = kept_.of(std::min(block_, y.size() - start));
    while (j < kept->indices.size() && kept->indices[j] < start + block_) ++j;
    if (j - first > k) return wrong_index(first + k);
  }
  kept->add(scale, y, state);
  return {};
}

class LargestBlocks final : public Compressor {
 public:
  LargestBlocks(std::string spec, std::size_t block, const KeptCount& kept, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(std::move(spec), values.get())), block_(block), kept_(kept), code_(std::move(values)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return blocktopk_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t k = kept_.of(blocks(d));
    return max_indices_size(blocks(d), k) + code_.values().max_payload_size(std::min(d, k * block_));
  }
  std::unique_ptr<State> make_state() const override { return std::make_unique<BlocksState>(code_.make_scratch()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::size_t blocks(std::size_t d) const { return (d + block_ - 1) / block_; }
  /// The k blocks of most energy, ascending, without those of none.
  std::span<const std::uint32_t> choose(std::size_t k, BlocksState& own) const;

  std::string spec_;
  std::size_t block_;
  KeptCount kept_;
  KeptCode code_;
};

Properties LargestBlocks::properties(std::size_t d) const {
  const std::size_t k = kept_.of(blocks(d)), floats = std::min(d, k * block_);
  const Properties of_values = code_.values().properties(floats);
  const double share = d == 0 ? 1 : static_cast<double>(k) / static_cast<double>(blocks(d));
  Properties properties;
  properties.delta = share * of_values.delta;
  if (d > 0) {
    const double bits =
        8 + expected_index_bits(blocks(d), k) + static_cast<double>(floats) * of_values.bits_per_coordinate;
    properties.bits_per_coordinate = bits / static_cast<double>(d);
  }
  properties.suggested_gamma = std::min(1.0, 2 * share) * of_values.suggested_gamma;
  return properties;
}

std::span<const std::uint32_t> LargestBlocks::choose(std::size_t k, BlocksState& own) const {
  const std::vector<double>& energies = own.energies;
  const auto begin = own.indices.begin();
  std::iota(begin, begin + static_cast<std::ptrdiff_t>(energies.size()), 0u);
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return energies[a] != energies[b] ? energies[a] > energies[b] : a < b;
  };
  if (k < energies.size())
    std::nth_element(begin, begin + static_cast<std::ptrdiff_t>(k),
                     begin + static_cast<std::ptrdiff_t>(energies.size()), before);
  const auto end =
      std::remove_if(begin, begin + static_cast<std::ptrdiff_t>(k), [&](std::uint32_t b) { return energies[b] == 0; });
  std::sort(begin, end);
  return {begin, end};
}

base::Result<std::size_t> LargestBlocks::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                                std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kMostCoordinates, out.size(), x.size());
  if (x.empty()) return std::size_t{0};
  auto& own = own_state<BlocksState>(state);
  const std::size_t n = blocks(x.size()), k = kept_.of(n);
  own.energies.resize(n);
  own.indices.resize(std::max(own.indices.size(), n));
  own.values.resize(std::max(own.values.size(), std::min(x.size(), k * block_)));
  const bool finite = all_of_pieces(state, x.size(), block_, [&](std::size_t first, std::size_t length, std::size_t) {
    for (std::size_t i = first; i < first + length; i += block_) {
      double& energy = own.energies[i / block_];
      energy = kernels::sum_of_squares(x.data() + i, std::min(block_, first + length - i));
      if (!std::isfinite(energy)) return false;
    }
    return true;
  });
  if (!finite) return not_finite(x);
  const auto chosen = choose(k, own);
  std::size_t floats = 0;
  for (const std::uint32_t b : chosen) {
    const auto from = x.subspan(b * block_, std::min(block_, x.size() - b * block_));
    std::copy(from.begin(), from.end(), own.values.begin() + static_cast<std::ptrdiff_t>(floats));
    floats += from.size();
  }
  const std::size_t size = encode_indices(chosen, n, k, out.data());
  const auto values = code_.values().encode({own.values.data(), floats}, next_stage_key(key), *own.scratch.values_state,
                                            out.subspan(size));
  PARLEY_CHECK(values.ok());
  return size + *values;
}

base::Result<void> LargestBlocks::decode_add(std::span<const std::byte> payload, const base::RandomKey& key,
                                             float scale, State& state, std::span<float> y) const {
  PARLEY_CHECK(y.size() <= kMostCoordinates, y.size());
  if (y.empty()) return payload.empty() ? base::Result<void>() : wrong_size(payload.size(), 0);
  auto& scratch = own_state<BlocksState>(state).scratch;
  const std::size_t n = blocks(y.size()), k = kept_.of(n), most = std::min(y.size(), k * block_);
  scratch.indices.resize(std::max(scratch.indices.size(), k));
  const auto indices = decode_indices(payload, n, k, scratch.indices);
  if (!indices) return indices.refusal();
  const std::span<const std::uint32_t> chosen(scratch.indices.data(), indices->count);
  std::size_t floats = chosen.size() * block_;
  if (!chosen.empty() && chosen.back() + 1 == n) floats -= n * block_ - y.size();
  scratch.values.resize(std::max(scratch.values.size(), most));
  const std::span<float> values(scratch.values.data(), floats);
  std::fill(values.begin(), values.end(), 0.0f);
  const auto decoded = code_.values().decode_add(payload.subspan(indices->bytes), next_stage_key(key), 1.0f,
                                                 *scratch.values_state, values);
  if (!decoded) return decoded;
  const float* from = values.data();
  for (const std::uint32_t b : chosen) {
    const std::size_t end = std::min((b + std::size_t{1}) * block_, y.size());
    for (std::size_t i = b * block_; i < end; ++i) y[i] += scale * *from++;
  }
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "block",
     .kind = base::ParameterKind::integer,
     .fallback = "256",
     .low = 8,
     .high = 65536,
     .help = "coordinates of a block"},
    kKeptRatio,
    kKeptNumber,
    {.name = "keep",
     .kind = base::ParameterKind::word,
     .fallback = "coordinates",
     .choices = "coordinates|blocks",
     .help = "the share or number of coordinates in every block, or of blocks"},
};

}  // namespace

Row blocktopk_row() {
  return {.name = "blocktopk",
          .wire_id = 49,
          .summary = "the coordinates of largest magnitude in every block, or the blocks of most energy",
          .source = "common practice; see topk",
          .parameters = kParameters,
          .takes_values = true,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            const KeptCount kept(arguments);
            const auto block = static_cast<std::size_t>(arguments.integer("block"));
            const bool blocks = arguments.is("keep", "blocks");
            std::string spec =
                fmt::format("blocktopk(block={}, {}, keep={})", block, kept.text(), blocks ? "blocks" : "coordinates");
            if (blocks)
              return std::make_unique<LargestBlocks>(std::move(spec), block, kept, std::move(blueprint.values));
            return std::make_unique<LargestInBlocks>(std::move(spec), block, kept, std::move(blueprint.values));
          }};
}

}  // namespace parley::compression
