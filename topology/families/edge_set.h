// A set of edges that answers whether two peers are neighbours.
#pragma once

#include <algorithm>
#include <cstddef>
#include <unordered_set>

namespace parley::topology {

class EdgeSet {
 public:
  /// Of edges between n peers.
  explicit EdgeSet(std::size_t n) : n_(n) {}
  /// False if the edge was there already.
  bool insert(std::size_t a, std::size_t b) { return keys_.insert(key(a, b)).second; }
  void erase(std::size_t a, std::size_t b) { keys_.erase(key(a, b)); }
  bool contains(std::size_t a, std::size_t b) const { return keys_.contains(key(a, b)); }

 private:
  std::size_t key(std::size_t a, std::size_t b) const { return std::min(a, b) * n_ + std::max(a, b); }

  std::size_t n_;
  std::unordered_set<std::size_t> keys_;
};

}  // namespace parley::topology
