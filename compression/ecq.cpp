// ecq: the quantiser of error-compensated quantised SGD: levels of qsgd, each in as many bits as its frequency is
// worth.
//
//   payload := ceil(d/bucket) x norm:f32, block*         every block of floor(65536 / bucket) buckets, at least one
//   block   := 0 u8, ceil(len*width/8) x u8              two's complement codes of as many bits as 2s + 1 codes need,
//                                                        least significant first; pad bits are zero
//            | 1 u8, (2s + 1) x u16, stream              frequencies of the levels -s, ..., s, and their codes, as in
//                                                        coding/rans.h; symbol = level + s
//
// The sender takes form 1 if it is shorter. Norms, levels, random words and what is decoded are those of
// qsgd(levels=s). Levels of a bucket whose norm is 0 are 0. In form 1 a block takes about sum_k d_k log2(d / d_k) bits,
// d_k being the number of its coordinates on level k. The paper's feedback of errors is feedback/ecq.cpp.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "compression/coding/dither.h"
#include "compression/coding/gaussian_levels.h"
#include "compression/coding/lanes.h"
#include "compression/coding/rans.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/philox.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kBlock = 1 << 16;
constexpr std::byte kFixed{0}, kCoded{1};

struct EcqScratch {
  explicit EcqScratch(std::size_t alphabet) : table(alphabet), counts(alphabet), frequencies(alphabet) {}
  SymbolTable table;
  std::vector<std::uint32_t> counts;
  std::vector<std::uint16_t> frequencies;
  std::vector<std::int16_t> bucket;   ///< levels, in whole groups
  std::vector<std::uint8_t> symbols;  ///< of a block
  std::vector<std::uint16_t> words;
  std::vector<std::byte> stream;
};

struct EcqState final : LanesState<EcqScratch> {
  using LanesState::LanesState;
  std::vector<std::uint8_t> symbols;  ///< of all blocks, when decoding
  std::vector<std::size_t> sizes;     ///< of the blocks, when encoding
};

class Ecq final : public Compressor {
 public:
  Ecq(std::string spec, const LevelDither& dither)
      : spec_(std::move(spec)),
        dither_(dither),
        block_(std::max<std::size_t>(1, kBlock / dither.bucket) * dither.bucket),
        full_shrink_(dither.shrink(dither.bucket)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return ecq_row().wire_id; }
  std::unique_ptr<State> make_state() const override {
    return std::make_unique<EcqState>([this] { return std::make_unique<EcqScratch>(alphabet()); });
  }

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t rest = d % block_;
    return buckets(d) * sizeof(float) + d / block_ * fixed_size(block_) + (rest > 0 ? fixed_size(rest) : 0);
  }

  Properties properties(std::size_t d) const override;
  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  std::size_t alphabet() const { return 2 * dither_.s + 1; }
  std::size_t buckets(std::size_t d) const { return (d + dither_.bucket - 1) / dither_.bucket; }
  std::size_t stride() const { return (dither_.bucket + kernels::kGroup - 1) / kernels::kGroup * kernels::kGroup; }
  std::size_t fixed_size(std::size_t n) const { return 1 + (n * dither_.bits + 7) / 8; }
  std::size_t table_size() const { return alphabet() * sizeof(std::uint16_t); }
  double shrink(std::size_t length) const { return length == dither_.bucket ? full_shrink_ : dither_.shrink(length); }

  void prepare(std::size_t d, EcqScratch& scratch) const;
  /// The symbols of n coordinates from `at` on, and their norms. False if one of them is not finite.
  bool quantise(std::span<const float> x, std::size_t at, std::size_t n, const base::PhiloxInput& key,
                EcqScratch& scratch, std::byte* norms) const;
  /// Appends the block of these symbols to `to` and returns its end.
  std::byte* put_block(std::span<const std::uint8_t> symbols, EcqScratch& state, std::byte* to) const;
  void put_fixed(std::span<const std::uint8_t> symbols, std::byte* to) const;
  void count(std::span<const std::uint8_t> symbols, EcqScratch& state) const;

  /// The bytes of the block that `from` begins with, whose symbols are read.
  base::Result<std::size_t> get_block(std::span<const std::byte> from, std::size_t index, EcqScratch& state,
                                      std::span<std::uint8_t> symbols) const;
  base::Result<void> get_fixed(std::span<const std::byte> from, std::size_t index,
                               std::span<std::uint8_t> symbols) const;
  base::Result<void> read(std::span<const std::byte> payload, EcqState& state, std::size_t d) const;

  std::string spec_;
  LevelDither dither_;
  std::size_t block_;
  double full_shrink_;
};

