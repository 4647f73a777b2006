// Rounds in which cliques average, one digit of the place after the other: the building block of hyper-hypercubes and
// of base graphs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace parley::topology {

/// The hyper-hypercube H_k on m places (Takezawa et al. 2023): m is a product of factors of at most k + 1, a place has
/// a digit for every factor, and in round l those that agree in all digits but the l-th average among themselves. After
/// all rounds everyone has the average of all, exactly.
class CliqueRounds {
 public:
  /// As few rounds as there can be. Nothing if a prime factor of m is larger than `most`, the size of the largest
  /// clique allowed. Checked: m >= 1.
  static std::optional<CliqueRounds> on(std::size_t m, std::size_t most);

  std::size_t rounds() const { return factors_.size(); }
  /// What each of the clique counts in that round. Checked: round < rounds().
  double weight(std::size_t round) const { return 1.0 / static_cast<double>(factor(round)); }
  /// The others of the clique that `place` is in, ascending.
  std::vector<std::size_t> others(std::size_t place, std::size_t round) const;

 private:
  explicit CliqueRounds(std::vector<std::size_t> factors);
  std::size_t factor(std::size_t round) const;

  std::vector<std::size_t> factors_;
  std::vector<std::size_t> strides_;  // stride of digit l: the product of the factors before it
};

/// The largest divisor of m without a prime factor above `most`. Checked: m >= 1.
std::size_t smooth_part(std::size_t m, std::size_t most);

}  // namespace parley::topology
