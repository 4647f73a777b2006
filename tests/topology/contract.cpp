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

/// One of the ways to write n as rows x cols.
Spec torus_spec(std::size_t n, std::uint32_t choice) {
  std::vector<std::size_t> divisors;
  for (std::size_t rows = 1; rows <= n; ++rows) {
    if (n % rows == 0) divisors.push_back(rows);
  }
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
      {.name = "torus", .spec_for = torus_spec, .expected = of_torus},
      {.name = "hypercube", .spec_for = hypercube_spec, .expected = of_hypercube},
      {.name = "exponential", .spec_for = plain<kExponential>, .expected = of_exponential},
      {.name = "erdos-renyi", .spec_for = erdos_renyi_spec, .expected = unknown, .random = true},
      {.name = "random-regular", .spec_for = random_regular_spec, .expected = of_random_regular, .random = true},
      {.name = "file", .spec_for = file_spec, .expected = unknown, .always_connected = false},
  };
  return table;
}

}  // namespace parley::topology
