#include "base/error.h"
#include "topology/families/families.h"
#include "topology/graph_file.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "path",
     .kind = base::ParameterKind::word,
     .help = "edges one per line, such as 0,1; or GraphML (.graphml), or DOT (.dot, .gv)",
     .required = true},
};

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  return simple_graph(n, read_graph_file(arguments.word("path"), n).edges);
}

}  // namespace

const GraphRow& file_family() {
  static constexpr GraphRow row{.name = "file",
                                .summary = "the edges that a file lists: one per line, or GraphML, or DOT",
                                .parameters = kParameters,
                                .make = make};
  return row;
}

}  // namespace parley::topology
