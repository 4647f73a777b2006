#include "daemon/config.h"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "daemon/option_value.h"
#include "daemon/options.h"
#include "daemon/roster.h"
#include "daemon/toml_source.h"

namespace parley::daemon {
namespace {

using base::OperatorError;
using base::Place;

/// A value on its way into the configuration.
struct Candidate {
  OptionValue value;
  Origin origin;
};
using Candidates = std::map<std::string, Candidate, std::less<>>;

/// Reads a text from outside the file, giving errors its place.
OptionValue value_at(const Option& option, std::string_view text, const Place& place) {
  try {
    return parse_value(option, text);
  } catch (const OperatorError& error) {
    throw OperatorError(place, error.message());
  }
}

void overlay_file(Candidates& candidates, const FileContents& contents) {
  for (const auto& [name, found] : contents.values)
    candidates.insert_or_assign(name, Candidate{found.value, {Origin::Kind::file, found.place}});
}

/// A variable that starts like one of a section but is none of its keys is a mistake; any other name that starts with
/// PARLEY_ is somebody else's.
void refuse_unknown_variables(const Environment& environment) {
  std::vector<std::string> known;
  for (const Option& option : option_table()) known.push_back(environment_name(option));
  const std::vector<std::string_view> views(known.begin(), known.end());
  for (const auto& [name, value] : environment) {
    if (std::find(views.begin(), views.end(), name) != views.end()) continue;
    for (const std::string_view other : views) {
      const std::string_view prefix = other.substr(0, other.find('_', std::string_view("PARLEY_").size()) + 1);
      if (!name.starts_with(prefix)) continue;
      const auto near = base::nearest(name, views);
      throw OperatorError(Place{.file = "environment " + name, .key = {}},
                          fmt::format("no key of this name{}; `parley config reference` lists them",
                                      near ? fmt::format("; did you mean {}?", *near) : std::string()));
    }
  }
}

void overlay_environment(Candidates& candidates, const Environment& environment) {
  refuse_unknown_variables(environment);
  const auto take = [&](const Option& option, const std::string& variable) {
    const auto found = environment.find(variable);
    if (found == environment.end()) return;
    const Place place{.file = "environment " + variable, .key = option.name()};
    candidates.insert_or_assign(option.name(),
                                Candidate{value_at(option, found->second, place), {Origin::Kind::environment, place}});
  };
  for (const Option& option : option_table()) take(option, environment_name(option));
  if (const auto data = candidates.find("learning.data");
      data == candidates.end() || std::get<std::string>(data->second.value).empty())
    take(find_option("learning.data"), "PARLEY_DATA");
}

void overlay_flags(Candidates& candidates, std::span<const std::string> overrides) {
  for (const std::string& text : overrides) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      throw OperatorError(Place{.file = "--set", .key = {}},
                          fmt::format("found \"{}\"; needed is section.key=value, such as swarm.rounds=200", text));
    const std::string name = text.substr(0, equals);
    const Option* option = nullptr;
    try {
      option = &find_option(name);
    } catch (const OperatorError& error) {
      throw OperatorError(Place{.file = "--set", .key = {}}, error.message());
    }
    const Place place{.file = "--set", .key = name};
    candidates.insert_or_assign(name, Candidate{value_at(*option, std::string_view(text).substr(equals + 1), place),
                                                {Origin::Kind::flag, place}});
  }
}

void assign(Config& config, const Candidates& candidates) {
  for (const Option& option : option_table()) {
    const auto found = candidates.find(option.name());
    if (found == candidates.end()) {
      option.field.set(config, parse_value(option, option.fallback));
      config.origins.insert_or_assign(option.name(),
                                      Origin{Origin::Kind::built_in, {.file = "default", .key = option.name()}});
    } else {
      option.field.set(config, found->second.value);
      config.origins.insert_or_assign(option.name(), found->second.origin);
    }
  }
}

/// What concerns one option alone but is more than its type and bounds.
void check_names(Config& config) {
  if (!is_plain_name(config.swarm.name))
    throw OperatorError(
        config.place_of("swarm.name"),
        fmt::format("found \"{}\"; a name has letters, digits, \"_\", \".\" and \"-\" and starts with a "
                    "letter or digit",
                    config.swarm.name));
  constexpr std::string_view kName = "{name}";
  std::string& run_dir = config.metrics.run_dir;
  if (const std::size_t at = run_dir.find(kName); at != std::string::npos)
    run_dir.replace(at, kName.size(), config.swarm.name);
}

std::string read_text(const std::filesystem::path& file) {
  const Place place{.file = file.string(), .key = {}};
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status))
    throw OperatorError(place, "there is no such file; `parley config sample` prints one to start from");
  if (std::filesystem::is_directory(status)) throw OperatorError(place, "is a directory; a swarm file is needed");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw OperatorError(place, "cannot be read; check its permissions");
  std::string text;
  std::vector<char> block(65536);
  // One block beyond the limit is enough to see that the file is too long, were it a device that never ends.
  while (text.size() <= kMaxFileBytes &&
         (stream.read(block.data(), static_cast<std::streamsize>(block.size())), stream.gcount() > 0))
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

std::string Origin::text() const {
  if (kind == Kind::built_in) return "default";
  Place shown = place;
  shown.key.clear();
  return shown.text();
}

base::Place Config::place_of(std::string_view key) const {
  const auto found = origins.find(key);
  PARLEY_CHECK(found != origins.end(), key);
  return found->second.place;
}

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Config parse_config(std::string_view text, const std::string& name, std::span<const std::string> overrides,
                    const Environment& environment) {
  const FileContents contents = read_toml(text, name);
  Candidates candidates;
  overlay_file(candidates, contents);
  overlay_environment(candidates, environment);
  overlay_flags(candidates, overrides);
  Config config;
  config.file = name;
  assign(config, candidates);
  check_names(config);
  build_roster(config, contents.peers);
  return config;
}

Config load_config(const std::filesystem::path& file, std::span<const std::string> overrides,
                   const Environment& environment) {
  return parse_config(read_text(file), file.string(), overrides, environment);
}

std::vector<std::pair<std::string, std::string>> agreement_terms(const Config& config) {
  std::vector<std::pair<std::string, std::string>> terms;
  for (const Option& option : option_table()) {
    if (option.agreement != Agreement::common) continue;
    std::string value = format_value(option, option.field.get(config));
    if (option.spec) value = canonical_spec(*option.spec, value);
    terms.emplace_back(option.name(), std::move(value));
  }
  // Names, not addresses: a peer may be reached by different addresses from different sides.
  std::string names;
  for (const RosterEntry& peer : config.roster) names += peer.name + '\n';
  terms.emplace_back("swarm.roster", fmt::format("{} peers, names {:016x}", config.roster.size(),
                                                 XXH3_64bits(names.data(), names.size())));
  return terms;
}

std::string config_hash(const Config& config) {
  std::string text;
  for (const auto& [key, value] : agreement_terms(config)) text += fmt::format("{}={}\n", key, value);
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace parley::daemon
