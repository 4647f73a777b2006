#include "selection_reference.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sparse_reference.h"

namespace parley::compression::test {
namespace {

/// A sparsifier that differs from others in what it chooses.
class ChoosingReference : public Reference {
 public:
  explicit ChoosingReference(ReferencePointer values) : code_(std::move(values)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    return code_.encode(x, chosen(x, key), most(x.size()), key);
  }
  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    return code_.decode(bytes, d, most(d), key);
  }
  std::optional<double> expected_error(const Floats& x) const override {
    return code_.expected_error(x, chosen(x, {}));
  }

 protected:
  virtual Indices chosen(const Floats& x, const base::RandomKey& key) const = 0;
  virtual std::size_t most(std::size_t d) const = 0;

 private:
  KeptReference code_;
};

class BlockTopkReference final : public ChoosingReference {
 public:
  BlockTopkReference(std::size_t block, Kept kept, ReferencePointer values)
      : ChoosingReference(std::move(values)), block_(block), kept_(kept) {}

 private:
  Indices chosen(const Floats& x, const base::RandomKey&) const override {
    Indices all;
    for (std::size_t i = 0; i < x.size(); i += block_) {
      const std::size_t length = std::min(block_, x.size() - i);
      const Indices here = largest(x, kept_.of(length), static_cast<std::uint32_t>(i), length);
      all.insert(all.end(), here.begin(), here.end());
    }
    return all;
  }
  std::size_t most(std::size_t d) const override {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < d; i += block_) sum += kept_.of(std::min(block_, d - i));
    return sum;
  }

  std::size_t block_;
  Kept kept_;
};

class LargestBlocksReference final : public Reference {
 public:
  LargestBlocksReference(std::size_t block, Kept kept, ReferencePointer values)
      : block_(block), kept_(kept), values_(std::move(values)) {}

  Bytes encode(const Floats& x, const base::RandomKey& key) const override {
    if (x.empty()) return {};
    const Indices blocks = chosen(x);
    Bytes bytes = encoded_indices(blocks, count(x.size()), kept_.of(count(x.size())));
    const Bytes values = values_->encode(picked(x, coordinates(blocks, x.size())), key_of_values(key));
    bytes.insert(bytes.end(), values.begin(), values.end());
    return bytes;
  }

  Floats decode(const Bytes& bytes, std::size_t d, const base::RandomKey& key) const override {
    Floats x(d);
    if (d == 0) return x;
    Bytes rest = bytes;
    const Indices kept = coordinates(decoded_indices(rest, count(d), kept_.of(count(d))), d);
    const Floats values = values_->decode(rest, kept.size(), key_of_values(key));
    for (std::size_t j = 0; j < kept.size(); ++j) x[kept[j]] = values[j];
    return x;
  }

  std::optional<double> expected_error(const Floats& x) const override {
    if (x.empty()) return 0;
    const Indices kept = coordinates(chosen(x), x.size());
    const auto of_values = values_->expected_error(picked(x, kept));
    if (!of_values) return std::nullopt;
    double dropped = 0;
    for (std::uint32_t i = 0; i < x.size(); ++i)
      if (!std::binary_search(kept.begin(), kept.end(), i)) dropped += static_cast<double>(x[i]) * x[i];
    return dropped + *of_values;
  }

 private:
  std::size_t count(std::size_t d) const { return (d + block_ - 1) / block_; }

  Indices coordinates(const Indices& blocks, std::size_t d) const {
    Indices all;
    for (std::uint32_t i = 0; i < d; ++i)
      if (std::binary_search(blocks.begin(), blocks.end(), static_cast<std::uint32_t>(i / block_))) all.push_back(i);
    return all;
  }

