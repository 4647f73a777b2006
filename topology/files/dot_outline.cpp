#include "topology/files/dot_outline.h"

#include <algorithm>

#include "base/error.h"
#include "topology/files/edge_collector.h"

namespace parley::topology {
namespace {

constexpr std::size_t kLongestName = 1000;  // Boost's regular expressions give up on strings of some hundred thousand
constexpr std::size_t kMostDefaults = 16;   // every node and edge that follows gets a copy of each

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

class Outliner {
 public:
  Outliner(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  DotOutline run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool begins_line = at_ == 0 || text_[at_ - 1] == '\n';
      if ((c == '#' && begins_line) || starts("//")) {
        move_to(text_.find('\n', at_));
      } else if (starts("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) fail("this comment does not end");
        move_to(end + 2);
      } else if (c == '"') {
        quoted();
      } else if (is_word(c)) {
        word();
      } else {
        sign(c);
      }
    }
    return std::move(outline_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  [[noreturn]] void fail(std::string message) const { fail_at(file_, line_, std::move(message)); }

  void move_to(std::size_t to) {
    to = std::min(to, text_.size());
    line_ += std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                        text_.begin() + static_cast<std::ptrdiff_t>(to), '\n');
    at_ = to;
  }

  void name(std::string text) {
    if (text.size() > kLongestName) fail(fmt::format("a name or text has more than {} characters", kLongestName));
    if (in_brackets_ == 0) outline_.line_of_name.try_emplace(std::move(text), line_);
  }

  void quoted() {
    std::string content;
    std::size_t i = at_ + 1;
    for (; i < text_.size() && text_[i] != '"'; ++i) {
      if (text_[i] == '\\' && i + 1 < text_.size()) content += text_[i++];
      content += text_[i];
    }
    if (i >= text_.size()) fail("this text does not end");
    name(std::move(content));
    move_to(i + 1);
    after_default_ = false;
  }

  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const std::string keyword = lower_case(word);
    if (keyword == "subgraph") fail("subgraphs are not read: write their edges one by one");
    if (keyword == "digraph") fail("has directed edges: write graph, and -- between the ends of an edge");
    after_default_ = in_brackets_ == 0 && (keyword == "node" || keyword == "edge" || keyword == "graph");
    name(std::string(word));
    move_to(end);
  }

  void sign(char c) {
    if (starts("--")) {
      if (in_brackets_ == 0) outline_.edge_lines.push_back(line_);
      move_to(at_ + 2);
      return;
    }
    if (starts("->")) fail("-> is a directed edge: write --");
    if (c == '<') fail("HTML is not read: remove it, or write it in quotes");
    if (c == '{' && in_brackets_ == 0 && ++braces_ > 1) fail("subgraphs are not read: write their edges one by one");
    if (c == '[') {
      ++in_brackets_;
      in_defaults_ = after_default_;
    }
    if (c == ']' && in_brackets_ > 0) --in_brackets_;
    if (c == '=' && (in_brackets_ == 0 || in_defaults_) && ++defaults_ > kMostDefaults)
      fail(fmt::format("more than {} default attributes: remove some", kMostDefaults));
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') after_default_ = false;
    move_to(at_ + 1);
  }

  const std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
  std::size_t in_brackets_ = 0, braces_ = 0, defaults_ = 0;
  bool after_default_ = false;  // the last word was node, edge or graph
  bool in_defaults_ = false;    // the brackets are those of such a word
  DotOutline outline_;
};

}  // namespace

DotOutline outline_of_dot(std::string_view text, const std::string& file) {
  return Outliner(text, file).run();
}

}  // namespace parley::topology
