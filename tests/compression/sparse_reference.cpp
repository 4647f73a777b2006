#include "sparse_reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace parley::compression::test {
namespace {

using Bits = std::vector<bool>;

void put(Bits& bits, std::uint64_t value, unsigned count) {
  for (unsigned b = 0; b < count; ++b) bits.push_back(((value >> b) & 1) != 0);
}

Bits gap_bits(const Indices& indices, unsigned b, std::int64_t last = -1) {
  Bits bits;
  for (const std::uint32_t index : indices) {
    const std::uint64_t gap = static_cast<std::uint64_t>(index - last - 1);
    for (std::uint64_t zero = 0; zero < gap >> b; ++zero) bits.push_back(false);
    bits.push_back(true);
    put(bits, gap & ((std::uint64_t{1} << b) - 1), b);
    last = index;
  }
  return bits;
}

/// The shortest of all gap codes, of equals the first, and its parameter.
std::pair<Bits, unsigned> best_gap_bits(const Indices& indices, std::int64_t last = -1) {
  std::pair<Bits, unsigned> best{gap_bits(indices, 0, last), 0};
  for (unsigned b = 1; b < 32; ++b) {
    Bits bits = gap_bits(indices, b, last);
    if (bits.size() < best.first.size()) best = {std::move(bits), b};
  }
  return best;
}

Bits run_bits(const Indices& indices) {
  Bits bits;
  std::int64_t last = -1;
  for (std::size_t j = 0; j < indices.size(); j += 128) {
    const Indices run(indices.begin() + static_cast<std::ptrdiff_t>(j),
                      indices.begin() + static_cast<std::ptrdiff_t>(std::min(indices.size(), j + 128)));
    const auto [of_run, b] = best_gap_bits(run, last);
    put(bits, b, 5);
    bits.insert(bits.end(), of_run.begin(), of_run.end());
    last = run.back();
  }
  return bits;
}

Bits byte_bits(const Indices& indices) {
  Bits bits;
  std::int64_t last = -1;
  for (const std::uint32_t index : indices) {
    for (auto gap = static_cast<std::uint64_t>(index - last - 1);; gap /= 128) {
      put(bits, gap % 128 + (gap >= 128 ? 128 : 0), 8);
      if (gap < 128) break;
    }
    last = index;
  }
  return bits;
}

unsigned width_of(std::size_t d) {
  unsigned width = 0;
  while ((std::uint64_t{1} << width) < d) ++width;
  return width;
}

Bits packed_bits(const Indices& indices, std::size_t d) {
  Bits bits;
  for (const std::uint32_t index : indices) put(bits, index, width_of(d));
  return bits;
}

}  // namespace

Bytes encoded_indices(const Indices& indices, std::size_t d, std::size_t k) {
  std::pair<Bits, unsigned> chosen = best_gap_bits(indices);
  auto& [best, code] = chosen;
  const auto consider = [&chosen](unsigned other, Bits bits) {
    if (bits.size() < chosen.first.size()) chosen = {std::move(bits), other};
  };
  consider(32, packed_bits(indices, d));
  if (indices.size() == d) consider(33, {});
  consider(34, byte_bits(indices));
  consider(35, run_bits(indices));
  Bytes bytes = {static_cast<std::uint8_t>(code | (indices.size() < k ? 128u : 0u))};
  if (indices.size() < k)
    for (unsigned b = 0; b < 32; b += 8) bytes.push_back(static_cast<std::uint8_t>((indices.size() >> b) & 0xFF));
  for (std::size_t i = 0; i < best.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t b = 0; b < 8 && i + b < best.size(); ++b) byte |= static_cast<unsigned>(best[i + b]) << b;
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  return bytes;
}

Indices decoded_indices(Bytes& bytes, std::size_t d, std::size_t k) {
  const unsigned code = bytes[0] & 127u;
  std::size_t at = 1, count = k;
  if (bytes[0] >= 128) {
    const std::size_t b1 = bytes[1], b2 = bytes[2], b3 = bytes[3], b4 = bytes[4];
    count = b1 | (b2 << 8) | (b3 << 16) | (b4 << 24);
    at = 5;
  }
  std::size_t bit = 8 * at;
  const auto next_bit = [&] {
    const bool value = ((bytes[bit / 8] >> (bit % 8)) & 1) != 0;
    ++bit;
    return value;
  };
  const auto number = [&](unsigned bits) {
    std::uint64_t value = 0;
    for (unsigned b = 0; b < bits; ++b) value |= static_cast<std::uint64_t>(next_bit()) << b;
    return value;
  };
  const auto gap_code = [&](unsigned b) {
    std::uint64_t quotient = 0;
    while (!next_bit()) ++quotient;
    return (quotient << b) + number(b);
  };
  const auto byte_code = [&] {
    std::uint64_t gap = 0, byte = 128;
    for (unsigned shift = 0; byte >= 128; shift += 7) gap |= ((byte = number(8)) % 128) << shift;
    return gap;
  };
  Indices indices;
  std::uint64_t next = 0;
  unsigned b = code;
  for (std::size_t j = 0; j < count; ++j) {
    std::uint64_t index = j;
    if (code == 32) index = number(width_of(d));
    if (code == 34) index = next + byte_code();
    if (code == 35 && j % 128 == 0) b = static_cast<unsigned>(number(5));
    if (code < 32 || code == 35) index = next + gap_code(b);
    indices.push_back(static_cast<std::uint32_t>(index));
    next = index + 1;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>((bit + 7) / 8));
  return indices;
}

