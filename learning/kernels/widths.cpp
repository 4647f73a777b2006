#include "learning/kernels/widths.h"

#include <charconv>
#include <optional>

#include "base/error.h"

namespace parley::learning {
namespace {

constexpr std::size_t kMostLayers = 16, kWidest = 65536;

std::optional<std::size_t> parse_width(std::string_view text) {
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (error != std::errc{} || end != text.data() + text.size() || width < 1 || width > kWidest) return std::nullopt;
  return width;
}

}  // namespace

std::vector<std::size_t> parse_widths(std::string_view model, std::string_view parameter, std::string_view text) {
  std::vector<std::size_t> widths;
  for (std::string_view rest = text;;) {
    const std::size_t dash = rest.find('-');
    const auto width = parse_width(rest.substr(0, dash));
    if (!width || widths.size() == kMostLayers) break;
    widths.push_back(*width);
    if (dash == std::string_view::npos) return widths;
    rest.remove_prefix(dash + 1);
  }
  throw base::OperatorError(
      fmt::format("{}: {} = {}; allowed: 1 to {} whole numbers from 1 to {} joined by \"-\", such as 128 or 1024-1024",
                  model, parameter, text, kMostLayers, kWidest));
}

}  // namespace parley::learning
