#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace parley::base {

std::string Place::text() const {
  std::string text = file;
  if (line > 0) text += fmt::format("{}{}", text.empty() ? "line " : ":", line);
  if (line > 0 && column > 0) text += fmt::format(":{}", column);
  if (!key.empty()) text += fmt::format("{}{}", text.empty() ? "" : ": ", key);
  return text;
}

OperatorError::OperatorError(std::string message) : OperatorError(Place{}, std::move(message)) {}

OperatorError::OperatorError(Place place, std::string message)
    : std::runtime_error(place.text().empty() ? message : place.text() + ": " + message),
      place_(std::move(place)),
      message_(std::move(message)) {}

void check_failed(const char* file, int line, const char* condition, const std::string& values) {
  std::fprintf(stderr, "%s:%d: this is a bug in Parley: %s does not hold %s\n", file, line, condition, values.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace parley::base
