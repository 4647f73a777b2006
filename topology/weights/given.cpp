#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/error.h"
#include "topology/schedule.h"
#include "topology/text_file.h"
#include "topology/weights/weights.h"

namespace parley::topology {
namespace {

constexpr base::Parameter kParameters[] = {
    {.name = "path",
     .kind = base::ParameterKind::word,
     .help = "text file with a row of W per line, numbers separated by commas",
     .required = true},
    {.name = "sums",
     .kind = base::ParameterKind::word,
     .fallback = "rows",
     .choices = "rows|columns",
     .help = "what sums to one at least: rows, or columns for push-sum"},
};

constexpr double kTolerance = 1e-9;  // of a sum: self weights are computed anew as what the others leave

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

using Key = std::pair<std::uint32_t, std::uint32_t>;  // receiver, sender

/// Reads W row by row.
class MatrixReader {
 public:
  MatrixReader(std::size_t n, const std::string& file) : n_(n), file_(file) {}

  void read(std::string_view line) {
    ++line_;
    std::string_view rest = trimmed(line);
    if (rest.empty() || rest.front() == '#') return;
    if (row_ == n_) fail(fmt::format("one row too many: the swarm has {} peers", n_));
    lines_.push_back(line_);
    for (std::size_t column = 0;; ++column) {
      const std::size_t comma = rest.find(',');
      if (column == n_) fail(fmt::format("row {} has more than {} entries", row_, n_));
      add(column, trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos && column + 1 < n_)
        fail(fmt::format("row {} has {} entries, the swarm has {} peers", row_, column + 1, n_));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    ++row_;
  }

  /// Throws if lines are missing, or rows or columns do not sum to one.
  void finish(Sums sums) {
    if (row_ < n_) fail(fmt::format("ends after {} rows, the swarm has {} peers", row_, n_));
    std::vector<double> totals(n_);
    for (const auto& [key, w] : entries_) totals[sums == Sums::rows ? key.first : key.second] += w;
    for (std::size_t i = 0; i < n_; ++i) {
      if (std::abs(totals[i] - 1) <= kTolerance) continue;
      const auto peer = static_cast<std::uint32_t>(i);
      line_ = lines_[i];
      fail(fmt::format("{} {} sums to {:.10g}, not to 1: its self weight must be {:.10g}",
                       sums == Sums::rows ? "row" : "column", i, totals[i], entries_[{peer, peer}] + 1 - totals[i]));
    }
  }

  /// Throws if there is a weight for a peer that is not heard.
  void require_arcs(const std::vector<Neighbourhood>& all, std::string_view graph) {
    for (const auto& [key, w] : entries_) {
      const auto [i, j] = key;
      const auto& in = all[i].in;
      if (i == j || w == 0 || std::binary_search(in.begin(), in.end(), base::PeerId{j})) continue;
      line_ = lines_[i];
      fail(
          fmt::format("row {} gives peer {} the weight {:.6g}, but peer {} does not hear peer {} in the schedule {}: "
                      "add the edge to the graph, or write 0",
                      i, j, w, i, j, graph));
    }
  }

  std::map<Key, double> take() { return std::move(entries_); }

 private:
  void add(std::size_t column, std::string_view field) {
    double value = 0;
    const auto [stopped, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (field.empty() || stopped != field.data() + field.size() || error != std::errc{} || !std::isfinite(value))
      fail(fmt::format("row {}, entry {}: expected a number", row_, column));
    if (value != 0 || column == row_)
      entries_[{static_cast<std::uint32_t>(row_), static_cast<std::uint32_t>(column)}] = value;
  }
  [[noreturn]] void fail(std::string message) const {
    throw base::OperatorError({.file = file_, .line = line_, .column = 0, .key = {}}, std::move(message));
  }

  const std::size_t n_;
  const std::string& file_;
  std::int64_t line_ = 0;
  std::size_t row_ = 0;
  std::vector<std::int64_t> lines_;  // of the rows
  std::map<Key, double> entries_;    // those that are not zero, and the diagonal
};

/// W as a file gives it. An edge without an entry has the weight 0.
class Given final : public WeightRule {
 public:
  Given(std::string spec, std::map<Key, double> entries, Sums sums)
      : spec_(std::move(spec)), entries_(std::move(entries)), sums_(sums) {}
  const std::string& spec() const override { return spec_; }
  double weight(const Arc& arc) const override {
    const auto at = entries_.find({arc.to.value, arc.from.value});
    return at == entries_.end() ? 0 : at->second;
  }
  Sums sums() const override { return sums_; }

 private:
  std::string spec_;
  std::map<Key, double> entries_;
  Sums sums_;
};

std::unique_ptr<WeightRule> make(const WeightBlueprint& blueprint) {
  const std::string spec = blueprint.arguments.canonical();
  if (!blueprint.schedule.is_static()) {
    throw base::OperatorError(
        fmt::format("{} is one matrix for all rounds, and {} has other neighbours in other rounds: "
                    "set schedule = \"static\", or weights = \"metropolis\"",
                    spec, blueprint.schedule.spec()));
  }
  const std::string& path = blueprint.arguments.word("path");
  const Sums sums = blueprint.arguments.is("sums", "columns") ? Sums::columns : Sums::rows;
  const std::string content =
      read_text_file(path, "weights = \"file(...)\" needs a text file with a row of W per line");
  MatrixReader reader(blueprint.schedule.size(), path);
  for (std::string_view text = content; !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  reader.finish(sums);
  reader.require_arcs(blueprint.schedule.neighbourhoods({}), blueprint.schedule.spec());
  return std::make_unique<Given>(spec, reader.take(), sums);
}

}  // namespace

const WeightRow& given_weights() {
  static constexpr WeightRow row{.name = "file",
                                 .summary = "the matrix that a text file holds, a row per line",
                                 .parameters = kParameters,
                                 .make = make};
  return row;
}

}  // namespace parley::topology
