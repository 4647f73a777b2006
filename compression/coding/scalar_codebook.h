// What operators share that turn every coordinate into one of k numbers, which travel with the indices.
//
//   payload  := codebook indices           or d x f32, if that is no longer
//   codebook := k x f32                    strictly ascending up to the last that is in use, which is then repeated
//   indices  := ceil(d*width/8) x u8       of width = bit_width(k - 1) bits, least significant first; pad bits are zero
//
// Cells are intervals, made of bins of the floats by their upper halves (coding/float_bins.h): a bin is not divided,
// and everything else is exact. With a number c for n coordinates of mean m, what is held of |x|^2 is n c (2 m - c).
//
// A promise, whatever cells an operator finds: the sender sums up what they hold, and if that is less than the best
// cut of x in two holds of any vector, it sends the cells of k-means instead. The best cut holds at least
// M = max over j and sides of c_j^2 / j, c_j being the sum of the j largest magnitudes of a side, and of a side of n
// coordinates M is at least its energy times optimal_support_delta(n) (coding/ternary_support.h). So both sides have at
// most M (1 / optimal_support_delta(a) + 1 / optimal_support_delta(b)), a + b = d, which is largest for a = b:
// delta = optimal_support_delta(ceil(d / 2)) / 2, some 2 / log d. (Bins are no loss: between two ends of a run of equal
// magnitudes (c + v t)^2 / (j + t) is convex.)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compression/coding/clusters.h"
#include "compression/coding/float_bins.h"
#include "compression/compressor.h"

namespace parley::compression {

struct CodebookState : State {
  explicit CodebookState(std::size_t k);

  FloatBins bins;                   ///< of the vector that is being encoded
  std::vector<std::uint32_t> ends;  ///< one past the last bin of each cell; the first cell begins with bin 0
  std::vector<double> centroids;    ///< what the cells become, ascending
  Clusters clusters;
  std::vector<float> codebook;
  std::vector<std::uint8_t> indices;  ///< of every key of a bin
};

class ScalarCodebook : public Compressor {
 public:
  ScalarCodebook(std::string spec, std::uint8_t wire_id, std::size_t k);

  const std::string& spec() const final { return spec_; }
  std::uint8_t wire_id() const final { return wire_id_; }
  Properties properties(std::size_t d) const final;
  std::size_t max_payload_size(std::size_t d) const final {
    return sends_all(d) ? sizeof(float) * d : codebook_size() + index_size(d);
  }

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const final;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const final;

  void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const final {
    if (sends_all(d)) return use({0, d, 32});
    use({codebook_size(), d, width_});
  }

  std::size_t slice() const final { return 8; }  // whose indices are whole bytes
  base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const final;
  void add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                 std::span<float> y) const final;

 protected:
  std::size_t k() const { return k_; }

 private:
  /// Sets `ends` and `centroids` from the bins of d > 0 coordinates: at least one and at most k cells, none empty.
  virtual void find_cells(std::size_t d, CodebookState& state) const = 0;

  std::size_t codebook_size() const { return sizeof(float) * k_; }
  std::size_t index_size(std::size_t d) const { return (d * width_ + 7) / 8; }
  bool sends_all(std::size_t d) const { return sizeof(float) * d <= codebook_size() + index_size(d); }

  std::string spec_;
  std::uint8_t wire_id_;
  std::size_t k_;
  unsigned width_;
};

/// sum over bins of count * mean^2: |x|^2, but for what is within the bins.
double energy_of(std::span<const FloatBins::Bin> bins);

}  // namespace parley::compression