Floats picked(const Floats& x, const Indices& indices) {
  Floats values;
  for (const std::uint32_t index : indices) values.push_back(x[index]);
  return values;
}

Bytes KeptReference::encode(const Floats& x, const Indices& indices, std::size_t k, const base::RandomKey& key) const {
  if (x.empty()) return {};
  Bytes bytes = encoded_indices(indices, x.size(), k);
  const Bytes values = values_->encode(picked(x, indices), key_of_values(key));
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

Floats KeptReference::decode(const Bytes& bytes, std::size_t d, std::size_t k, const base::RandomKey& key) const {
  Floats x(d);
  if (d == 0) return x;
  Bytes rest = bytes;
  const Indices indices = decoded_indices(rest, d, k);
  const Floats values = values_->decode(rest, indices.size(), key_of_values(key));
  for (std::size_t j = 0; j < indices.size(); ++j) x[indices[j]] = values[j];
  return x;
}

std::optional<double> KeptReference::expected_error(const Floats& x, const Indices& indices) const {
  const auto of_values = values_->expected_error(picked(x, indices));
  if (!of_values) return std::nullopt;
  double dropped = 0;
  std::size_t j = 0;
  for (std::uint32_t i = 0; i < x.size(); ++i) {
    if (j < indices.size() && indices[j] == i) {
      ++j;
    } else {
      dropped += static_cast<double>(x[i]) * x[i];
    }
  }
  return dropped + *of_values;
}

Indices largest(const Floats& x, std::size_t k, std::uint32_t first, std::size_t length) {
  Indices order(std::min(length, x.size() - first));
  std::iota(order.begin(), order.end(), first);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return std::abs(x[a]) > std::abs(x[b]); });
  if (order.size() > k) order.resize(k);
  std::erase_if(order, [&](std::uint32_t i) { return x[i] == 0; });
  std::sort(order.begin(), order.end());
  return order;
}

namespace {

double energy(const Floats& x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * value;
  return sum;
}

class TopkReference final : public Reference {
 public:
  TopkReference(Kept kept, ReferencePointer values) : kept_(kept), code_(std::move(values)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    return code_.encode(x, chosen(x), kept_.of(x.size()), key);
  }
  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    return code_.decode(bytes, d, kept_.of(d), key);
  }
  std::optional<double> expected_error(const Floats& x) const override { return code_.expected_error(x, chosen(x)); }

 private:
  Indices chosen(const Floats& x) const { return largest(x, kept_.of(x.size())); }

  Kept kept_;
  KeptReference code_;
};

class RandkReference final : public Reference {
 public:
  RandkReference(Kept kept, bool unbiased, ReferencePointer values)
      : kept_(kept), unbiased_(unbiased), values_(std::move(values)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    return values_->encode(picked(x, subset(x.size(), key)), key_of_values(key));
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    Floats x(d);
    const Indices indices = subset(d, key);
    const Floats values = values_->decode(bytes, indices.size(), key_of_values(key));
    constexpr float kLargest = std::numeric_limits<float>::max();
    for (std::size_t j = 0; j < indices.size(); ++j) {
      x[indices[j]] = values[j];
      if (!unbiased_ || indices.size() == d) continue;
      const auto factor = static_cast<float>(static_cast<double>(d) / static_cast<double>(indices.size()));
      x[indices[j]] = std::min(std::max(values[j] * factor, -kLargest), kLargest);
    }
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    if (x.empty() || kept_.of(x.size()) == x.size()) return values_->expected_error(x);
    if (values_->expected_error({1.0f, 0.3f}) != 0.0) return std::nullopt;  // only for values that are kept exactly
    const double share = static_cast<double>(kept_.of(x.size())) / static_cast<double>(x.size());
    return (unbiased_ ? 1 / share - 1 : 1 - share) * energy(x);
  }

 private:
  Indices subset(std::size_t d, const base::RandomKey& key) const {
    const std::size_t k = kept_.of(d);
    const bool leaves_out = k > d / 2;
    std::set<std::uint32_t> drawn;
    for (std::size_t i = 0; drawn.size() < (leaves_out ? d - k : k); ++i) {
      // Multiplication with rejection: the low half of the product must reach 2^32 mod d.
      const std::uint64_t product = std::uint64_t{random_word(key, 0, i)} * d;
      if ((product & 0xFFFFFFFF) >= (std::uint64_t{1} << 32) % d)
        drawn.insert(static_cast<std::uint32_t>(product >> 32));
    }
    Indices indices;
    for (std::uint32_t i = 0; i < d; ++i)
      if (drawn.contains(i) != leaves_out) indices.push_back(i);
    return indices;
  }

  Kept kept_;
  bool unbiased_;
  ReferencePointer values_;
};

}  // namespace

ReferencePointer topk_reference(Kept kept, ReferencePointer values) {
  return std::make_unique<TopkReference>(kept, std::move(values));
}

ReferencePointer randk_reference(Kept kept, bool unbiased, ReferencePointer values) {
  return std::make_unique<RandkReference>(kept, unbiased, std::move(values));
}

}  // namespace parley::compression::test
