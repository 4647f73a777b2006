// Unequal shares of every label: Hsu, Qi and Brown 2019, "Measuring the effects of non-identical data distribution for
// federated visual classification", in the form where each class is divided among the peers. For each class c a
// vector p_c ~ Dirichlet(alpha, ..., alpha) over the n peers is drawn, and the samples of c, in random order, are
// cut in these proportions. Small alpha: nearly every class belongs to few peers. Large alpha: nearly iid.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "learning/partitions/gamma.h"
#include "learning/partitions/rows.h"

namespace parley::learning {
namespace {

// A division that leaves a peer without samples is drawn again, this often at most.
constexpr std::uint64_t kAttempts = 100;

constexpr base::Parameter kParameters[] = {{.name = "alpha",
                                            .kind = base::ParameterKind::real,
                                            .low = 1e-3,
                                            .high = 1e6,
                                            .help = "concentration: 0.1 very unequal, 100 nearly iid",
                                            .required = true}};

/// n proportions that sum to 1.
std::vector<double> dirichlet(double alpha, std::size_t n, base::Random& random) {
  std::vector<double> p(n);
  for (double& entry : p) entry = log_gamma_variate(alpha, random);
  const double largest = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& entry : p) {
    constexpr double kVanishes = -600;
    entry = entry - largest < kVanishes ? 0.0 : portable_exp(entry - largest);
    sum += entry;
  }
  for (double& entry : p) entry /= sum;
  return p;
}

/// The parts of all peers, in one draw.
std::vector<Rows> divide(double alpha, const std::vector<Rows>& by_class, std::size_t peers, base::Random random) {
  std::vector<Rows> parts(peers);
  for (Rows rows : by_class) {
    random.shuffle(std::span(rows));
    const std::vector<double> p = dirichlet(alpha, peers, random);
    double share = 0;
    std::size_t start = 0;
    for (std::size_t peer = 0; peer < peers; ++peer) {
      share += p[peer];
      const auto exact = static_cast<std::size_t>(std::lround(share * static_cast<double>(rows.size())));
      const std::size_t end = peer + 1 == peers ? rows.size() : std::clamp(exact, start, rows.size());
      const auto at = [&](std::size_t i) { return rows.begin() + static_cast<std::ptrdiff_t>(i); };
      parts[peer].insert(parts[peer].end(), at(start), at(end));
      start = end;
    }
  }
  return parts;
}

Rows part(const base::Arguments& arguments, std::span<const float> targets, std::size_t classes, std::size_t peers,
          base::PeerId peer, std::uint64_t seed) {
  if (classes == 0) throw base::OperatorError("dirichlet divides by label, but the data set has no classes; use iid");
  std::vector<Rows> by_class(classes);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    by_class[static_cast<std::size_t>(targets[i])].push_back(static_cast<std::uint32_t>(i));
  }
  for (std::uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    const base::RandomKey key{.seed = seed, .peer = {}, .round = {attempt}, .stream = base::Stream::partition};
    std::vector<Rows> parts = divide(arguments.real("alpha"), by_class, peers, base::Random(key));
    if (std::any_of(parts.begin(), parts.end(), [](const Rows& rows) { return rows.empty(); })) continue;
    std::sort(parts[peer.value].begin(), parts[peer.value].end());
    return std::move(parts[peer.value]);
  }
  throw base::OperatorError(
      fmt::format("in \"{}\": {} draws all left one of {} peers without samples; use a larger alpha, fewer peers or "
                  "another seed",
                  arguments.canonical(), kAttempts, peers));
}

}  // namespace

constinit const PartitionRow kDirichletRow = {
    .name = "dirichlet",
    .summary = "shares of every label drawn from a Dirichlet distribution (Hsu et al. 2019)",
    .parameters = kParameters,
    .part = part,
};

}  // namespace parley::learning