Properties Ecq::properties(std::size_t d) const {
  Properties properties = dither_.properties(d);
  const std::size_t longest = std::clamp<std::size_t>(d, 1, dither_.bucket);
  const double block = static_cast<double>(std::clamp<std::size_t>(d, 1, block_));
  const std::vector<double> levels = gaussian_levels(dither_.norm, longest, dither_.s);
  double entropy = 1 - levels[0];  // signs
  for (const double p : levels) entropy -= p > 0 ? p * std::log2(p) : 0;
  const double coded = entropy + 8 * static_cast<double>(table_size() + 16) / block;
  properties.bits_per_coordinate =
      std::min(coded, static_cast<double>(dither_.bits)) + 8 / block + 32 / static_cast<double>(longest);
  return properties;
}

base::Result<std::size_t> Ecq::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                      std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& own = own_state<EcqState>(state);
  const base::PhiloxInput philox = base::philox_input(key);
  std::byte* const norms = out.data();
  std::byte* const blocks = norms + buckets(x.size()) * sizeof(float);
  const std::size_t count = (x.size() + block_ - 1) / block_;
  own.sizes.resize(std::max(own.sizes.size(), count));
  // Every block first lies where it would if all those before were as long as they may be.
  const bool finite = all_of_tasks(state, x.size(), count, [&](std::size_t block, std::size_t lane) {
    EcqScratch& scratch = own.scratch(lane);
    prepare(x.size(), scratch);
    const std::size_t first = block * block_, n = std::min(block_, x.size() - first);
    if (!quantise(x, first, n, philox, scratch, norms)) return false;
    std::byte* const to = blocks + block * fixed_size(block_);
    own.sizes[block] = static_cast<std::size_t>(put_block(std::span(scratch.symbols).first(n), scratch, to) - to);
    return true;
  });
  if (!finite) return not_finite(x);
  std::byte* to = blocks;
  for (std::size_t block = 0; block < count; ++block) {
    std::memmove(to, blocks + block * fixed_size(block_), own.sizes[block]);
    to += own.sizes[block];
  }
  return static_cast<std::size_t>(to - out.data());
}

void Ecq::prepare(std::size_t d, EcqScratch& scratch) const {
  const std::size_t most = std::min(block_, d);
  if (scratch.bucket.size() < stride()) scratch.bucket.resize(stride());
  if (scratch.symbols.size() < most) scratch.symbols.resize(most);
  if (scratch.words.size() < most + 1) scratch.words.resize(most + 1);
  if (scratch.stream.size() < rans_bound(most)) scratch.stream.resize(rans_bound(most));
}

bool Ecq::quantise(std::span<const float> x, std::size_t at, std::size_t n, const base::PhiloxInput& key,
                   EcqScratch& state, std::byte* norms) const {
  const auto blocks_of_bucket = static_cast<std::uint32_t>(stride() / kernels::kGroup) * kernels::kBlocksPerGroup;
  for (std::size_t i = at; i < at + n; i += dither_.bucket) {
    const std::size_t length = std::min(dither_.bucket, at + n - i), index = i / dither_.bucket;
    const double exact = norm_of(dither_.norm, x.data() + i, length);
    if (!(exact <= std::numeric_limits<double>::max())) return false;
    const float norm = round_up(exact);
    const bool negligible = is_negligible(norm, dither_.s, shrink(length));
    store(norms + index * sizeof norm, negligible ? 0.0f : norm);
    std::uint8_t* symbols = state.symbols.data() + (i - at);
    if (negligible) {
      std::fill_n(symbols, length, static_cast<std::uint8_t>(dither_.s));
      continue;
    }
    kernels::quantise(x.data() + i, length, level_grid(norm, dither_.s), key,
                      static_cast<std::uint32_t>(index) * blocks_of_bucket, state.bucket.data());
    for (std::size_t j = 0; j < length; ++j)
      symbols[j] = static_cast<std::uint8_t>(state.bucket[j] + static_cast<int>(dither_.s));
  }
  return true;
}

