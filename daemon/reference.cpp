#include "daemon/reference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "daemon/catalogue.h"
#include "daemon/option_value.h"
#include "daemon/text_table.h"

namespace parley::daemon {
namespace {

constexpr std::string_view kPreface =
    R"(# Configuration

This page is what `parley config reference` prints; a test compares the two.

One TOML file describes a swarm and is the same on every peer; `--peer NAME` says which of its peers a daemon is.
A value is taken from the first of these that has it:

1. `--set section.key=value` on the command line,
2. the environment: `PARLEY_SWARM_ROUNDS` for `swarm.rounds`,
3. the file,
4. the default.

`parley config sample` prints a file with every key at its default, `parley config explain FILE` shows each value
with its origin, and `parley config check FILE` does everything that a daemon does before it greets its neighbours and prints
what a run would cost. A key or section that is not in this table is an error.

**Common** keys are compared when two peers greet each other; peers that differ in one refuse the link and both say which.
**Live** keys are those that a daemon could change without starting anew; this version reads all keys when it starts.

Durations have a unit: `200ms`, `5s`, `2m`. Sizes too: `512KiB`, `4MiB`. Rates are in bits per second: `100Mbit`.
Specs name one of several things with its parameters, `topk(ratio=0.01)`; `parley config reference SECTION.KEY` lists
what there is for a key.
)";

constexpr std::string_view kPeerPreface =
    R"(
## [[peer]]

One table for each peer of a swarm on several machines, instead of `swarm.peers`. Peers are numbered in the order of
their tables, which is therefore the same in every copy of the file.

)";

constexpr std::string_view kPeerSample =
    R"(# A swarm on several machines has, instead of swarm.peers above, one such table for each peer:
#
# [[peer]]
# name = "hospital-a"
# address = "tcp://192.0.2.10:7100"
# listen = "tcp://0.0.0.0:7100"
# data = "a.csv"
)";

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string remarks(const Option& option) {
  std::string text;
  if (option.agreement == Agreement::common) text += " *Common.*";
  if (option.change == Change::live) text += " *Live.*";
  return text;
}

std::string example_toml(const Option& option) {
  return format_toml(option, parse_value(option, option.example));
}

std::string default_toml(const Option& option) {
  return format_toml(option, parse_value(option, option.fallback));
}

/// What is allowed and the unit, in as few words as a table cell has room for.
std::string allowed(const Option& option) {
  std::string text = describe_allowed(option);
  if (!option.unit.empty() && option.kind != OptionKind::duration) text += fmt::format(" ({})", option.unit);
  return text;
}

}  // namespace

std::string sample_file() {
  std::string text =
      "# A swarm file with every key at its default. Keys may be left out.\n"
      "# `parley config check FILE` says whether it can run and what it would cost.\n";
  for (const Section& section : section_table()) {
    text += fmt::format("\n# {}\n[{}]\n", section.help, section.name);
    for (const Option& option : option_table()) {
      if (option.section != section.name) continue;
      text += '\n';
      for (const std::string& line : wrap(fmt::format("{} Example: {}", option.help, example_toml(option)), 98))
        text += fmt::format("# {}\n", line);
      text += fmt::format("{} = {}\n", option.key, default_toml(option));
    }
  }
  return text + '\n' + std::string(kPeerSample);
}

std::string reference_page() {
  std::string text(kPreface);
  constexpr std::string_view kHead = "| key | default | allowed | meaning |\n|---|---|---|---|\n";
  for (const Section& section : section_table()) {
    text += fmt::format("\n## [{}]\n\n{}\n\n{}", section.name, section.help, kHead);
    for (const Option& option : option_table()) {
      if (option.section != section.name) continue;
      text += fmt::format("| `{}` | `{}` | {} | {}{} Example: `{}` |\n", option.name(), cell(default_toml(option)),
                          cell(allowed(option)), cell(option.help), remarks(option), cell(example_toml(option)));
    }
  }
  text += fmt::format("{}| key | allowed | meaning |\n|---|---|---|\n", kPeerPreface);
  for (const PeerOption& row : peer_option_table())
    text += fmt::format("| `{}` | {} | {}{} Example: `{}` |\n", row.option.key, cell(allowed(row.option)),
                        cell(row.option.help), remarks(row.option), cell(example_toml(row.option)));
  return text;
}

std::string option_help(const Option& option) {
  std::string text = fmt::format("{}\n\n", option.name());
  for (const std::string& line : wrap(std::string(option.help), 96)) text += fmt::format("  {}\n", line);
  text += fmt::format("\n  allowed      {}\n  default      {}\n  example      {}\n  environment  {}\n", allowed(option),
                      default_toml(option), example_toml(option), environment_name(option));
  text += fmt::format(
      "  {}; {}\n",
      option.agreement == Agreement::common ? "must be the same on all peers" : "each peer may have its own value",
      option.change == Change::live ? "could change in a running daemon" : "read when a daemon starts");
  if (!option.spec) return text;
  TextTable table({fmt::format("  {}", name_of(*option.spec)), "what it is"});
  for (const SpecName& spec : spec_names(*option.spec))
    table.add({fmt::format("  {}", signature(spec.name, spec.parameters)), std::string(spec.summary)});
  return text + '\n' + table.text();
}

std::string explain_text(const Config& config) {
  TextTable table({"key", "value", "origin"});
  for (const Option& option : option_table())
    table.add({option.name(), format_toml(option, option.field.get(config)),
               config.origins.find(option.name())->second.text()});
  return table.text(160);
}

std::string explain_json(const Config& config) {
  auto rows = nlohmann::ordered_json::array();
  for (const Option& option : option_table()) {
    rows.push_back({{"key", option.name()},
                    {"value", format_value(option, option.field.get(config))},
                    {"origin", config.origins.find(option.name())->second.text()},
                    {"common", option.agreement == Agreement::common},
                    {"live", option.change == Change::live}});
  }
  return rows.dump(2) + '\n';
}

}  // namespace parley::daemon
