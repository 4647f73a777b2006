#include "contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace parley::topology {
namespace {

/// Removed with all that is in it when the program ends.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = testing::TempDir() + "parley-topology-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using Spec = std::optional<std::string>;

template <char const* kName>
Spec plain(std::size_t, std::uint32_t) {
  return kName;
}
constexpr char kRing[] = "ring", kPath[] = "path", kStar[] = "star", kComplete[] = "complete";
constexpr char kExponential[] = "exponential";

Expected of_ring(std::size_t n, const std::string&) {
  if (n <= 2) return {.edges = n - 1, .min_degree = n - 1, .max_degree = n - 1, .diameter = n - 1, .bipartite = true};
  return {.edges = n, .min_degree = 2, .max_degree = 2, .diameter = n / 2, .bipartite = n % 2 == 0};
}

Expected of_path(std::size_t n, const std::string&) {
  return {.edges = n - 1,
          .min_degree = std::min<std::size_t>(n - 1, 1),
          .max_degree = std::min<std::size_t>(n - 1, 2),
          .diameter = n - 1,
          .bipartite = true};
}

Expected of_star(std::size_t n, const std::string&) {
  return {.edges = n - 1,
          .min_degree = std::min<std::size_t>(n - 1, 1),
          .max_degree = n - 1,
          .diameter = std::min<std::size_t>(n - 1, 2),
          .bipartite = true};
}

Expected of_complete(std::size_t n, const std::string&) {
  return {.edges = n * (n - 1) / 2,
          .min_degree = n - 1,
          .max_degree = n - 1,
          .diameter = std::min<std::size_t>(n - 1, 1),
          .bipartite = n <= 2};
}

std::vector<std::size_t> divisors_of(std::size_t n) {
  std::vector<std::size_t> divisors;
  for (std::size_t d = 1; d <= n; ++d) {
    if (n % d == 0) divisors.push_back(d);
  }
  return divisors;
}

/// One of the ways to write n as rows x cols.
Spec torus_spec(std::size_t n, std::uint32_t choice) {
  const auto divisors = divisors_of(n);
  const std::size_t rows = divisors[choice % divisors.size()];
  return fmt::format("torus(rows={}, cols={})", rows, n / rows);
}

Expected of_torus(std::size_t n, const std::string& spec) {
  std::size_t rows = 0, cols = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "torus(rows=%zu, cols=%zu)", &rows, &cols), 2);
  const auto ends = [](std::size_t side) { return std::min<std::size_t>(side - 1, 2); };
  const auto even = [](std::size_t side) { return side <= 2 || side % 2 == 0; };
  const std::size_t degree = ends(rows) + ends(cols);
  return {.edges = n * degree / 2,
          .min_degree = degree,
          .max_degree = degree,
          .diameter = rows / 2 + cols / 2,
          .bipartite = even(rows) && even(cols)};
}

Spec hypercube_spec(std::size_t n, std::uint32_t) {
  return std::has_single_bit(n) ? Spec("hypercube") : std::nullopt;
}

Expected of_hypercube(std::size_t n, const std::string&) {
  const auto m = static_cast<std::size_t>(std::countr_zero(n));
  return {.edges = n * m / 2, .min_degree = m, .max_degree = m, .diameter = m, .bipartite = true};
}

Expected of_exponential(std::size_t n, const std::string&) {
  std::vector<bool> joined(n);
  for (std::size_t hop = 1; hop < n; hop *= 2) joined[hop] = joined[n - hop] = true;
  const auto degree = static_cast<std::size_t>(std::count(joined.begin(), joined.end(), true));
  return {.edges = n * degree / 2, .min_degree = degree, .max_degree = degree, .diameter = {}, .bipartite = {}};
}

Spec erdos_renyi_spec(std::size_t, std::uint32_t choice) {
  return fmt::format("erdos-renyi(p={})", 0.25 + 0.25 * (choice % 4));  // 40 peers are connected well before p = 0.25
}

Spec grid_spec(std::size_t n, std::uint32_t choice) {
  const auto divisors = divisors_of(n);
  const std::size_t rows = divisors[choice % divisors.size()];
  return fmt::format("grid(rows={}, cols={})", rows, n / rows);
}

