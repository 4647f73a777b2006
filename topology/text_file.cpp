#include "topology/text_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace parley::topology {

std::string read_text_file(const std::string& path, std::string_view needed) {
  const auto fail = [&](const std::string& why) {
    throw base::OperatorError({.file = path, .line = 0, .column = 0, .key = {}}, fmt::format("{}; {}", why, needed));
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

}  // namespace parley::topology
