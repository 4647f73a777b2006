// entropy: the payload of the operator before it, in as few bits as the frequencies of its bytes allow.
//
//   payload := length:u32 coded            nothing if the payload before is empty
//   length                                 of the payload before, at least 1
//   coded                                  see coding/byte_code.h
//
// It stands behind a complete operator and takes the last stage before it: in "topk | qsgd | entropy" that is qsgd, so
// that top-k's indices, which are near their entropy, are left alone. The operator before decides what is decoded: the
// same bytes go into its decoder. What pays is payloads whose symbols fill bytes: levels of 2, 4 and 8 bits. Levels
// across the edges of bytes lose their frequencies there.
#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "compression/coding/byte_code.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/kernels/bytes.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kHeader = sizeof(std::uint32_t);

struct EntropyState final : State {
  explicit EntropyState(std::unique_ptr<State> of_payload) : payload_state(std::move(of_payload)) {}

  std::span<const float> memory() const override { return payload_state->memory(); }
  base::Result<void> restore(std::span<const float> memory) override { return payload_state->restore(memory); }

  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    payload_state->share_with(executor);
  }

  std::unique_ptr<State> payload_state;
  std::vector<std::byte> payload;
  ByteCoder coder;
};

class Entropy final : public Compressor {
 public:
  explicit Entropy(std::unique_ptr<Compressor> before)
      : spec_(before->spec() + " | entropy"), before_(std::move(before)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return entropy_row().wire_id; }
  Properties properties(std::size_t d) const override;

  std::size_t max_payload_size(std::size_t d) const override {
    const std::size_t size = before_->max_payload_size(d);
    return size == 0 ? 0 : kHeader + ByteCoder::bound(size);
  }

  std::unique_ptr<State> make_state() const override { return std::make_unique<EntropyState>(before_->make_state()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  double measured_share(std::size_t d) const;

  std::string spec_;
  std::unique_ptr<Compressor> before_;
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, double> shares_;  // by the size of the sample
};

/// The size of what is coded to that of the payload before, measured on d Gaussian floats, or on a part of them.
double Entropy::measured_share(std::size_t d) const {
  constexpr std::size_t kSample = 40960;
  const std::size_t n = std::min(d, kSample);
  const std::lock_guard lock(mutex_);
  if (const auto known = shares_.find(n); known != shares_.end()) return known->second;
  const auto sampled = make_compressor(before_->spec(), base::ParameterLayout());  // for vectors of any length
  const base::RandomKey key{.seed = 1, .stream = base::Stream::compression};
  base::Random random(key);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(random.normal());
  std::vector<std::byte> plain(sampled->max_payload_size(n)), coded(ByteCoder::bound(plain.size()));
  const auto size = sampled->encode(x, key, *sampled->make_state(), plain);
  PARLEY_CHECK(size.ok(), before_->spec());
  if (*size == 0) return 1;
  const std::size_t coded_size = ByteCoder().encode(std::span(plain).first(*size), coded.data());
  return shares_[n] = static_cast<double>(coded_size) / static_cast<double>(*size);
}

Properties Entropy::properties(std::size_t d) const {
  Properties properties = before_->properties(d);
  if (d > 0) {
    properties.bits_per_coordinate *= measured_share(d);
    properties.bits_per_coordinate += 8.0 * kHeader / static_cast<double>(d);
  }
  return properties;
}

base::Result<std::size_t> Entropy::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                          std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& scratch = own_state<EntropyState>(state);
  const std::size_t most = before_->max_payload_size(x.size());
  PARLEY_CHECK(most <= 0xFFFFFFFF, most);
  scratch.payload.resize(std::max(scratch.payload.size(), most));
  const std::span<std::byte> payload(scratch.payload.data(), most);
  const auto size = before_->encode(x, key, *scratch.payload_state, payload);
  if (!size || *size == 0) return size;
  store(out.data(), static_cast<std::uint32_t>(*size));
  return kHeader + scratch.coder.encode(payload.first(*size), out.data() + kHeader);
}

base::Result<void> Entropy::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                       State& state, std::span<float> y) const {
  auto& scratch = own_state<EntropyState>(state);
  const std::size_t most = before_->max_payload_size(y.size());
  std::size_t size = 0;
  if (!payload.empty()) {
    if (payload.size() < kHeader) return truncated(payload.size());
    size = load<std::uint32_t>(payload.data());
    if (size == 0) return not_canonical("an empty payload");
    if (size > most) return wrong_size(size, most);
    scratch.payload.resize(std::max(scratch.payload.size(), most));
    const std::span<std::byte> plain(scratch.payload.data(), size);
    if (auto decoded = scratch.coder.decode(payload.subspan(kHeader), plain); !decoded) return decoded;
  }
  return before_->decode_add(std::span<const std::byte>(scratch.payload.data(), size), key, scale,
                             *scratch.payload_state, y);
}

}  // namespace

Row entropy_row() {
  return {.name = "entropy",
          .wire_id = 64,
          .summary = "the payload before it, by the frequencies of its bytes",
          .source = "Duda 2014",
          .parameters = {},
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Entropy>(std::move(blueprint.before));
          },
          .codes_payload = true};
}

}  // namespace parley::compression
