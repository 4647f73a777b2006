#include "topology/files/edge_list.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "topology/files/edge_collector.h"

namespace parley::topology {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Between commas if there are any, else between blanks.
std::vector<std::string_view> fields_of(std::string_view content) {
  const bool commas = content.find(',') != std::string_view::npos;
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t end = commas ? content.find(',') : content.find_first_of(kBlank);
    fields.push_back(trimmed(content.substr(0, end)));
    if (end == std::string_view::npos) return fields;
    content.remove_prefix(end + 1);
    if (!commas) content = trimmed(content);
  }
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Two or three words, as "from,to".
bool is_header(const std::vector<std::string_view>& fields) {
  return (fields.size() == 2 || fields.size() == 3) && std::all_of(fields.begin(), fields.end(), [](auto field) {
           return !field.empty() &&
                  std::all_of(field.begin(), field.end(), [](char c) { return is_letter(c) || c == '_'; });
         });
}

/// Reads one line at a time and knows where it is.
class EdgeReader {
 public:
  EdgeReader(std::size_t n, const std::string& file) : n_(n), file_(file), edges_(n, file) {}

  void read(std::string_view line) {
    ++line_;
    const std::string_view content = trimmed(line.substr(0, line.find('#')));
    if (content.empty()) return;
    const auto fields = fields_of(content);
    const bool is_first = !std::exchange(begun_, true);
    if (is_first && is_header(fields)) return;
    if (fields.size() != 2 && fields.size() != 3) fail_malformed(content);
    const Edge edge{peer(fields[0], content), peer(fields[1], content)};
    std::optional<double> weight;
    if (fields.size() == 3 && !(weight = read_weight(fields[2]))) {
      fail_at(file_, line_, fmt::format("the weight of an edge must be a number, found \"{}\"", shown(fields[2])));
    }
    edges_.add(edge, weight, line_);
  }
  FileGraph take() { return edges_.take(); }

 private:
  std::size_t peer(std::string_view digits, std::string_view line) const {
    const char* const end = digits.data() + digits.size();
    std::size_t id = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), end, id);
    if (digits.empty() || stopped != end || error == std::errc::invalid_argument) fail_malformed(line);
    if (error == std::errc::result_out_of_range || id >= n_) edges_.fail_no_peer(digits, line_);
    return id;
  }

  [[noreturn]] void fail_malformed(std::string_view line) const {
    fail_at(file_, line_,
            fmt::format("expected two peer numbers separated by a comma, such as 0,1, found \"{}\"", shown(line)));
  }

  const std::size_t n_;
  const std::string& file_;
  std::int64_t line_ = 0;
  bool begun_ = false;
  EdgeCollector edges_;
};

}  // namespace

FileGraph read_edge_list(std::string_view text, std::size_t n, const std::string& file) {
  EdgeReader reader(n, file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.take();
}

}  // namespace parley::topology
