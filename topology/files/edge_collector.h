// What every format owes the graph that it reads: simple, between peers that exist, with a weight for all edges or
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "topology/graph_file.h"

namespace parley::topology {

/// What a person may see of text from a file: short, and with nothing that a terminal would act upon.
std::string shown(std::string_view text);

/// A finite number, or nothing.
std::optional<double> read_weight(std::string_view text);

[[noreturn]] void fail_at(const std::string& file, std::int64_t line, std::string message);

class EdgeCollector {
 public:
  EdgeCollector(std::size_t n, const std::string& file) : n_(n), file_(file) {}

  /// Throws base::OperatorError for a loop, an edge that was there before, and a weight where others have none or the
  /// other way round. Checked: both peers are below n. A line of 0 is unknown.
  void add(const Edge& edge, std::optional<double> weight, std::int64_t line);
  /// "there is no peer ID: ..."
  [[noreturn]] void fail_no_peer(std::string_view id, std::int64_t line) const;

  FileGraph take() { return std::move(graph_); }

 private:
  const std::size_t n_;
  const std::string& file_;
  std::map<Edge, std::int64_t> line_of_;
  FileGraph graph_;
};

}  // namespace parley::topology
