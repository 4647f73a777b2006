// Offers arbitrary bytes to one decoder: it adds finite values to y or refuses and leaves y alone. What it accepts it
// accepts again, with the same result.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "compression/compressor.h"

namespace {

using namespace parley;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto compressor = compression::make_compressor(PARLEY_FUZZ_SPEC, base::ParameterLayout());
  static const auto state = compressor->make_state();
  if (size < 2) return 0;
  const std::size_t d = (data[0] | (static_cast<std::size_t>(data[1]) << 8)) % 1500;
  const std::span<const std::uint8_t> payload(data + 2, size - 2);
  const base::RandomKey key{.seed = 5, .stream = base::Stream::compression};
  std::vector<float> y(d, 0.5f), again(d, 0.5f);
  const bool accepted = compressor->decode_add(std::as_bytes(payload), key, 0.25f, *state, y).ok();
  require(accepted == compressor->decode_add(std::as_bytes(payload), key, 0.25f, *state, again).ok());
  require(y == again);
  for (const float v : y) require(accepted ? std::isfinite(v) : v == 0.5f);
  require(!accepted || payload.size() <= compressor->max_payload_size(d));
  return 0;
}
