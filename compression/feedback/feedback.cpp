#include "compression/feedback/feedback.h"

#include <algorithm>
#include <cmath>

#include "compression/coding/refusal.h"
#include "compression/feedback/schemes.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"

namespace parley::compression {
namespace {

constexpr std::size_t kHeader = 2 * sizeof(std::uint64_t);

/// FNV-1a: tells snapshots apart that were mixed up, not those that were forged.
std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return h;
}

/// The receiver of schemes that keep nothing there.
class PlainReceiver final : public FeedbackReceiver {
 public:
  PlainReceiver(const Compressor& compressor, std::size_t d, std::string_view kind)
      : FeedbackReceiver(compressor, d, kind) {}

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                std::span<float> y) override {
    PARLEY_CHECK(y.size() == size(), y.size(), size());
    return compressor_.decode_add(payload, key, scale, *state_, y);
  }
};

}  // namespace

FeedbackEnd::FeedbackEnd(const Compressor& compressor, std::size_t d, std::string_view kind)
    : compressor_(compressor),
      state_(compressor.make_state()),
      d_(d),
      kind_(hash(fmt::format("{} of {}", kind, compressor.spec()))) {}

void FeedbackEnd::keep(std::vector<float>& vector) {
  vector.assign(d_, 0.0f);
  vectors_.push_back(&vector);
}

void FeedbackEnd::keep(std::vector<double>& numbers) {
  numbers_ = &numbers;
}

std::span<const float> FeedbackEnd::kept(std::size_t i) const {
  PARLEY_CHECK(i < vectors_.size(), i, vectors_.size());
  return *vectors_[i];
}

std::size_t FeedbackEnd::snapshot_size() const {
  return kHeader + (numbers_ == nullptr ? 0 : numbers_->size() * sizeof(double)) + vectors_.size() * d_ * sizeof(float);
}

// snapshot := kind:u64 d:u64 f64* (d x f32)*
void FeedbackEnd::snapshot(std::span<std::byte> to) const {
  PARLEY_CHECK(to.size() == snapshot_size(), to.size(), snapshot_size());
  store(to.data(), kind_);
  store(to.data() + sizeof kind_, static_cast<std::uint64_t>(d_));
  to = to.subspan(kHeader);
  const auto put = [&to](auto values) {
    std::ranges::copy(std::as_bytes(values), to.begin());
    to = to.subspan(values.size_bytes());
  };
  if (numbers_ != nullptr) put(std::span<const double>(*numbers_));
  for (const std::vector<float>* vector : vectors_) put(std::span<const float>(*vector));
}

base::Result<void> FeedbackEnd::restore(std::span<const std::byte> from) {
  if (from.size() != snapshot_size())
    return base::Refusal{"snapshot_size", fmt::format("{} bytes, expected {}", from.size(), snapshot_size())};
  if (load<std::uint64_t>(from.data()) != kind_ || load<std::uint64_t>(from.data() + sizeof kind_) != d_)
    return base::Refusal{"snapshot_kind", "the snapshot is of another scheme, operator, end or model"};
  const std::size_t count = numbers_ == nullptr ? 0 : numbers_->size();
  const std::span<const std::byte> numbers = from.subspan(kHeader, count * sizeof(double));
  const std::span<const std::byte> floats = from.subspan(kHeader + numbers.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = load<double>(numbers.data() + i * sizeof(double));
    if (!std::isfinite(number) || number < 0)
      return base::Refusal{"snapshot_number", fmt::format("number {} is {}", i, number)};
  }
  if (kernels::max_magnitude_bits(floats.data(), floats.size() / sizeof(float)) >= kernels::kInfinityBits)
    return base::Refusal{"not_finite", "the snapshot holds a NaN or an infinity"};

  if (count > 0) std::ranges::copy(numbers, std::as_writable_bytes(std::span(*numbers_)).begin());
  for (std::size_t i = 0; i < vectors_.size(); ++i)
    std::ranges::copy(floats.subspan(i * d_ * sizeof(float), d_ * sizeof(float)),
                      std::as_writable_bytes(std::span(*vectors_[i])).begin());
  return {};
}

void FeedbackSender::moved(double squared_distance) {
  PARLEY_CHECK(std::isfinite(squared_distance) && squared_distance >= 0, squared_distance);
}

base::Result<void> FeedbackReceiver::silence_add(float, std::span<float>) {
  return base::Refusal{"feedback_silence", "the agreed feedback sends something in every round"};
}

std::unique_ptr<FeedbackReceiver> Feedback::receiver(const Compressor& compressor, std::size_t d) const {
  return std::make_unique<PlainReceiver>(compressor, d, spec_ + " receiver");
}

SumReceiver::SumReceiver(const Compressor& compressor, std::size_t d, std::string_view kind, Silence silence)
    : FeedbackReceiver(compressor, d, kind), silence_(silence) {
  keep(h_);
}

base::Result<void> SumReceiver::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                           std::span<float> y) {
  PARLEY_CHECK(y.size() == size(), y.size(), size());
  if (auto added = compressor_.decode_add(payload, key, 1.0f, *state_, h_); !added) return added;
  add_scaled(h_, scale, y);
  return {};
}

base::Result<void> SumReceiver::silence_add(float scale, std::span<float> y) {
  if (silence_ == Silence::refused) return FeedbackReceiver::silence_add(scale, y);
  PARLEY_CHECK(y.size() == size(), y.size(), size());
  add_scaled(h_, scale, y);
  return {};
}

void require_contraction(const Compressor& compressor, std::size_t d, std::string_view scheme) {
  if (d == 0 || compressor.properties(d).delta > 0) return;
  throw base::OperatorError(fmt::format(
      "the feedback {} cannot be used with \"{}\": it guarantees no contraction for {} parameters; use a biased or "
      "contractive scaling",
      scheme, compressor.spec(), d));
}

void add_own(const Compressor& compressor, std::span<const std::byte> payload, const base::RandomKey& key, float scale,
             State& state, std::span<float> y) {
  const auto own = compressor.decode_add(payload, key, scale, state, y);
  PARLEY_CHECK(own.ok(), compressor.spec(), own.ok() ? "" : own.refusal().detail);
}

void add_scaled(std::span<const float> h, float scale, std::span<float> y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += scale * h[i];
}

}  // namespace parley::compression
