// identity: the floats as they are.
//
//   payload := d x f32
//
// Refuses payloads with a NaN or an infinity, which no sender makes.
#include "compression/coding/lanes.h"
#include "compression/coding/refusal.h"
#include "compression/kernels/floats.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

class Identity final : public Compressor {
 public:
  explicit Identity(std::string spec) : spec_(std::move(spec)) {}

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return identity_row().wire_id; }
  Properties properties(std::size_t) const override { return {.unbiased = true, .delta = 1}; }
  std::size_t max_payload_size(std::size_t d) const override { return sizeof(float) * d; }
  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const override {
    use({0, d, 32});
  }
  std::unique_ptr<State> make_state() const override { return std::make_unique<State>(); }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey&, State& state,
                                   std::span<std::byte> out) const override {
    PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
    const std::uint32_t largest = largest_of_pieces(state, x.size(), 1, [&](std::size_t first, std::size_t length) {
      return kernels::copy_f32(x.data() + first, length, out.data() + sizeof(float) * first, x.size());
    });
    if (largest >= kernels::kInfinityBits) return not_finite(x);
    return sizeof(float) * x.size();
  }

  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey&, float scale, State& state,
                                std::span<float> y) const override {
    if (payload.size() != sizeof(float) * y.size()) return wrong_size(payload.size(), sizeof(float) * y.size());
    const std::uint32_t largest = largest_of_pieces(state, y.size(), 1, [&](std::size_t first, std::size_t length) {
      return kernels::max_magnitude_bits(payload.data() + sizeof(float) * first, length);
    });
    if (largest >= kernels::kInfinityBits) return wrong_code(0);
    for_each_piece(state, y.size(), 1, [&](std::size_t first, std::size_t length, std::size_t) {
      add_slice(payload, y.size(), first, scale, y.subspan(first, length));
    });
    return {};
  }

  bool sends_floats() const override { return true; }
  std::size_t slice() const override { return 1; }

  base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const override {
    if (payload.size() != sizeof(float) * d) return wrong_size(payload.size(), sizeof(float) * d);
    if (kernels::max_magnitude_bits(payload.data(), d) >= kernels::kInfinityBits) return wrong_code(0);
    return {};
  }

  void add_slice(std::span<const std::byte> payload, std::size_t, std::size_t first, float scale,
                 std::span<float> y) const override {
    kernels::add_f32(payload.data() + sizeof(float) * first, y.size(), scale, y.data());
  }

 private:
  std::string spec_;
};

}  // namespace

Row identity_row() {
  return {.name = "identity",
          .wire_id = 1,
          .summary = "32-bit floats, exact",
          .source = "IEEE 754",
          .parameters = {},
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            return std::make_unique<Identity>(blueprint.arguments.canonical());
          }};
}

}  // namespace parley::compression