Expected of_grid(std::size_t n, const std::string& spec) {
  std::size_t rows = 0, cols = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "grid(rows=%zu, cols=%zu)", &rows, &cols), 2);
  const auto ends = [](std::size_t side, std::size_t most) { return std::min<std::size_t>(side - 1, most); };
  return {.edges = 2 * n - rows - cols,
          .min_degree = ends(rows, 1) + ends(cols, 1),
          .max_degree = ends(rows, 2) + ends(cols, 2),
          .diameter = rows + cols - 2,
          .bipartite = true};
}

Spec tree_spec(std::size_t, std::uint32_t choice) {
  return fmt::format("tree(children={})", 1 + choice % 7);
}

Expected of_tree(std::size_t n, const std::string& spec) {
  std::size_t children = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "tree(children=%zu)", &children), 1);
  // Peer 0 has no parent; if it has all its children, peer 1 has the next ones.
  const std::size_t top = std::min(n - 1, children);
  const std::size_t below = n - 1 > children ? 1 + std::min(n - 1 - children, children) : 0;
  return {.edges = n - 1,
          .min_degree = std::min<std::size_t>(n - 1, 1),
          .max_degree = std::max(top, below),
          .diameter = {},
          .bipartite = true};
}

Spec complete_bipartite_spec(std::size_t n, std::uint32_t choice) {
  return n < 2 ? std::nullopt : Spec(fmt::format("complete-bipartite(left={})", 1 + choice % (n - 1)));
}

Expected of_complete_bipartite(std::size_t n, const std::string& spec) {
  std::size_t left = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "complete-bipartite(left=%zu)", &left), 1);
  return {.edges = left * (n - left),
          .min_degree = std::min(left, n - left),
          .max_degree = std::max(left, n - left),
          .diameter = std::min<std::size_t>(n - 1, 2),
          .bipartite = true};
}

Spec hyper_hypercube_spec(std::size_t n, std::uint32_t choice) {
  std::size_t prime = 2;  // the largest that divides n
  for (std::size_t p = 2; p <= n; ++p) {
    const auto divisors = divisors_of(p);
    if (n % p == 0 && divisors.size() == 2) prime = p;
  }
  return fmt::format("hyper-hypercube(k={})", prime - 1 + choice % 5);
}

/// The sides may be split in several ways; known are the ends: one side, and only sides of two.
Expected of_hyper_hypercube(std::size_t n, const std::string& spec) {
  std::size_t k = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "hyper-hypercube(k=%zu)", &k), 1);
  if (n <= k + 1) return of_complete(n, spec);
  return k == 1 ? of_hypercube(n, spec) : Expected{};
}

Spec u_equistatic_spec(std::size_t n, std::uint32_t choice) {
  if (n < 2) return std::nullopt;
  return fmt::format("u-equistatic(offsets={})", 1 + choice % std::max<std::size_t>(1, (n - 1) / 2));
}

Expected of_u_equistatic(std::size_t n, const std::string& spec) {
  std::size_t offsets = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "u-equistatic(offsets=%zu)", &offsets), 1);
  const std::size_t degree = n == 2 ? 1 : 2 * offsets;
  return {.edges = n * degree / 2, .min_degree = degree, .max_degree = degree, .diameter = {}, .bipartite = {}};
}

Spec watts_strogatz_spec(std::size_t n, std::uint32_t choice) {
  if (n < 3) return std::nullopt;
  constexpr const char* kProbabilities[] = {"1", "0.5", "0.1", "0"};
  return fmt::format("watts-strogatz(degree={}, p={})", 2 + 2 * (choice % ((n - 1) / 2)),
                     kProbabilities[(choice + n) % 4]);
}

Expected of_watts_strogatz(std::size_t n, const std::string& spec) {
  std::size_t degree = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "watts-strogatz(degree=%zu", &degree), 1);
  return {.edges = n * degree / 2, .min_degree = {}, .max_degree = {}, .diameter = {}, .bipartite = {}};
}

Spec barabasi_albert_spec(std::size_t n, std::uint32_t choice) {
  return n < 2 ? std::nullopt
               : Spec(fmt::format("barabasi-albert(links={})", 1 + choice % std::min<std::size_t>(n - 1, 9)));
}

