#include "compression/coding/stage.h"

#include "compression/registry.h"

namespace parley::compression {

base::RandomKey next_stage_key(const base::RandomKey& key) {
  // One step of SplitMix64 (Steele et al. 2014): a bijection, so that different seeds stay different.
  std::uint64_t z = key.seed + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  base::RandomKey next = key;
  next.seed = z ^ (z >> 31);
  return next;
}

std::unique_ptr<Compressor> values_or_identity(std::unique_ptr<Compressor> values) {
  return values ? std::move(values) : make_compressor("identity", base::ParameterLayout());
}

std::string joined_spec(std::string first, const Compressor* rest) {
  return rest == nullptr ? first : first + " | " + rest->spec();
}

}  // namespace parley::compression