  Indices chosen(const Floats& x) const {
    // Energies in the order that kernels/scan.h gives for sums.
    std::vector<double> energies;
    for (std::size_t start = 0; start < x.size(); start += block_) {
      std::vector<double> sums(16, 0.0);
      for (std::size_t i = start; i < std::min(start + block_, x.size()); ++i)
        sums[(i - start) % 16] += static_cast<double>(x[i]) * x[i];
      for (std::size_t half = 8; half > 0; half /= 2)
        for (std::size_t j = 0; j < half; ++j) sums[j] += sums[half + j];
      energies.push_back(sums[0]);
    }
    Indices order(energies.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return energies[a] > energies[b]; });
    order.resize(kept_.of(order.size()));
    std::erase_if(order, [&](std::uint32_t b) { return energies[b] == 0; });
    std::sort(order.begin(), order.end());
    return order;
  }

  std::size_t block_;
  Kept kept_;
  ReferencePointer values_;
};

class ThresholdReference final : public ChoosingReference {
 public:
  ThresholdReference(float value, double most, ReferencePointer values)
      : ChoosingReference(std::move(values)), value_(value), most_(most) {}

 private:
  Indices chosen(const Floats& x, const base::RandomKey&) const override {
    const auto above = std::count_if(x.begin(), x.end(), [&](float v) { return std::abs(v) > value_; });
    return largest(x, std::min(most(x.size()), static_cast<std::size_t>(above)));
  }
  std::size_t most(std::size_t d) const override { return Kept{.ratio = most_}.of(d); }

  float value_;
  double most_;
};

class SampledTopkReference final : public ChoosingReference {
 public:
  SampledTopkReference(Kept kept, ReferencePointer values) : ChoosingReference(std::move(values)), kept_(kept) {}

  std::optional<double> expected_error(const Floats& x) const override {
    if (sample_and_rank(x.size()).second != 0) return std::nullopt;
    return ChoosingReference::expected_error(x);
  }

 private:
  std::pair<std::size_t, std::size_t> sample_and_rank(std::size_t d) const {
    if (d == 0) return {0, 0};
    const std::size_t s = std::min<std::size_t>(std::max<std::size_t>(d / 16, 256), 16384);
    if (d == 0) return {s, 0};
    const double k = static_cast<double>(kept_.of(d));
    const auto r = static_cast<std::size_t>(std::round(k * static_cast<double>(s + 1) / static_cast<double>(d)));
    return {s, r < 16 || r > s || 2 * s > d ? 0 : r};
  }

  Indices chosen(const Floats& x, const base::RandomKey& key) const override {
    const auto [s, r] = sample_and_rank(x.size());
    if (r == 0) return largest(x, kept_.of(x.size()));
    Floats sample;
    for (std::size_t i = 0; i < s; ++i)
      sample.push_back(std::abs(x[std::uint64_t{random_word(key, 0, i)} * x.size() >> 32]));
    std::sort(sample.rbegin(), sample.rend());
    const auto above = std::count_if(x.begin(), x.end(), [&](float v) { return std::abs(v) >= sample[r - 1]; });
    return largest(x, std::min(most(x.size()), static_cast<std::size_t>(above)));
  }
  std::size_t most(std::size_t d) const override {
    const std::size_t k = kept_.of(d);
    return std::min(d, k + static_cast<std::size_t>(std::ceil(static_cast<double>(k) / 4)));
  }

  Kept kept_;
};

}  // namespace

ReferencePointer blocktopk_reference(std::size_t block, Kept kept, ReferencePointer values) {
  return std::make_unique<BlockTopkReference>(block, kept, std::move(values));
}
ReferencePointer largest_blocks_reference(std::size_t block, Kept kept, ReferencePointer values) {
  return std::make_unique<LargestBlocksReference>(block, kept, std::move(values));
}
ReferencePointer threshold_reference(float value, double most, ReferencePointer values) {
  return std::make_unique<ThresholdReference>(value, most, std::move(values));
}
ReferencePointer sampledtopk_reference(Kept kept, ReferencePointer values) {
  return std::make_unique<SampledTopkReference>(kept, std::move(values));
}

}  // namespace parley::compression::test