Expected of_barabasi_albert(std::size_t n, const std::string& spec) {
  std::size_t links = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "barabasi-albert(links=%zu)", &links), 1);
  return {.edges = links * (links + 1) / 2 + (n - 1 - links) * links,
          .min_degree = links,
          .max_degree = {},
          .diameter = {},
          .bipartite = {}};
}

Spec stochastic_block_spec(std::size_t n, std::uint32_t choice) {
  return fmt::format("stochastic-block(blocks={}, inside=0.7, between=0.3)", 1 + choice % std::min<std::size_t>(n, 5));
}

Spec random_geometric_spec(std::size_t, std::uint32_t choice) {
  return fmt::format("random-geometric(radius={})", 0.4 + 0.2 * (choice % 5));
}

Spec random_regular_spec(std::size_t n, std::uint32_t choice) {
  if (n == 1) return std::nullopt;
  if (n == 2) return "random-regular(degree=1)";
  std::vector<std::size_t> degrees;
  for (std::size_t degree = 2; degree < n; ++degree) {
    if (n * degree % 2 == 0) degrees.push_back(degree);
  }
  return fmt::format("random-regular(degree={})", degrees[choice % degrees.size()]);
}

Expected of_random_regular(std::size_t n, const std::string& spec) {
  std::size_t degree = 0;
  EXPECT_EQ(std::sscanf(spec.c_str(), "random-regular(degree=%zu)", &degree), 1);
  return {.edges = n * degree / 2, .min_degree = degree, .max_degree = degree, .diameter = {}, .bipartite = {}};
}

Expected unknown(std::size_t, const std::string&) {
  return {};
}

/// `choice` edges or so, spread over the pairs of peers without regard to whether they connect.
Spec file_spec(std::size_t n, std::uint32_t choice) {
  std::string content = "# a test\n";
  const std::size_t step = 1 + choice % 5;
  std::size_t pair = choice;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (++pair % step == 0) content += fmt::format("{},{}\n", i, j);
    }
  }
  return fmt::format("file(\"{}\")", write_file(fmt::format("contract {} {}.csv", n, choice % 5), content));
}

}  // namespace

std::string write_file(const std::string& name, const std::string& content) {
  static const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / name;
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
}

const std::vector<FamilyContract>& family_contracts() {
  static const std::vector<FamilyContract> table = {
      {.name = "ring", .spec_for = plain<kRing>, .expected = of_ring},
      {.name = "path", .spec_for = plain<kPath>, .expected = of_path},
      {.name = "star", .spec_for = plain<kStar>, .expected = of_star},
      {.name = "complete", .spec_for = plain<kComplete>, .expected = of_complete},
      {.name = "complete-bipartite", .spec_for = complete_bipartite_spec, .expected = of_complete_bipartite},
      {.name = "tree", .spec_for = tree_spec, .expected = of_tree},
      {.name = "grid", .spec_for = grid_spec, .expected = of_grid},
      {.name = "torus", .spec_for = torus_spec, .expected = of_torus},
      {.name = "hypercube", .spec_for = hypercube_spec, .expected = of_hypercube},
      {.name = "hyper-hypercube", .spec_for = hyper_hypercube_spec, .expected = of_hyper_hypercube},
      {.name = "exponential", .spec_for = plain<kExponential>, .expected = of_exponential},
      {.name = "erdos-renyi", .spec_for = erdos_renyi_spec, .expected = unknown, .random = true},
      {.name = "random-regular", .spec_for = random_regular_spec, .expected = of_random_regular, .random = true},
      // On 20 peers there are 36 ways to choose two of nine distances.
      {.name = "u-equistatic",
       .spec_for = u_equistatic_spec,
       .expected = of_u_equistatic,
       .random = true,
       .different = 2},
      {.name = "watts-strogatz", .spec_for = watts_strogatz_spec, .expected = of_watts_strogatz, .random = true},
      {.name = "barabasi-albert", .spec_for = barabasi_albert_spec, .expected = of_barabasi_albert, .random = true},
      {.name = "stochastic-block", .spec_for = stochastic_block_spec, .expected = unknown, .random = true},
      {.name = "random-geometric", .spec_for = random_geometric_spec, .expected = unknown, .random = true},
      {.name = "file", .spec_for = file_spec, .expected = unknown, .always_connected = false},
  };
  return table;
}

}  // namespace parley::topology