void Ecq::count(std::span<const std::uint8_t> symbols, EcqScratch& state) const {
  // Four counts each, since equal symbols in a row would wait for one another.
  std::array<std::array<std::uint32_t, SymbolTable::kMostSymbols>, 4> counts{};
  const std::size_t whole = symbols.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    for (std::size_t j = 0; j < 4; ++j) ++counts[j][symbols[i + j]];
  }
  for (std::size_t i = whole; i < symbols.size(); ++i) ++counts[0][symbols[i]];
  for (std::size_t k = 0; k < state.counts.size(); ++k)
    state.counts[k] = counts[0][k] + counts[1][k] + counts[2][k] + counts[3][k];
}

std::byte* Ecq::put_block(std::span<const std::uint8_t> symbols, EcqScratch& state, std::byte* to) const {
  count(symbols, state);
  state.table.fit(state.counts);
  const std::size_t coded = encode_rans(symbols, state.table, state.words, state.stream.data());
  if (1 + table_size() + coded >= fixed_size(symbols.size())) {
    put_fixed(symbols, to);
    return to + fixed_size(symbols.size());
  }
  *to++ = kCoded;
  std::memcpy(to, state.table.frequencies().data(), table_size());
  to += table_size();
  std::memcpy(to, state.stream.data(), coded);
  return to + coded;
}

void Ecq::put_fixed(std::span<const std::uint8_t> symbols, std::byte* to) const {
  std::int16_t levels[kernels::kGroup];
  *to++ = kFixed;
  for (std::size_t i = 0; i < symbols.size(); i += kernels::kGroup) {
    const std::size_t n = std::min(kernels::kGroup, symbols.size() - i);
    std::fill(std::begin(levels), std::end(levels), std::int16_t{0});
    for (std::size_t j = 0; j < n; ++j)
      levels[j] = static_cast<std::int16_t>(symbols[i + j] - static_cast<int>(dither_.s));
    kernels::pack_levels(levels, n, dither_.bits, to + i / 8 * dither_.bits);
  }
}

base::Result<void> Ecq::get_fixed(std::span<const std::byte> from, std::size_t index,
                                  std::span<std::uint8_t> symbols) const {
  const auto s = static_cast<int>(dither_.s);
  const std::size_t pad = 8 * from.size() - symbols.size() * dither_.bits;
  if (pad > 0 && (from.back() >> (8 - pad)) != std::byte{0}) return not_canonical("the padding");
  std::int16_t levels[kernels::kGroup];
  for (std::size_t i = 0; i < symbols.size(); i += kernels::kGroup) {
    const std::size_t n = std::min(kernels::kGroup, symbols.size() - i);
    kernels::unpack_levels(from.data() + i / 8 * dither_.bits, n, dither_.bits, levels);
    if (kernels::smallest_level(levels, n) < -s || kernels::largest_level(levels, n) > s) return wrong_code(index);
    for (std::size_t j = 0; j < n; ++j) symbols[i + j] = static_cast<std::uint8_t>(levels[j] + s);
  }
  return {};
}

base::Result<std::size_t> Ecq::get_block(std::span<const std::byte> from, std::size_t index, EcqScratch& state,
                                         std::span<std::uint8_t> symbols) const {
  if (from.empty()) return truncated(0);
  const std::size_t fixed = fixed_size(symbols.size());
  if (from[0] == kFixed) {
    if (from.size() < fixed) return truncated(from.size());
    if (auto known = get_fixed(from.subspan(1, fixed - 1), index, symbols); !known) return known.refusal();
  } else if (from[0] == kCoded) {
    if (from.size() < 1 + table_size()) return truncated(from.size());
    std::memcpy(state.frequencies.data(), from.data() + 1, table_size());
    if (!state.table.set(state.frequencies)) return wrong_code(index);
    const std::size_t coded = decode_rans(from.subspan(1 + table_size()), state.table, symbols);
    if (coded == 0) return wrong_code(index);
    count(symbols, state);
    state.table.fit(state.counts);
    if (!std::equal(state.frequencies.begin(), state.frequencies.end(), state.table.frequencies().begin()))
      return not_canonical("the frequencies");
    if (1 + table_size() + coded >= fixed) return not_canonical("the form");
    return 1 + table_size() + coded;
  } else {
    return wrong_code(index);
  }
  // The fixed form is taken only if the other one is no shorter.
  count(symbols, state);
  state.table.fit(state.counts);
  const std::size_t coded = encode_rans(symbols, state.table, state.words, state.stream.data());
  if (1 + table_size() + coded < fixed) return not_canonical("the form");
  return fixed;
}

