#include "compression/coding/coded_payload.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/coding/symbols.h"
#include "compression/kernels/bytes.h"

namespace parley::compression {
namespace {

constexpr std::size_t kHeader = sizeof(std::uint32_t);
constexpr unsigned kByte = 8;

struct CodedState final : State {
  CodedState(std::unique_ptr<State> of_payload, std::unique_ptr<SymbolCode> symbol_code)
      : payload_state(std::move(of_payload)), code(std::move(symbol_code)) {}

  std::span<const float> memory() const override { return payload_state->memory(); }
  base::Result<void> restore(std::span<const float> memory) override { return payload_state->restore(memory); }
  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    payload_state->share_with(executor);
  }

  std::unique_ptr<State> payload_state;
  std::unique_ptr<SymbolCode> code;
  std::vector<std::byte> payload;
  Symbols symbols;
};

class CodedPayload final : public Compressor {
 public:
  CodedPayload(const CodedPayloadStage& stage, std::unique_ptr<Compressor> before)
      : spec_(fmt::format("{} | {}", before->spec(), stage.name)), stage_(stage), before_(std::move(before)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return stage_.wire_id; }
  Properties properties(std::size_t d) const override;

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t size = before_->max_payload_size(d);
    if (size == 0) return 0;
    const Division division(*before_, d);
    if (!division.known) return kHeader + SymbolCode::bound(size, kByte);
    std::size_t bound = kHeader + SymbolCode::bound(division.bytes, kByte);
    for (std::size_t plane = 0; plane < division.planes(); ++plane)
      bound += SymbolCode::bound(division.codes, division.plane_bits(plane));
    return bound;
  }

  std::unique_ptr<State> make_state() const override {
    return std::make_unique<CodedState>(before_->make_state(), stage_.make_code());
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  base::Result<void> decode(std::span<const std::byte> coded, std::size_t d, std::span<std::byte> payload,
                            CodedState& own) const;
  /// The size of what is coded to that of the payload before, measured on d Gaussian floats, or on a part of them.
  double measured_share(std::size_t d) const;

  std::string spec_;
  CodedPayloadStage stage_;
  std::unique_ptr<Compressor> before_;
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, double> shares_;  // by the size of the sample
};

double CodedPayload::measured_share(std::size_t d) const {
  constexpr std::size_t kSample = 40960;
  const std::size_t n = std::min(d, kSample);
  const std::lock_guard lock(mutex_);
  if (const auto known = shares_.find(n); known != shares_.end()) return known->second;
  // For vectors of any length.
  const CodedPayload sampled(stage_, make_compressor(before_->spec(), base::ParameterLayout()));
  const base::RandomKey key{.seed = 1, .stream = base::Stream::compression};
  base::Random random(key);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(random.normal());
  std::vector<std::byte> plain(sampled.before_->max_payload_size(n)), coded(sampled.max_payload_size(n));
  const auto size = sampled.before_->encode(x, key, *sampled.before_->make_state(), plain);
  const auto coded_size = sampled.encode(x, key, *sampled.make_state(), coded);
  PARLEY_CHECK(size.ok() && coded_size.ok(), before_->spec());
  if (*size == 0) return 1;
  return shares_[n] = static_cast<double>(*coded_size - kHeader) / static_cast<double>(*size);
}

Properties CodedPayload::properties(std::size_t d) const {
  Properties properties = before_->properties(d);
  if (d > 0) {
    properties.bits_per_coordinate *= measured_share(d);
    properties.bits_per_coordinate += 8.0 * kHeader / static_cast<double>(d);
  }
  return properties;
}

base::Result<std::size_t> CodedPayload::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                               std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  const Division division(*before_, x.size());
  auto& own = own_state<CodedState>(state);
  const std::size_t most = before_->max_payload_size(x.size());
  PARLEY_CHECK(most <= 0xFFFFFFFF, most);
  own.payload.resize(std::max(own.payload.size(), most));
  const auto size = before_->encode(x, key, *own.payload_state, std::span(own.payload).first(most));
  if (!size || *size == 0) return size;
  const std::span<const std::byte> payload(own.payload.data(), *size);
  store(out.data(), static_cast<std::uint32_t>(*size));
  std::byte* to = out.data() + kHeader;
  if (!division.known) {
    to += own.code->encode({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}, kByte, to);
  } else {
    own.symbols.resize(division);
    own.symbols.take_apart(*before_, x.size(), division, payload);
    to += own.code->encode(own.symbols.bytes, kByte, to);
    for (std::size_t plane = 0; plane < division.planes(); ++plane)
      to += own.code->encode(own.symbols.planes[plane], division.plane_bits(plane), to);
  }
  return static_cast<std::size_t>(to - out.data());
}

base::Result<void> CodedPayload::decode(std::span<const std::byte> coded, std::size_t d, std::span<std::byte> payload,
                                        CodedState& own) const {
  const Division division(*before_, d);
  std::size_t at = 0;
  const auto read = [&](std::span<std::uint8_t> symbols, unsigned bits) -> base::Result<void> {
    const auto used = own.code->decode(coded.subspan(at), bits, symbols);
    if (!used) return used.refusal();
    at += *used;
    return {};
  };
  if (!division.known) {
    if (auto bytes = read({reinterpret_cast<std::uint8_t*>(payload.data()), payload.size()}, kByte); !bytes)
      return bytes;
  } else {
    if (payload.size() != before_->max_payload_size(d)) return wrong_size(payload.size(), before_->max_payload_size(d));
    own.symbols.resize(division);
    if (auto bytes = read(own.symbols.bytes, kByte); !bytes) return bytes;
    for (std::size_t plane = 0; plane < division.planes(); ++plane)
      if (auto codes = read(own.symbols.planes[plane], division.plane_bits(plane)); !codes) return codes;
    own.symbols.put_together(*before_, d, division, payload);
  }
  return at == coded.size() ? base::Result<void>() : wrong_size(coded.size(), at);
}

base::Result<void> CodedPayload::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                            State& state, std::span<float> y) const {
  auto& own = own_state<CodedState>(state);
  const std::size_t most = before_->max_payload_size(y.size());
  std::size_t size = 0;
  if (!payload.empty()) {
    if (payload.size() < kHeader) return truncated(payload.size());
    size = load<std::uint32_t>(payload.data());
    if (size == 0) return not_canonical("an empty payload");
    if (size > most) return wrong_size(size, most);
    own.payload.resize(std::max(own.payload.size(), most));
    const std::span<std::byte> plain(own.payload.data(), size);
    if (auto decoded = decode(payload.subspan(kHeader), y.size(), plain, own); !decoded) return decoded;
  }
  return before_->decode_add(std::span<const std::byte>(own.payload.data(), size), key, scale, *own.payload_state, y);
}

}  // namespace

std::unique_ptr<Compressor> make_coded_payload(const CodedPayloadStage& stage, std::unique_ptr<Compressor> before) {
  return std::make_unique<CodedPayload>(stage, std::move(before));
}

}  // namespace parley::compression
