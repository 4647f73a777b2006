#include "stage_reference.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <string>

#include "reference_parts.h"

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
  append_codes(bytes, std::vector<unsigned>(bits.begin(), bits.end()), 1);
}

bool bit_at(const Bytes& bytes, std::size_t at, std::size_t bit) {
  return code_at(bytes, at, bit, 1) != 0;
}

using Symbols = std::vector<unsigned>;
using Counts = std::map<unsigned, std::uint64_t>;

Counts counts_of(const Symbols& symbols) {
  Counts counts;
  for (const unsigned symbol : symbols) ++counts[symbol];
  return counts;
}

/// A block of symbols of `width` bits.
class BlockCode {
 public:
  virtual ~BlockCode() = default;
  virtual bool is_worth_a_try(const Symbols& block, unsigned width) const = 0;
  virtual Bytes code(const Symbols& block, unsigned width) const = 0;
  /// Moves `at` behind what it reads.
  virtual Symbols decode(const Bytes& bytes, std::size_t& at, std::size_t n, unsigned width) const = 0;
};

// rANS

Counts frequencies_of(const Symbols& symbols) {
  const Counts counts = counts_of(symbols);
  Counts frequencies;
  std::int64_t missing = 4096;
  for (const auto& [symbol, count] : counts) {
    frequencies[symbol] = std::max<std::uint64_t>(1, 4096 * count / symbols.size());
    missing -= static_cast<std::int64_t>(frequencies[symbol]);
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

std::uint64_t begin_of(const Counts& frequencies, unsigned symbol) {
  std::uint64_t begin = 0;
  for (const auto& [other, frequency] : frequencies)
    if (other < symbol) begin += frequency;
  return begin;
}

class RansBlock final : public BlockCode {
 public:
  bool is_worth_a_try(const Symbols& block, unsigned width) const override {
    double squares = 0;
    for (const auto& [symbol, count] : counts_of(block)) squares += std::pow(static_cast<double>(count), 2);
    return 31 * std::ldexp(squares, static_cast<int>(width)) > 32 * std::pow(static_cast<double>(block.size()), 2);
  }

  Bytes code(const Symbols& block, unsigned width) const override {
    const Counts frequencies = frequencies_of(block);
    Bits bits;
    for (unsigned s = 0; s < bitmap(width); ++s) bits.push_back(frequencies.contains(s));
    for (const auto& [symbol, frequency] : frequencies) {
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

  Symbols decode(const Bytes& bytes, std::size_t& at, std::size_t n, unsigned width) const override {
    Counts frequencies;
    std::size_t bit = bitmap(width);
    for (unsigned s = 0; s < bitmap(width); ++s) {
      if (!bit_at(bytes, at, s)) continue;
      unsigned below = 0;
      while (!bit_at(bytes, at, bit++)) ++below;
      std::uint64_t frequency = std::uint64_t{1} << below;
      for (unsigned j = 0; j < below; ++j) frequency |= static_cast<std::uint64_t>(bit_at(bytes, at, bit++)) << j;
      frequencies[s] = frequency;
    }
    at += (bit + 7) / 8;
    std::uint64_t states[4];
    for (std::uint64_t& x : states) x = u32_at(bytes, at), at += 4;
    Symbols block;
    for (std::size_t i = 0; i < n; ++i) {
      std::uint64_t& x = states[i % 4];
      const std::uint64_t slot = x % 4096;
      for (const auto& [symbol, frequency] : frequencies) {
        const std::uint64_t begin = begin_of(frequencies, symbol);
        if (slot < begin || slot >= begin + frequency) continue;
        block.push_back(symbol);
        x = frequency * (x / 4096) + slot - begin;
        break;
      }
      if (x >= 65536) continue;
      x = (x << 16) + bytes[at] + 256u * bytes[at + 1];
      at += 2;
    }
    return block;
  }

 private:
  static unsigned bitmap(unsigned width) { return std::max(8u, 1u << width); }
};

// Huffman

class HuffmanBlock final : public BlockCode {
 public:
  bool is_worth_a_try(const Symbols&, unsigned) const override { return true; }

  Bytes code(const Symbols& block, unsigned width) const override {
    std::map<unsigned, unsigned> lengths = lengths_of(counts_of(block));
    Bytes bytes;
    std::vector<unsigned> nibbles;
    for (unsigned s = 0; s < std::max(2u, 1u << width); ++s) nibbles.push_back(lengths.contains(s) ? lengths[s] : 0);
    append_codes(bytes, nibbles, 4);
    if (lengths.size() == 1) return bytes;
    const auto words = words_of(lengths);
    Bits bits;
    for (const unsigned symbol : block)
      for (const char c : words.at(symbol)) bits.push_back(c == '1');
    append_bits(bytes, bits);
    return bytes;
  }

  Symbols decode(const Bytes& bytes, std::size_t& at, std::size_t n, unsigned width) const override {
    std::map<unsigned, unsigned> lengths;
    const unsigned most = std::max(2u, 1u << width);
    for (unsigned s = 0; s < most; ++s)
      if (const unsigned length = code_at(bytes, at, s, 4); length > 0) lengths[s] = length;
    at += most / 2;
    if (lengths.size() == 1) return Symbols(n, lengths.begin()->first);
    std::map<std::string, unsigned> symbols;
    for (const auto& [symbol, word] : words_of(lengths)) symbols[word] = symbol;
    Symbols block;
    std::string read;
    std::size_t bit = 0;
    while (block.size() < n) {
      read += bit_at(bytes, at, bit++) ? '1' : '0';
      if (!symbols.contains(read)) continue;
      block.push_back(symbols[read]);
      read.clear();
    }
    at += (bit + 7) / 8;
    return block;
  }

 private:
  struct Tree {
    std::uint64_t weight;
    std::size_t age;  ///< a symbol's number, or 256 and more in the order of joining
    std::vector<unsigned> symbols;
    bool operator<(const Tree& other) const { return std::pair(weight, age) < std::pair(other.weight, other.age); }
  };

  static std::map<unsigned, unsigned> lengths_of(Counts counts) {
    for (;;) {
      std::map<unsigned, unsigned> lengths;
      std::vector<Tree> trees;
      for (const auto& [symbol, count] : counts) {
        lengths[symbol] = 0;
        trees.push_back({count, symbol, {symbol}});
      }
      for (std::size_t age = 256; trees.size() > 1; ++age) {
        std::sort(trees.begin(), trees.end());
        Tree joined{trees[0].weight + trees[1].weight, age, trees[0].symbols};
        joined.symbols.insert(joined.symbols.end(), trees[1].symbols.begin(), trees[1].symbols.end());
        for (const unsigned symbol : joined.symbols) ++lengths[symbol];
        trees.erase(trees.begin(), trees.begin() + 2);
        trees.push_back(joined);
      }
      if (lengths.size() == 1) lengths.begin()->second = 1;
      if (std::ranges::all_of(lengths, [](const auto& l) { return l.second <= 12; })) return lengths;
      for (auto& entry : counts) entry.second = (entry.second + 1) / 2;
    }
  }

  /// The first code is all zeros, and each following one the number after it, with zeros appended.
  static std::map<unsigned, std::string> words_of(const std::map<unsigned, unsigned>& lengths) {
    std::vector<std::pair<unsigned, unsigned>> order;
    for (const auto& [symbol, length] : lengths) order.emplace_back(length, symbol);
    std::sort(order.begin(), order.end());
    std::map<unsigned, std::string> words;
    std::string word;
    for (const auto& [length, symbol] : order) {
      if (!word.empty()) {
        while (word.back() == '1') word.pop_back();
        word.back() = '1';
        // What was popped comes back as zeros.
      }
      word.resize(length, '0');
      words[symbol] = word;
    }
    return words;
  }
};

/// A stage behind an operator whose payload has at most one block of each kind.
class CodedReference final : public Reference {
 public:
  CodedReference(ReferencePointer before, Parts parts, std::unique_ptr<BlockCode> code)
      : before_(std::move(before)), parts_(std::move(parts)), code_(std::move(code)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    const Bytes payload = before_->encode(x, key);
    Bytes bytes;
    if (payload.empty()) return bytes;
    append_u32(bytes, payload.size());
    Symbols others, codes;
    unsigned bits = 0;
    std::size_t at = 0;
    for (const Part& part : parts_of(x.size(), payload.size())) {
      others.insert(others.end(), payload.begin() + static_cast<std::ptrdiff_t>(at),
                    payload.begin() + static_cast<std::ptrdiff_t>(at + part.bytes));
      at += part.bytes;
      for (std::size_t i = 0; i < part.codes; ++i) codes.push_back(code_at(payload, at, i, part.bits));
      at += (part.codes * part.bits + 7) / 8;
      bits = std::max(bits, part.bits);
    }
    append(bytes, others, 8);
    for (unsigned shift = 0; shift < bits;) {
      const unsigned width = width_of(bits, shift);
      Symbols plane;
      for (const unsigned code : codes) plane.push_back((code >> shift) & ((1u << width) - 1));
      append(bytes, plane, width);
      shift += width;
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    if (bytes.empty()) return before_->decode({}, d, key);
    const std::vector<Part> parts = parts_of(d, u32_at(bytes, 0));
    std::size_t others = 0, codes = 0, at = 4;
    unsigned bits = 0;
    for (const Part& part : parts) others += part.bytes, codes += part.codes, bits = std::max(bits, part.bits);
    const Symbols plain = read(bytes, at, others, 8);
    std::vector<unsigned> values(codes);
    for (unsigned shift = 0; shift < bits;) {
      const unsigned width = width_of(bits, shift);
      const Symbols plane = read(bytes, at, codes, width);
      for (std::size_t i = 0; i < codes; ++i) values[i] |= plane[i] << shift;
      shift += width;
    }
    Bytes payload;
    std::size_t byte = 0, code = 0;
    for (const Part& part : parts) {
      for (std::size_t i = 0; i < part.bytes; ++i) payload.push_back(static_cast<std::uint8_t>(plain[byte++]));
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(code);
      append_codes(payload, {first, first + static_cast<std::ptrdiff_t>(part.codes)}, part.bits);
      code += part.codes;
    }
    return before_->decode(payload, d, key);
  }

  std::optional<double> expected_error(const Floats& x) const override { return before_->expected_error(x); }

 private:
  std::vector<Part> parts_of(std::size_t d, std::size_t size) const {
    if (!parts_) return {{size, 0, 0}};
    std::vector<Part> parts = parts_(d);
    for (Part& part : parts)
      if (part.bits == 1 || part.bits == 2 || part.bits == 4) part = {part.bytes, (part.codes * part.bits + 7) / 8, 8};
    return parts;
  }
  /// Of the plane from bit `shift` on: the lowest is as wide as must be for the others to be bytes.
  static unsigned width_of(unsigned bits, unsigned shift) { return shift == 0 ? (bits - 1) % 8 + 1 : 8; }

  void append(Bytes& bytes, const Symbols& symbols, unsigned width) const {
    if (symbols.empty()) return;
    Bytes plain;
    append_codes(plain, symbols, width);
    const Bytes coded = code_->code(symbols, width);
    const bool shorter = code_->is_worth_a_try(symbols, width) && coded.size() < plain.size();
    bytes.push_back(shorter ? 1 : 0);
    bytes.insert(bytes.end(), (shorter ? coded : plain).begin(), (shorter ? coded : plain).end());
  }

  Symbols read(const Bytes& bytes, std::size_t& at, std::size_t n, unsigned width) const {
    if (n == 0) return {};
    if (bytes[at++] == 1) return code_->decode(bytes, at, n, width);
    Symbols symbols;
    for (std::size_t i = 0; i < n; ++i) symbols.push_back(code_at(bytes, at, i, width));
    at += (n * width + 7) / 8;
    return symbols;
  }

  ReferencePointer before_;
  Parts parts_;
  std::unique_ptr<BlockCode> code_;
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

Parts buckets(std::size_t header, std::size_t bucket, unsigned bits) {
  return [=](std::size_t d) {
    std::vector<Part> parts;
    for (std::size_t i = 0; i < d; i += bucket) parts.push_back({header, std::min(bucket, d - i), bits});
    return parts;
  };
}

ReferencePointer entropy_reference(ReferencePointer before, Parts parts) {
  return std::make_unique<CodedReference>(std::move(before), std::move(parts), std::make_unique<RansBlock>());
}

ReferencePointer huffman_reference(ReferencePointer before, Parts parts) {
  return std::make_unique<CodedReference>(std::move(before), std::move(parts), std::make_unique<HuffmanBlock>());
}

ReferencePointer bytensor_reference(std::size_t min_size, ReferencePointer fallback) {
  return std::make_unique<BytensorReference>(min_size, std::move(fallback));
}

}  // namespace parley::compression::test