base::Result<void> Ecq::read(std::span<const std::byte> payload, EcqState& state, std::size_t d) const {
  std::size_t at = buckets(d) * sizeof(float);
  if (payload.size() < at) return truncated(payload.size());
  for (std::size_t i = 0; i < d; i += block_) {
    const std::size_t n = std::min(block_, d - i);
    const auto size =
        get_block(payload.subspan(at), i / block_, state.scratch(0), std::span(state.symbols).subspan(i, n));
    if (!size) return size.refusal();
    at += *size;
  }
  if (at != payload.size()) return wrong_size(payload.size(), at);
  for (std::size_t i = 0; i < d; i += dither_.bucket) {
    const std::size_t n = std::min(dither_.bucket, d - i), index = i / dither_.bucket;
    const auto norm_bits = load<std::uint32_t>(payload.data() + index * sizeof(float));
    if (norm_bits == 0) {
      const auto* symbols = state.symbols.data() + i;
      if (std::any_of(symbols, symbols + n, [&](std::uint8_t symbol) { return symbol != dither_.s; }))
        return wrong_code(index);
    } else if (norm_bits >= kernels::kInfinityBits ||
               is_negligible(std::bit_cast<float>(norm_bits), dither_.s, shrink(n))) {
      return wrong_scale(index);
    }
  }
  return {};
}

base::Result<void> Ecq::decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale,
                                   State& state, std::span<float> y) const {
  auto& own = own_state<EcqState>(state);
  prepare(y.size(), own.scratch(0));
  if (own.symbols.size() < y.size()) own.symbols.resize(y.size());
  if (auto known = read(payload, own, y.size()); !known) return known;
  for_each_piece(state, y.size(), dither_.bucket, [&](std::size_t first, std::size_t length, std::size_t lane) {
    std::vector<std::int16_t>& levels = own.scratch(lane).bucket;
    if (levels.size() < stride()) levels.resize(stride());
    for (std::size_t i = first; i < first + length; i += dither_.bucket) {
      const std::size_t n = std::min(dither_.bucket, first + length - i);
      const auto norm = load<float>(payload.data() + i / dither_.bucket * sizeof(float));
      if (norm == 0) continue;
      for (std::size_t j = 0; j < n; ++j)
        levels[j] = static_cast<std::int16_t>(own.symbols[i + j] - static_cast<int>(dither_.s));
      kernels::add_levels(levels.data(), n, level_unit(norm, dither_.s, shrink(n)), scale, y.data() + i);
    }
  });
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "levels",
     .kind = base::ParameterKind::integer,
     .fallback = "4",
     .low = 1,
     .high = 127,
     .help = "levels of either sign"},
    {.name = "bucket",
     .kind = base::ParameterKind::integer,
     .fallback = "512",
     .low = 8,
     .high = 1 << 20,
     .help = "coordinates that share a norm"},
    {.name = "norm",
     .kind = base::ParameterKind::word,
     .fallback = "linf",
     .choices = "l2|linf",
     .help = "what the levels divide: the bucket's largest magnitude or its Euclidean norm"},
    {.name = "scaling",
     .kind = base::ParameterKind::word,
     .fallback = "contractive",
     .choices = "contractive|unbiased",
     .help = "contractive divides by 1 + omega, which CHOCO and error feedback need"},
};

}  // namespace

Row ecq_row() {
  return {.name = "ecq",
          .wire_id = 40,
          .summary = "qsgd's levels, entropy-coded with their own frequencies",
          .source = "Wu et al. 2018",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            const auto s = static_cast<unsigned>(arguments.integer("levels"));
            return std::make_unique<Ecq>(arguments.canonical(),
                                         LevelDither{.s = s,
                                                     .bits = level_bits(s),
                                                     .bucket = static_cast<std::size_t>(arguments.integer("bucket")),
                                                     .norm = arguments.is("norm", "l2") ? Norm::l2 : Norm::linf,
                                                     .contractive = arguments.is("scaling", "contractive")});
          }};
}

}  // namespace parley::compression
