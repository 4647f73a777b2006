#include <array>

#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  return lattice(std::array{Axis{.length = n, .closed = true}});
}

}  // namespace

const GraphRow& ring_family() {
  static constexpr GraphRow row{.name = "ring",
                                .summary = "every peer has the one before and the one after it",
                                .parameters = {},
                                .make = make,
                                .places = places_on_a_circle};
  return row;
}

}  // namespace parley::topology
