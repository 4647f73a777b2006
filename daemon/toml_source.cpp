#include "daemon/toml_source.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/spec.h"
#include "daemon/option_value.h"

namespace parley::daemon {
namespace {

using base::OperatorError;
using base::Place;

class TomlReader {
 public:
  explicit TomlReader(const std::string& name) : name_(name) {}

  FileContents read(const toml::table& document) {
    for (const auto& [key, node] : document) {
      if (key.str() == "peer")
        read_peers(node);
      else if (is_section(key.str()))
        read_section(key.str(), node);
      else
        refuse_section(key);
    }
    return std::move(contents_);
  }

 private:
  Place place(const toml::source_region& region, std::string key) const {
    return {.file = name_, .line = region.begin.line, .column = region.begin.column, .key = std::move(key)};
  }

  static bool is_section(std::string_view name) {
    const auto sections = section_table();
    return std::any_of(sections.begin(), sections.end(), [&](const Section& section) { return section.name == name; });
  }

  [[noreturn]] void refuse_section(const toml::key& key) const {
    std::vector<std::string_view> names;
    for (const Section& section : section_table()) names.push_back(section.name);
    names.push_back("peer");
    std::string message = base::unknown_name("section", key.str(), names);
    for (const Option& option : option_table()) {
      if (option.key == key.str())
        message = fmt::format("a key outside of every section; did you mean {}, below a line [{}]?", option.name(),
                              option.section);
    }
    throw OperatorError(place(key.source(), std::string(key.str())), message);
  }

  void read_section(std::string_view section, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      throw OperatorError(place(node.source(), std::string(section)),
                          fmt::format("found {}; {} is a section: write a line [{}] and its keys below it",
                                      describe(node), section, section));
    for (const auto& [key, value] : *table) {
      const Option& option = find_key(section, key);
      const Place at = place(value.source(), option.name());
      contents_.values.insert_or_assign(option.name(), FoundValue{value_of(option, value, at), at});
    }
  }

  const Option& find_key(std::string_view section, const toml::key& key) const {
    std::vector<std::string_view> known;
    std::string elsewhere;
    for (const Option& option : option_table()) {
      if (option.section == section) {
        if (option.key == key.str()) return option;
        known.push_back(option.key);
      } else if (option.key == key.str()) {
        elsewhere =
            fmt::format("unknown key \"{}\"; {} is one: move it below [{}]", key.str(), option.name(), option.section);
      }
    }
    refuse_key(section, key, known, elsewhere);
  }

  [[noreturn]] void refuse_key(std::string_view section, const toml::key& key, std::span<const std::string_view> known,
                               const std::string& elsewhere) const {
    const bool has_near = base::nearest(key.str(), known).has_value();
    throw OperatorError(place(key.source(), fmt::format("{}.{}", section, key.str())),
                        has_near || elsewhere.empty() ? base::unknown_name("key", key.str(), known) : elsewhere);
  }

  void read_peers(const toml::node& node) {
    const toml::array* tables = node.as_array();
    if (tables == nullptr || !std::all_of(tables->begin(), tables->end(), [](const auto& t) { return t.is_table(); }))
      throw OperatorError(
          place(node.source(), "peer"),
          fmt::format("found {}; each peer is a table of its own that starts with a line [[peer]]", describe(node)));
    for (const toml::node& table : *tables) read_peer(*table.as_table());
  }

  void read_peer(const toml::table& table) {
    FoundPeer peer{.entry = {}, .place = place(table.source(), "peer"), .places = {}};
    for (const auto& [key, value] : table) {
      const PeerOption& row = find_peer_key(key);
      const Place at = place(value.source(), row.option.name());
      row.set(peer.entry, value_of(row.option, value, at));
      peer.places.emplace(row.option.key, at);
    }
    contents_.peers.push_back(std::move(peer));
  }

  const PeerOption& find_peer_key(const toml::key& key) const {
    std::vector<std::string_view> known;
    for (const PeerOption& row : peer_option_table()) {
      if (row.option.key == key.str()) return row;
      known.push_back(row.option.key);
    }
    refuse_key("peer", key, known, {});
  }

  static OptionValue value_of(const Option& option, const toml::node& node, const Place& at) {
    try {
      OptionValue value = typed(option, node);
      check_value(option, value);
      return value;
    } catch (const OperatorError& error) {
      throw OperatorError(at, error.message());
    }
  }

  static OptionValue typed(const Option& option, const toml::node& node) {
    switch (option.kind) {
      case OptionKind::boolean:
        if (const auto* flag = node.as_boolean()) return flag->get();
        break;
      case OptionKind::real:
        if (const auto* real = node.as_floating_point()) return real->get();
        if (const auto* whole = node.as_integer()) return static_cast<double>(whole->get());
        break;
      case OptionKind::integer:
        if (const auto* whole = node.as_integer()) return whole->get();
        break;
      default:
        if (const auto* text = node.as_string()) return parse_value(option, text->get());
        break;
    }
    const auto* text = node.as_string();
    const bool is_word = text != nullptr && !option.choices.empty() && text->get() == option.choices;
    if (is_word) return std::monostate{};
    throw OperatorError(fmt::format("found {}; allowed: {}", describe(node), describe_allowed(option)));
  }

  static std::string describe(const toml::node& node) {
    if (const auto* text = node.as_string()) return fmt::format("the text \"{}\"", text->get().substr(0, 64));
    if (const auto* whole = node.as_integer()) return fmt::format("the number {}", whole->get());
    if (const auto* real = node.as_floating_point()) return fmt::format("the number {}", real->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (node.is_array()) return "an array";
    if (node.is_table()) return "a table";
    return "a date or time";
  }

  std::string name_;
  FileContents contents_;
};

}  // namespace

FileContents read_toml(std::string_view text, const std::string& name) {
  if (text.size() > kMaxFileBytes)
    throw OperatorError(Place{.file = name, .key = {}},
                        fmt::format("has {} bytes; a swarm file has at most {}", text.size(), kMaxFileBytes));
  toml::table document;
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw OperatorError(Place{.file = name, .line = begin.line, .column = begin.column, .key = {}},
                        fmt::format("not TOML: {}", error.description()));
  }
  return TomlReader(name).read(document);
}

}  // namespace parley::daemon
