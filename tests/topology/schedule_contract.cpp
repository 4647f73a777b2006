#include "schedule_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "contract.h"

namespace parley::topology {
namespace {

using Spec = std::optional<std::string>;

template <char const* kName>
Spec plain(std::size_t, std::uint32_t) {
  return kName;
}
constexpr char kStatic[] = "static", kExponential[] = "one-peer-exponential", kHypercube[] = "one-peer-hypercube";
constexpr char kMatching[] = "random-matching";

Spec periodic(std::size_t n, std::uint32_t choice) {
  const std::string torus = fmt::format("torus({}, {})", n % 2 == 0 ? 2 : 1, n % 2 == 0 ? n / 2 : n);
  switch (choice % 4) {
    case 0:
      return "periodic(ring)";
    case 1:
      return fmt::format("periodic(\"path\", \"{}\")", torus);
    case 2:
      return "periodic(star, complete, ring, hold=3)";
    default:
      return "periodic(\"erdos-renyi(p=0.7)\", \"erdos-renyi(p=0.7)\")";
  }
}

/// Everyone meets the next peer in the round of its number, which makes a path, and some meet for longer.
Spec timed(std::size_t n, std::uint32_t choice) {
  std::string content = "# a test\r\n\n";
  for (std::size_t i = 0; i + 1 < n; ++i) content += fmt::format("{}, {}, {}\n", i, i + choice % 2, i + 1 - choice % 2);
  for (std::size_t i = 3; i < n; i += 3) content += fmt::format(" {}-{},{},{}\n", i, i + choice, i, i - 3);
  return fmt::format("timed(\"{}\")", write_file(fmt::format("timed {} {}.csv", n, choice % 4), content));
}

Spec base_graph(std::size_t, std::uint32_t choice) {
  return fmt::format("base(k={})", 1 + choice % 4);
}

Spec hyper_hypercube(std::size_t n, std::uint32_t choice) {
  std::size_t left = n, largest = 1;
  for (std::size_t prime = 2; prime <= left; ++prime) {
    for (; left % prime == 0; left /= prime) largest = prime;
  }
  return fmt::format("hyper-hypercube({})", std::max<std::size_t>(largest - 1, 1) + choice % 3);
}

Spec equidyn(std::size_t, std::uint32_t choice) {
  constexpr std::array kSpecs{"equidyn", "equidyn(undirected, eta=1)", "equidyn(form=directed, eta=0.7, basis=3)",
                              "equidyn(undirected, basis=4)"};
  return kSpecs[choice % kSpecs.size()];
}

Spec random_regular(std::size_t n, std::uint32_t choice) {
  std::vector<std::size_t> degrees;
  for (std::size_t degree = 1; degree < n; ++degree) {
    if (n * degree % 2 == 0) degrees.push_back(degree);
  }
  if (degrees.empty()) return std::nullopt;
  return fmt::format("random-regular(degree={})", degrees[choice * 5 % degrees.size()]);
}

Spec random_edges(std::size_t, std::uint32_t choice) {
  return fmt::format("random-edges({})", 0.25 + 0.25 * (choice % 3));
}

Spec epidemic(std::size_t n, std::uint32_t choice) {
  if (n == 1) return std::nullopt;
  return fmt::format("epidemic(s={})", 1 + choice % (n - 1));
}

}  // namespace

const std::vector<ScheduleContract>& schedule_contracts() {
  static const std::vector<ScheduleContract> table = {
      {.name = "static", .spec_for = plain<kStatic>},
      {.name = "periodic", .spec_for = periodic},
      {.name = "timed", .spec_for = timed},
      {.name = "one-peer-exponential", .spec_for = plain<kExponential>, .symmetric = false},
      {.name = "one-peer-hypercube", .spec_for = plain<kHypercube>},
      {.name = "hyper-hypercube", .spec_for = hyper_hypercube},
      {.name = "base", .spec_for = base_graph, .own_weights = true},
      {.name = "equidyn", .spec_for = equidyn, .symmetric = false, .own_weights = true, .random = true},
      {.name = "random-matching", .spec_for = plain<kMatching>, .random = true},
      {.name = "random-regular", .spec_for = random_regular, .random = true},
      {.name = "random-edges", .spec_for = random_edges, .random = true},
      {.name = "epidemic",
       .spec_for = epidemic,
       .symmetric = false,
       .doubly_stochastic = false,
       .own_weights = true,
       .random = true},
  };
  return table;
}

std::string graph_of_tests(std::size_t n) {
  return n >= 6 ? kGraphOfTests : "ring";
}

Eigen::MatrixXd naive_round_matrix(const Schedule& schedule, base::Round round) {
  const std::size_t n = schedule.size();
  const auto size = static_cast<Eigen::Index>(n);
  Eigen::MatrixXd W = Eigen::MatrixXd::Identity(size, size);
  for (std::uint32_t i = 0; i < n; ++i) {
    const Neighbourhood own = schedule.neighbours({i}, round);
    for (std::size_t k = 0; k < own.in.size(); ++k) {
      const std::size_t sends_to = schedule.neighbours(own.in[k], round).out.size();
      const double w_ij =
          own.weights.empty() ? 1.0 / static_cast<double>(1 + std::max(sends_to, own.in.size())) : own.weights[k];
      W(i, own.in[k].value) = w_ij;
      W(i, i) -= w_ij;
    }
  }
  return W;
}

std::uint64_t rounds_of_tests(const Schedule& schedule, std::uint64_t most) {
  return schedule.period() == 0 ? most : std::min(schedule.period(), most);
}

}  // namespace parley::topology
