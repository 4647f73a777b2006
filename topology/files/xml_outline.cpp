#include "topology/files/xml_outline.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "base/error.h"
#include "topology/files/edge_collector.h"

namespace parley::topology {
namespace {

constexpr std::size_t kDeepest = 32;  // elements within elements
constexpr std::string_view kBlank = " \t\r\n";

/// The inside of <...>: "node id='n0'". Closing tags begin with a slash, empty elements end with one.
std::string_view name_of(std::string_view tag) {
  return tag.substr(0, tag.find_first_of(" \t\r\n/", 1));
}

std::optional<std::string_view> attribute(std::string_view tag, std::string_view wanted) {
  tag.remove_prefix(name_of(tag).size());
  while (true) {
    tag.remove_prefix(std::min(tag.find_first_not_of(kBlank), tag.size()));
    const std::size_t equals = tag.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string_view name = tag.substr(0, equals);
    name = name.substr(0, name.find_last_not_of(kBlank) + 1);
    const std::size_t open = tag.find_first_of("\"'", equals);
    if (open == std::string_view::npos) return std::nullopt;
    const std::size_t close = tag.find(tag[open], open + 1);
    if (close == std::string_view::npos) return std::nullopt;
    if (name == wanted) return tag.substr(open + 1, close - open - 1);
    tag.remove_prefix(close + 1);
  }
}

class Outliner {
 public:
  Outliner(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  XmlOutline run() {
    while (advance_to(text_.find('<', at_))) {
      if (starts("<!--")) {
        skip_past("-->", "comment");
      } else if (starts("<![CDATA[")) {
        skip_past("]]>", "CDATA section");
      } else if (starts("<?")) {
        skip_past("?>", "processing instruction");
      } else if (starts("<!")) {
        fail("document types are not read: remove it");
      } else {
        element(inside_of_tag());
      }
    }
    return std::move(outline_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  [[noreturn]] void fail(std::string message) const { fail_at(file_, line_, std::move(message)); }

  /// False at the end of the text. Keeps count of the lines.
  bool advance_to(std::size_t to) {
    to = std::min(to, text_.size());
    line_ += std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                        text_.begin() + static_cast<std::ptrdiff_t>(to), '\n');
    at_ = to;
    return at_ < text_.size();
  }

  void skip_past(std::string_view end, const char* what) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) fail(fmt::format("this {} does not end", what));
    advance_to(found + end.size());
  }

  /// What stands between < and >, where a > within quotes does not count; moves behind it.
  std::string_view inside_of_tag() {
    const std::size_t begin = at_ + 1;
    char quote = 0;
    for (std::size_t i = begin; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        tag_end_ = i + 1;
        return text_.substr(begin, i - begin);
      }
    }
    fail("this tag does not end");
  }

  void element(std::string_view tag) {
    if (tag.starts_with('/')) {
      if (!open_.empty()) open_.pop_back();
    } else {
      const std::string_view name = name_of(tag);
      const std::string_view parent = open_.empty() ? std::string_view() : open_.back();
      if (name == "node" || name == "edge") part_of_graph(name, parent, tag);
      if (name == "hyperedge") fail("edges between more than two nodes are not read");
      if (name == "graph" && (parent != "graphml" || std::exchange(has_graph_, true)))
        fail("a file may hold one graph, and no graph in its nodes");
      if (!tag.ends_with('/')) open_.push_back(name);
      if (open_.size() > kDeepest) fail(fmt::format("elements are nested more than {} deep", kDeepest));
    }
    advance_to(tag_end_);
  }

  void part_of_graph(std::string_view name, std::string_view parent, std::string_view tag) {
    if (parent != "graph") fail(fmt::format("this {} is not directly in the graph", name));
    if (name == "edge") {
      if (!attribute(tag, "source") || !attribute(tag, "target")) fail("this edge lacks its source or its target");
      outline_.edge_lines.push_back(line_);
      return;
    }
    const auto id = attribute(tag, "id");
    if (!id) fail("this node lacks its id");
    if (!ids_.insert(*id).second) fail(fmt::format("node \"{}\" was there before", shown(*id)));
    outline_.nodes.push_back({.name = std::string(*id), .line = line_});
  }

  const std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0, tag_end_ = 0;
  std::int64_t line_ = 1;
  std::vector<std::string_view> open_;  // elements around the current place
  std::unordered_set<std::string_view> ids_;
  bool has_graph_ = false;
  XmlOutline outline_;
};

}  // namespace

XmlOutline outline_of_graphml(std::string_view text, const std::string& file) {
  return Outliner(text, file).run();
}

}  // namespace parley::topology
