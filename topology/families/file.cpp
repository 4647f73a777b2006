#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "topology/families/edge_list.h"
#include "topology/families/families.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "path",
     .kind = base::ParameterKind::word,
     .help = "text file with one edge per line, such as 0,1",
     .required = true},
};

std::string contents(const std::string& path) {
  const auto fail = [&](const std::string& why) {
    throw base::OperatorError({.file = path, .line = 0, .column = 0, .key = {}},
                              fmt::format("{}; graph = \"file(...)\" needs a text file with one edge per line", why));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  std::ostringstream text;
  text << file.rdbuf();
  if (text.bad()) fail("cannot be read");
  return std::move(text).str();
}

Graph make(const base::Arguments& arguments, std::size_t n, std::uint64_t) {
  const std::string& path = arguments.word("path");
  return simple_graph(n, read_edge_list(contents(path), n, path));
}

}  // namespace

const GraphRow& file_family() {
  static constexpr GraphRow row{.name = "file",
                                .summary = "the edges that a text file lists, one per line",
                                .parameters = kParameters,
                                .make = make};
  return row;
}

}  // namespace parley::topology
