#include <array>

#include "topology/families/families.h"

namespace parley::topology {
namespace {

Graph make(const base::Arguments&, std::size_t n, std::uint64_t) {
  return lattice(std::array{Axis{.length = n, .closed = false}});
}

}  // namespace

const GraphRow& path_family() {
  static constexpr GraphRow row{.name = "path",
                                .summary = "a ring that is cut open between last and first",
                                .parameters = {},
                                .make = make,
                                .places = places_on_a_circle};
  return row;
}

}  // namespace parley::topology
