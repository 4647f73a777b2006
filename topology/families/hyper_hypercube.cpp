#include <algorithm>

#include "base/error.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "k",
     .kind = base::ParameterKind::integer,
     .low = 1,
     .high = 1 << 20,
     .help = "a peer has at most k neighbours along each digit",
     .required = true},
};

/// n as a product of `count` factors from 2 to `largest` in descending order, the first as large as possible; false if
/// there is none. `factors` grows by them.
bool factorise(std::size_t n, std::size_t largest, std::size_t count, std::vector<std::size_t>& factors) {
  if (count == 0) return n == 1;
  for (std::size_t factor = std::min(largest, n); factor >= 2; --factor) {
    if (n % factor != 0) continue;
    factors.push_back(factor);
    if (factorise(n / factor, factor, count - 1, factors)) return true;
    factors.pop_back();
  }
  return false;
}

std::size_t largest_prime_factor(std::size_t n) {
  std::size_t largest = 1;
  for (std::size_t p = 2; p * p <= n; ++p) {
    for (; n % p == 0; n /= p) largest = p;
  }
  return std::max(largest, n);
}

/// The radices of the digits: as few as possible, none above k + 1.
std::vector<std::size_t> radices(const base::Arguments& arguments, std::size_t n) {
  const auto k = static_cast<std::size_t>(arguments.integer("k"));
  const std::size_t prime = largest_prime_factor(n);
  if (prime > k + 1) {
    throw base::OperatorError(
        fmt::format("{} needs a number of peers without a prime factor above {}, the swarm has "
                    "{}: use k={}, or another number of peers",
                    arguments.canonical(), k + 1, n, prime - 1));
  }
  std::vector<std::size_t> factors;
  for (std::size_t count = 0; !factorise(n, k + 1, count, factors); ++count) {
  }
  return factors;
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  std::vector<Edge> edges;
  std::size_t place = 1;  // what one more of the digit adds to the number of a peer
  for (const std::size_t radix : radices(arguments, n)) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t digit = i / place % radix;
      for (std::size_t other = digit + 1; other < radix; ++other) edges.emplace_back(i, i + (other - digit) * place);
    }
    place *= radix;
  }
  return simple_graph(n, std::move(edges));
}

}  // namespace

const GraphRow& hyper_hypercube_family() {
  static constexpr GraphRow row{
      .name = "hyper-hypercube",
      .summary =
          "peers are numbers in mixed radix, neighbours differ in one digit; a hypercube whose sides have up to "
          "k + 1 peers",
      .parameters = kParameters,
      .make = make};
  return row;
}

}  // namespace parley::topology
