// Counter-based random numbers: the n-th number of a stream is a function of the key and n, and of nothing else.
//
// The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). No distribution
// of the standard library is used, because theirs are implementation-defined and two peers must agree to the bit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/ids.h"

namespace parley::base {

/// What a stream of random numbers is for. Values are part of reproducibility: append only.
enum class Stream : std::uint16_t {
  initial_model = 1,
  minibatch = 2,
  compression = 3,
  partition = 4,
  graph = 5,
  glyphs_train = 6,
  glyphs_test = 7,
  schedule = 8,
  network = 9,
  test = 10,
};

/// Names one stream of random numbers. Streams with different keys are independent.
struct RandomKey {
  std::uint64_t seed = 0;
  PeerId peer{};
  Round round{};  ///< below 2^48
  Stream stream = Stream::test;
};

/// Words 4*block .. 4*block+3 of the stream: random access, so that a kernel can make them in any order.
std::array<std::uint32_t, 4> random_block(const RandomKey& key, std::uint32_t block);

/// The words that Philox is keyed with, for vectorised kernels that make many blocks at once: the counter is
/// {block, counter1, counter2, counter3}.
struct PhiloxInput {
  std::uint32_t key0, key1;
  std::uint32_t counter1, counter2, counter3;
};
PhiloxInput philox_input(const RandomKey& key);

/// Reads a stream in order. Copying it copies the position.
class Random {
 public:
  explicit Random(const RandomKey& key) : key_(key) {}

  std::uint32_t bits();     ///< 32 uniform bits
  std::uint64_t bits64();   ///< 64 uniform bits
  float uniform();          ///< uniform on [0, 1), a multiple of 2^-24
  double uniform_double();  ///< uniform on [0, 1), a multiple of 2^-53
  /// Uniform on [0, bound), without bias (Lemire 2019). Checked: bound > 0.
  std::uint32_t below(std::uint32_t bound);
  /// Standard normal, by Box and Muller, with the C library's log, sin and cos, whose last bit may differ between
  /// machines: for tests and benchmarks, never for what two peers must have alike, as they must initial models.
  double normal();

  /// Shuffles in place (Fisher and Yates); every order is equally likely.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[below(static_cast<std::uint32_t>(i))]);
  }

 private:
  RandomKey key_;
  std::array<std::uint32_t, 4> block_{};
  std::uint32_t next_block_ = 0;
  std::uint32_t used_ = 4;  // words of block_ already handed out
  bool has_spare_normal_ = false;
  double spare_normal_ = 0;
};

}  // namespace parley::base
