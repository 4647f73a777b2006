// The rounds of random schedules against a second implementation, written from their descriptions: peers of different
// versions must go on meeting each other, so what a seed gives may not change.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "topology/schedule.h"

namespace parley::topology {
namespace {

using Words = std::array<std::uint32_t, 4>;

/// Philox4x32-10 from its paper (Salmon et al. 2011).
Words philox(Words c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const std::uint64_t a = 0xD2511F53ull * c[0], b = 0xCD9E8D57ull * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(a)};
  }
  return c;
}

/// The stream of one peer and round. Purpose 8 is schedules.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint32_t peer, std::uint32_t round) : seed_(seed), peer_(peer), round_(round) {}

  Words block(std::uint32_t number) const {
    return philox({number, round_, peer_, 8u << 16}, static_cast<std::uint32_t>(seed_),
                  static_cast<std::uint32_t>(seed_ >> 32));
  }
  /// Uniform below m: the upper word of word * m, unless the lower one is among the 2^32 mod m smallest.
  std::uint32_t below(std::uint32_t m) {
    const auto unfair = static_cast<std::uint32_t>((std::uint64_t{1} << 32) % m);
    while (true) {
      const std::uint64_t product = std::uint64_t{block(at_ / 4)[at_ % 4]} * m;
      ++at_;
      if (static_cast<std::uint32_t>(product) >= unfair) return static_cast<std::uint32_t>(product >> 32);
    }
  }
  std::vector<std::uint32_t> order(std::uint32_t n) {
    std::vector<std::uint32_t> values(n);
    std::iota(values.begin(), values.end(), 0u);
    for (std::uint32_t left = n; left > 1; --left) std::swap(values[left - 1], values[below(left)]);
    return values;
  }

 private:
  std::uint64_t seed_;
  std::uint32_t peer_, round_;
  std::uint32_t at_ = 0;
};

using Arcs = std::set<std::pair<std::uint32_t, std::uint32_t>>;  // from, to

Arcs arcs_of(const Schedule& schedule, std::uint64_t round) {
  Arcs arcs;
  for (std::uint32_t i = 0; i < schedule.size(); ++i) {
    for (const base::PeerId j : schedule.neighbours({i}, {round}).in) arcs.emplace(j.value, i);
  }
  return arcs;
}

void join(Arcs& arcs, std::uint32_t a, std::uint32_t b) {
  arcs.emplace(a, b);
  arcs.emplace(b, a);
}

/// Compares 20 rounds of `spec` on n peers with what `expected(n, seed, round)` says.
void compare(const std::string& spec, const std::string& graph,
             Arcs (*expected)(std::uint32_t, std::uint64_t, std::uint32_t)) {
  for (const std::uint32_t n : {7u, 12u, 33u}) {
    for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{0x123456789abcdef}}) {
      const auto schedule = make_schedule(spec, graph, n, seed);
      for (std::uint32_t t = 0; t < 20; ++t)
        EXPECT_EQ(arcs_of(*schedule, t), expected(n, seed, t)) << spec << " on " << n << " peers, round " << t;
    }
  }
}

TEST(Golden, RandomMatching) {
  compare("random-matching", "", [](std::uint32_t n, std::uint64_t seed, std::uint32_t t) {
    const std::vector<std::uint32_t> order = Dice(seed, 0, t).order(n);
    Arcs arcs;
    for (std::size_t i = 1; i < n; i += 2) join(arcs, order[i - 1], order[i]);
    return arcs;
  });
}

TEST(Golden, RandomRegular) {
  compare("random-regular(4)", "", [](std::uint32_t n, std::uint64_t seed, std::uint32_t t) {
    Dice dice(seed, 0, t);
    const std::vector<std::uint32_t> circle = dice.order(n);
    // Two different distances below n/2, drawn as the first two cards of a deck.
    std::vector<std::uint32_t> deck((n - 1) / 2);
    std::iota(deck.begin(), deck.end(), 1u);
    Arcs arcs;
    for (std::uint32_t card = 0; card < 2; ++card) {
      std::swap(deck[card], deck[card + dice.below(static_cast<std::uint32_t>(deck.size()) - card)]);
      for (std::uint32_t i = 0; i < n; ++i) join(arcs, circle[i], circle[(i + deck[card]) % n]);
    }
    return arcs;
  });
}

TEST(Golden, RandomEdges) {
  compare("random-edges(0.4)", "complete", [](std::uint32_t n, std::uint64_t seed, std::uint32_t t) {
    Arcs arcs;
    for (std::uint32_t low = 0; low < n; ++low) {
      for (std::uint32_t high = low + 1; high < n; ++high) {
        const Words words = Dice(seed, low, t).block(high);
        const std::uint64_t bits = words[0] | (std::uint64_t{words[1]} << 32);
        if (static_cast<double>(bits >> 11) / 9007199254740992.0 < 0.4) join(arcs, low, high);
      }
    }
    return arcs;
  });
}

TEST(Golden, Epidemic) {
  compare("epidemic(3)", "", [](std::uint32_t n, std::uint64_t seed, std::uint32_t t) {
    Arcs arcs;
    for (std::uint32_t sender = 0; sender < n; ++sender) {
      Dice dice(seed, sender, t);
      std::vector<std::uint32_t> others;
      for (std::uint32_t i = 0; i < n; ++i) {
        if (i != sender) others.push_back(i);
      }
      std::set<std::uint32_t> places;
      for (std::uint32_t last = n - 4; last < n - 1; ++last) {
        const std::uint32_t place = dice.below(last + 1);
        places.insert(places.contains(place) ? last : place);
      }
      for (const std::uint32_t place : places) arcs.emplace(sender, others[place]);
    }
    return arcs;
  });
}

TEST(Golden, EquiDyn) {
  compare("equidyn", "", [](std::uint32_t n, std::uint64_t seed, std::uint32_t t) {
    const std::uint32_t distance = 1 + Dice(seed, 0, t).below(n - 1);
    Arcs arcs;
    for (std::uint32_t i = 0; i < n; ++i) arcs.emplace((i + distance) % n, i);
    return arcs;
  });
  compare("equidyn(undirected)", "", [](std::uint32_t n, std::uint64_t seed, std::uint32_t t) {
    Dice dice(seed, 0, t);
    const std::uint32_t distance = 1 + dice.below(n - 1), start = dice.below(n);
    Arcs arcs;
    std::set<std::uint32_t> taken;
    for (std::uint32_t step = 0; step < n; ++step) {
      const std::uint32_t i = (start + step) % n, j = (i + distance) % n;
      if (taken.contains(i) || taken.contains(j)) continue;
      taken.insert({i, j});
      join(arcs, i, j);
    }
    return arcs;
  });
}

}  // namespace
}  // namespace parley::topology
