#include "base/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace parley::base {

PhiloxInput philox_input(const RandomKey& key) {
  const auto round_high = static_cast<std::uint32_t>(key.round.value >> 32);
  PARLEY_CHECK(round_high < (1u << 16), key.round);
  return {.key0 = static_cast<std::uint32_t>(key.seed),
          .key1 = static_cast<std::uint32_t>(key.seed >> 32),
          .counter1 = static_cast<std::uint32_t>(key.round.value),
          .counter2 = key.peer.value,
          .counter3 = (static_cast<std::uint32_t>(key.stream) << 16) | round_high};
}

std::array<std::uint32_t, 4> random_block(const RandomKey& key, std::uint32_t block) {
  const PhiloxInput in = philox_input(key);
  const r123::Philox4x32_R<10>::ctr_type counter = {{block, in.counter1, in.counter2, in.counter3}};
  const r123::Philox4x32_R<10>::key_type philox_key = {{in.key0, in.key1}};
  const auto out = r123::Philox4x32_R<10>()(counter, philox_key);
  return {out[0], out[1], out[2], out[3]};
}

std::uint32_t Random::bits() {
  if (used_ == block_.size()) {
    block_ = random_block(key_, next_block_++);
    used_ = 0;
  }
  return block_[used_++];
}

std::uint64_t Random::bits64() {
  const std::uint64_t low = bits();
  return low | (static_cast<std::uint64_t>(bits()) << 32);
}

float Random::uniform() {
  return static_cast<float>(bits() >> 8) * 0x1p-24f;
}

double Random::uniform_double() {
  return static_cast<double>(bits64() >> 11) * 0x1p-53;
}

std::uint32_t Random::below(std::uint32_t bound) {
  PARLEY_CHECK(bound > 0);
  std::uint64_t product = std::uint64_t{bits()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0u - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{bits()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

double Random::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform_double()));
  const double angle = 2.0 * std::numbers::pi * uniform_double();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

}  // namespace parley::base
