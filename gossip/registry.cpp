#include <array>

#include "gossip/algorithm.h"
#include "gossip/choco.h"
#include "gossip/dpsgd.h"

namespace parley::gossip {

std::span<const AlgorithmRow> registry() {
  static const std::array kRows = {kDpsgd, kChoco};
  return kRows;
}

const AlgorithmRow& algorithm_row(std::string_view spec) {
  return base::find_row(registry(), "algorithm", base::parse_spec(spec).name);
}

std::unique_ptr<Algorithm> make_algorithm(std::string_view spec, const compression::Compressor& compressor,
                                          std::size_t d) {
  const base::Spec parsed = base::parse_spec(spec);
  const AlgorithmRow& row = base::find_row(registry(), "algorithm", parsed.name);
  return row.make(base::Arguments(parsed, row.parameters), compressor, d);
}

std::string canonical_algorithm_spec(std::string_view spec) {
  const base::Spec parsed = base::parse_spec(spec);
  return base::Arguments(parsed, base::find_row(registry(), "algorithm", parsed.name).parameters).canonical();
}

}  // namespace parley::gossip
