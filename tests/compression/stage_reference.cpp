#include "stage_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>

namespace parley::compression::test {
namespace {

void append_u32(Bytes& bytes, std::size_t value) {
  for (unsigned b = 0; b < 32; b += 8) bytes.push_back(static_cast<std::uint8_t>((value >> b) & 0xFF));
}

std::size_t u32_at(const Bytes& bytes, std::size_t at) {
  std::size_t value = 0;
  for (unsigned b = 0; b < 4; ++b) value |= static_cast<std::size_t>(bytes[at + b]) << (8 * b);
  return value;
}

using Bits = std::vector<bool>;

void append_bits(Bytes& bytes, const Bits& bits) {
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t b = 0; b < 8 && i + b < bits.size(); ++b) byte |= static_cast<unsigned>(bits[i + b]) << b;
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
}

bool bit_at(const Bytes& bytes, std::size_t at, std::size_t bit) {
  return ((bytes[at + bit / 8] >> (bit % 8)) & 1) != 0;
}

// The entropy stage, for payloads of one block.

using Frequencies = std::map<std::uint8_t, std::uint64_t>;

Frequencies frequencies_of(const Bytes& bytes) {
  Frequencies counts;
  for (const std::uint8_t byte : bytes) ++counts[byte];
  Frequencies frequencies;
  std::int64_t missing = 4096;
  for (const auto& [byte, count] : counts) {
    frequencies[byte] = std::max<std::uint64_t>(1, 4096 * count / bytes.size());
    missing -= static_cast<std::int64_t>(frequencies[byte]);
  }
  while (missing != 0) {
    const auto most = std::max_element(frequencies.begin(), frequencies.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::int64_t change = std::max<std::int64_t>(missing, 1 - static_cast<std::int64_t>(most->second));
    most->second = static_cast<std::uint64_t>(static_cast<std::int64_t>(most->second) + change);
    missing -= change;
  }
  return frequencies;
}

std::uint64_t begin_of(const Frequencies& frequencies, std::uint8_t byte) {
  std::uint64_t begin = 0;
  for (const auto& [other, frequency] : frequencies)
    if (other < byte) begin += frequency;
  return begin;
}

Bytes coded_block(const Bytes& block) {
  const Frequencies frequencies = frequencies_of(block);
  Bits bits;
  for (unsigned b = 0; b < 256; ++b) bits.push_back(frequencies.contains(static_cast<std::uint8_t>(b)));
  for (const auto& [byte, frequency] : frequencies) {
    unsigned below = 0;
    while (frequency >> (below + 1) > 0) ++below;
    bits.insert(bits.end(), below, false);
    bits.push_back(true);
    for (unsigned b = 0; b < below; ++b) bits.push_back(((frequency >> b) & 1) != 0);
  }
  Bytes bytes;
  append_bits(bytes, bits);
  std::uint64_t states[4] = {65536, 65536, 65536, 65536};
  std::deque<std::uint64_t> words;
  for (std::size_t i = block.size(); i-- > 0;) {
    const std::uint64_t f = frequencies.at(block[i]);
    std::uint64_t& x = states[i % 4];
    const auto pushed = [&](std::uint64_t from) {
      return from / f * 4096 + from % f + begin_of(frequencies, block[i]);
    };
    if (pushed(x) >> 32 != 0) {
      words.push_front(x & 0xFFFF);
      x >>= 16;
    }
    x = pushed(x);
  }
  for (const std::uint64_t x : states) append_u32(bytes, x);
  for (const std::uint64_t word : words) {
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
  }
  return bytes;
}

Bytes decoded_block(const Bytes& bytes, std::size_t at, std::size_t length) {
  Frequencies frequencies;
  std::size_t bit = 256;
  for (std::size_t b = 0; b < 256; ++b) {
    if (!bit_at(bytes, at, b)) continue;
    unsigned below = 0;
    while (!bit_at(bytes, at, bit++)) ++below;
    std::uint64_t frequency = std::uint64_t{1} << below;
    for (unsigned j = 0; j < below; ++j) frequency |= static_cast<std::uint64_t>(bit_at(bytes, at, bit++)) << j;
    frequencies[static_cast<std::uint8_t>(b)] = frequency;
  }
  at += (bit + 7) / 8;
  std::uint64_t states[4];
  for (std::uint64_t& x : states) x = u32_at(bytes, at), at += 4;
  Bytes block;
  for (std::size_t i = 0; i < length; ++i) {
    std::uint64_t& x = states[i % 4];
    const std::uint64_t slot = x % 4096;
    for (const auto& [byte, frequency] : frequencies) {
      const std::uint64_t begin = begin_of(frequencies, byte);
      if (slot < begin || slot >= begin + frequency) continue;
      block.push_back(byte);
      x = frequency * (x / 4096) + slot - begin;
      break;
    }
    if (x >= 65536) continue;
    x = (x << 16) + bytes[at] + 256u * bytes[at + 1];
    at += 2;
  }
  return block;
}

class EntropyReference final : public Reference {
 public:
  explicit EntropyReference(ReferencePointer before) : before_(std::move(before)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    const Bytes block = before_->encode(x, key);
    Bytes bytes;
    if (block.empty()) return bytes;
    append_u32(bytes, block.size());
    std::map<std::uint8_t, double> counts;
    for (const std::uint8_t byte : block) ++counts[byte];
    double squares = 0;
    for (const auto& [byte, count] : counts) squares += count * count;
    const Bytes coded = coded_block(block);
    const auto n = static_cast<double>(block.size());
    const bool shorter = 248 * squares > n * n && coded.size() < block.size();
    bytes.push_back(shorter ? 1 : 0);
    bytes.insert(bytes.end(), (shorter ? coded : block).begin(), (shorter ? coded : block).end());
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    if (bytes.empty()) return before_->decode({}, d, key);
    const Bytes block =
        bytes[4] == 0 ? Bytes(bytes.begin() + 5, bytes.end()) : decoded_block(bytes, 5, u32_at(bytes, 0));
    return before_->decode(block, d, key);
  }

  std::optional<double> expected_error(const Floats& x) const override { return before_->expected_error(x); }

 private:
  ReferencePointer before_;
};

// bytensor

class BytensorReference final : public Reference {
 public:
  BytensorReference(std::size_t min_size, ReferencePointer fallback)
      : min_size_(min_size), fallback_(std::move(fallback)), identity_(identity_reference()) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    Bytes bytes;
    if (x.empty()) return bytes;
    const Bytes part = chosen(x.size()).encode(x, own_key(key));
    append_u32(bytes, part.size());
    bytes.insert(bytes.end(), part.begin(), part.end());
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    if (d == 0) return {};
    return chosen(d).decode(Bytes(bytes.begin() + 4, bytes.end()), d, own_key(key));
  }

  std::optional<double> expected_error(const Floats& x) const override { return chosen(x.size()).expected_error(x); }

 private:
  const Reference& chosen(std::size_t d) const { return d < min_size_ ? *identity_ : *fallback_; }

  /// Of the first tensor; small ones are exact and need none.
  static base::RandomKey own_key(base::RandomKey key) {
    key = key_of_values(key);
    key.seed ^= 0xD1B54A32D192ED03u;
    return key_of_values(key);
  }

  std::size_t min_size_;
  ReferencePointer fallback_, identity_;
};

}  // namespace

ReferencePointer entropy_reference(ReferencePointer before) {
  return std::make_unique<EntropyReference>(std::move(before));
}

ReferencePointer bytensor_reference(std::size_t min_size, ReferencePointer fallback) {
  return std::make_unique<BytensorReference>(min_size, std::move(fallback));
}

}  // namespace parley::compression::test
