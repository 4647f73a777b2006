#include "topology/families/edge_list.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/error.h"

namespace parley::topology {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// What a person may see of a line: short, and with nothing that a terminal would act upon.
std::string shown(std::string_view line) {
  constexpr std::size_t kLongest = 40;
  std::string text(line.substr(0, kLongest));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line.size() > kLongest ? text + "..." : text;
}

/// Reads one line at a time and knows where it is.
class EdgeReader {
 public:
  EdgeReader(std::size_t n, const std::string& file) : n_(n), file_(file) {}

  /// Nothing for a line without an edge.
  std::optional<Edge> read(std::string_view line) {
    ++line_;
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#') return std::nullopt;
    const std::size_t comma = content.find(',');
    if (comma == std::string_view::npos) fail_malformed(content);
    const Edge edge{peer(content.substr(0, comma), content), peer(content.substr(comma + 1), content)};
    if (edge.first == edge.second) fail(fmt::format("peer {} is joined to itself: remove the line", edge.first));
    const auto [known, is_new] = line_of_.try_emplace(std::minmax(edge.first, edge.second), line_);
    if (!is_new)
      fail(fmt::format("peers {} and {} are joined on line {} already: remove one of the lines", edge.first,
                       edge.second, known->second));
    return edge;
  }

 private:
  std::size_t peer(std::string_view field, std::string_view line) const {
    const std::string_view digits = trimmed(field);
    const char* const end = digits.data() + digits.size();
    std::size_t id = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), end, id);
    if (digits.empty() || stopped != end || error == std::errc::invalid_argument) fail_malformed(line);
    if (error == std::errc::result_out_of_range || id >= n_)
      fail(
          fmt::format("there is no peer {}: the swarm has {} peers, numbered from 0 to {}", shown(digits), n_, n_ - 1));
    return id;
  }

  [[noreturn]] void fail_malformed(std::string_view line) const {
    fail(fmt::format("expected two peer numbers separated by a comma, such as 0,1, found \"{}\"", shown(line)));
  }
  [[noreturn]] void fail(std::string message) const {
    throw base::OperatorError({.file = file_, .line = line_, .column = 0, .key = {}}, std::move(message));
  }

  const std::size_t n_;
  const std::string& file_;
  std::int64_t line_ = 0;
  std::map<Edge, std::int64_t> line_of_;
};

}  // namespace

std::vector<Edge> read_edge_list(std::string_view text, std::size_t n, const std::string& file) {
  EdgeReader reader(n, file);
  std::vector<Edge> edges;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto edge = reader.read(text.substr(0, end))) edges.push_back(*edge);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return edges;
}

}  // namespace parley::topology
