#include <map>
#include <numeric>

#include "bucket_reference.h"
#include "code_reference.h"

namespace parley::compression::test {
namespace {

/// Symbols and the number of 4096 parts that each is given.
using Frequencies = std::vector<unsigned>;

Frequencies fitted(const std::vector<int>& symbols, std::size_t alphabet) {
  Frequencies frequencies(alphabet);
  for (const int symbol : symbols) ++frequencies[static_cast<std::size_t>(symbol)];
  for (unsigned& f : frequencies)
    if (f > 0) f = std::max(1u, static_cast<unsigned>(std::uint64_t{f} * 4096 / symbols.size()));
  for (;;) {
    const int missing = 4096 - static_cast<int>(std::accumulate(frequencies.begin(), frequencies.end(), 0u));
    if (missing == 0) return frequencies;
    const auto most = std::max_element(frequencies.begin(), frequencies.end());
    const int change = std::max(missing, 1 - static_cast<int>(*most));
    *most = static_cast<unsigned>(static_cast<int>(*most) + change);
  }
}

unsigned begin_of(const Frequencies& frequencies, int symbol) {
  return std::accumulate(frequencies.begin(), frequencies.begin() + symbol, 0u);
}

/// The codes of qsgd's reference, coded once more.
class EcqReference final : public Reference {
 public:
  explicit EcqReference(QsgdOptions options)
      : o_(options), alphabet_(2 * static_cast<std::size_t>(options.levels) + 1), fixed_(qsgd_reference(options)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    const Bytes fixed = fixed_->encode(x, key);
    Bytes bytes;
    std::vector<int> symbols;
    for (std::size_t start = 0, at = 0; start < x.size(); start += o_.bucket) {
      const std::size_t n = std::min(o_.bucket, x.size() - start);
      put_float(bytes, get_float(fixed, at));
      for (std::size_t i = 0; i < n; ++i) symbols.push_back(get_code(fixed, at + 4, i, o_.bits) + o_.levels);
      at += 4 + (n * o_.bits + 7) / 8;
    }
    for (std::size_t i = 0; i < symbols.size(); i += block()) {
      const auto first = symbols.begin() + static_cast<std::ptrdiff_t>(i);
      const auto n = static_cast<std::ptrdiff_t>(std::min(block(), symbols.size() - i));
      put_block(bytes, {first, first + n});
    }
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    std::size_t at = (d + o_.bucket - 1) / o_.bucket * 4;
    std::vector<int> symbols;
    for (std::size_t i = 0; i < d; i += block()) {
      const std::vector<int> more = get_block(bytes, at, std::min(block(), d - i));
      symbols.insert(symbols.end(), more.begin(), more.end());
    }
    Bytes fixed;
    for (std::size_t start = 0; start < d; start += o_.bucket) {
      std::vector<int> codes;
      for (std::size_t i = start; i < std::min(d, start + o_.bucket); ++i) codes.push_back(symbols[i] - o_.levels);
      put_float(fixed, get_float(bytes, start / o_.bucket * 4));
      put_codes(fixed, codes, o_.bits);
    }
    return fixed_->decode(fixed, d, key);
  }

  std::optional<double> expected_error(const Floats& x) const override { return fixed_->expected_error(x); }

 private:
  std::size_t block() const { return o_.bucket > 65536 ? o_.bucket : 65536 / o_.bucket * o_.bucket; }

  void put_block(Bytes& bytes, const std::vector<int>& symbols) const {
    const Frequencies frequencies = fitted(symbols, alphabet_);
    std::vector<std::uint64_t> states(4, 65536);
    std::vector<unsigned> words;
    for (std::size_t i = symbols.size(); i-- > 0;) {
      const std::uint64_t f = frequencies[static_cast<std::size_t>(symbols[i])];
      const std::uint64_t c = begin_of(frequencies, symbols[i]);
      std::uint64_t& x = states[i % 4];
      if (x / f * 4096 + x % f + c >= 0x100000000) {
        words.push_back(static_cast<unsigned>(x & 0xFFFF));
        x >>= 16;
      }
      x = x / f * 4096 + x % f + c;
    }
    Bytes coded = {1};
    for (const unsigned f : frequencies) put_word(coded, f);
    for (const std::uint64_t x : states) {
      put_word(coded, static_cast<unsigned>(x & 0xFFFF));
      put_word(coded, static_cast<unsigned>(x >> 16));
    }
    for (std::size_t i = words.size(); i-- > 0;) put_word(coded, words[i]);
    std::vector<int> codes;
    for (const int symbol : symbols) codes.push_back(symbol - o_.levels);
    Bytes plain = {0};
    put_codes(plain, codes, o_.bits);
    const Bytes& shorter = coded.size() < plain.size() ? coded : plain;
    bytes.insert(bytes.end(), shorter.begin(), shorter.end());
  }

  /// Moves `at` to the end of the block.
  std::vector<int> get_block(const Bytes& bytes, std::size_t& at, std::size_t n) const {
    std::vector<int> symbols;
    if (bytes[at++] == 0) {
      for (std::size_t i = 0; i < n; ++i) symbols.push_back(get_code(bytes, at, i, o_.bits) + o_.levels);
      at += (n * o_.bits + 7) / 8;
      return symbols;
    }
    Frequencies frequencies;
    for (std::size_t k = 0; k < alphabet_; ++k) frequencies.push_back(get_word(bytes, at));
    std::vector<std::uint64_t> states;
    for (int j = 0; j < 4; ++j) {
      const std::uint64_t low = get_word(bytes, at);
      states.push_back(low + 65536 * std::uint64_t{get_word(bytes, at)});
    }
    std::map<unsigned, int> symbol_that_begins;
    for (std::size_t k = 0; k < alphabet_; ++k)
      if (frequencies[k] > 0) symbol_that_begins[begin_of(frequencies, static_cast<int>(k))] = static_cast<int>(k);
    for (std::size_t i = 0; i < n; ++i) {
      std::uint64_t& x = states[i % 4];
      const auto slot = static_cast<unsigned>(x % 4096);
      const auto [begin, symbol] = *std::prev(symbol_that_begins.upper_bound(slot));
      symbols.push_back(symbol);
      x = frequencies[static_cast<std::size_t>(symbol)] * (x / 4096) + slot - begin;
      if (x < 65536) x = x * 65536 + get_word(bytes, at);
    }
    return symbols;
  }

  static void put_word(Bytes& bytes, unsigned word) {
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
  }
  static unsigned get_word(const Bytes& bytes, std::size_t& at) {
    at += 2;
    return bytes.at(at - 2) | static_cast<unsigned>(bytes.at(at - 1)) << 8;
  }

  QsgdOptions o_;
  std::size_t alphabet_;
  ReferencePointer fixed_;
};

}  // namespace

ReferencePointer ecq_reference(QsgdOptions options) {
  return std::make_unique<EcqReference>(options);
}

}  // namespace parley::compression::test
