// threshold: the coordinates whose magnitude exceeds a value, but not more than a share of all.
//
//   payload := kept      at most ceil(most d) of d coordinates, see coding/kept_code.h
//
// |C(x) - x|^2 <= d value^2 plus what the values lose, unless more coordinates exceed the value than may be sent: then
// those of largest magnitude are, as in topk. No contraction is guaranteed unless value = 0, since all may be below.
#include <algorithm>
#include <bit>
#include <cmath>

#include "compression/coding/kept_code.h"
#include "compression/coding/kept_count.h"
#include "compression/coding/largest.h"
#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

struct ThresholdState final : State {
  explicit ThresholdState(KeptCode::Scratch made) : scratch(std::move(made)) {}

  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    scratch.values_state->share_with(executor);
  }

  KeptCode::Scratch scratch;
  LargestFinder finder;
};

class Threshold final : public Compressor {
 public:
  Threshold(const base::Arguments& arguments, std::unique_ptr<Compressor> values)
      : spec_(joined_spec(arguments.canonical(), values.get())),
        value_(static_cast<float>(arguments.real("value"))),
        most_(arguments.real("most")),
        code_(std::move(values)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return threshold_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override { return code_.max_size(d, most(d)); }
  std::unique_ptr<State> make_state() const override { return std::make_unique<ThresholdState>(code_.make_scratch()); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override {
    PARLEY_CHECK(y.size() <= kMostCoordinates, y.size());
    const auto kept = code_.decode(payload, y.size(), most(y.size()), key, own_state<ThresholdState>(state).scratch);
    if (!kept) return kept.refusal();
    kept->add(scale, y, state);
    return {};
  }

 private:
  std::size_t most(std::size_t d) const { return share_of(most_, d); }

  std::string spec_;
  float value_;
  double most_;
  KeptCode code_;
};

Properties Threshold::properties(std::size_t d) const {
  const std::size_t k = most(d);
  const Properties of_values = code_.values().properties(k);
  const double n = static_cast<double>(d), share = d == 0 ? 1 : static_cast<double>(k) / n;
  // Of Gaussian coordinates of variance 1.
  const double exceeding = std::min(share, std::erfc(static_cast<double>(value_) / std::sqrt(2.0)));
  Properties properties;
  properties.delta = value_ == 0 ? share * of_values.delta : 0;
  if (d > 0) {
    const auto count = static_cast<std::size_t>(exceeding * n);
    properties.bits_per_coordinate = (code_.expected_bits(d, count) + (count < k ? 32 : 0)) / n;
  }
  properties.suggested_gamma = std::clamp(2 * exceeding, 1e-3, 1.0) * of_values.suggested_gamma;
  return properties;
}

base::Result<std::size_t> Threshold::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                            std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()) && x.size() <= kMostCoordinates, out.size(), x.size());
  if (x.empty()) return std::size_t{0};
  auto& own = own_state<ThresholdState>(state);
  const std::size_t k = most(x.size());
  const std::uint32_t least = std::bit_cast<std::uint32_t>(value_) + 1;  // the next magnitude
  const auto count = own.finder.find_from(x, least, k, state);
  if (!count) return not_finite(x);
  return code_.encode({own.finder.indices(*count), own.finder.values(*count)}, x.size(), k, key, own.scratch, out);
}

constexpr base::Parameter kParameters[] = {
    {.name = "value",
     .kind = base::ParameterKind::real,
     .fallback = "0.001",
     .low = 0,
     .high = 3e38,
     .help = "magnitudes above it are kept"},
    {.name = "most",
     .kind = base::ParameterKind::real,
     .fallback = "1",
     .low = 1e-9,
     .high = 1,
     .help = "largest share of the coordinates that is kept; if more exceed the value, the largest"},
};

}  // namespace

Row threshold_row() {
  return {.name = "threshold",
          .wire_id = 50,
          .summary = "the coordinates whose magnitude exceeds a value",
          .source = "Strom 2015; Lin et al. 2018",
          .parameters = kParameters,
          .takes_values = true,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Threshold>(blueprint.arguments, std::move(blueprint.values));
          }};
}

}  // namespace parley::compression
