#include "daemon/catalogue.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "compression/registry.h"
#include "daemon/spec_kinds.h"
#include "daemon/text_table.h"
#include "gossip/algorithm.h"

namespace parley::daemon {
namespace {

using nlohmann::ordered_json;

/// Nothing for an operator that cannot be built from its name alone.
std::optional<compression::Properties> default_properties(const compression::Row& row, std::size_t d) {
  try {
    return compression::make_compressor(row.name, base::ParameterLayout::flat(d))->properties(d);
  } catch (const base::OperatorError&) {
    return std::nullopt;
  }
}

std::string_view name_of(base::ParameterKind kind) {
  switch (kind) {
    case base::ParameterKind::integer:
      return "integer";
    case base::ParameterKind::real:
      return "real";
    case base::ParameterKind::word:
      return "word";
  }
  return "";
}

ordered_json parameters_json(std::span<const base::Parameter> parameters) {
  auto rows = ordered_json::array();
  for (const base::Parameter& parameter : parameters) {
    ordered_json row = {{"name", parameter.name}, {"kind", name_of(parameter.kind)}};
    row["default"] = parameter.fallback.empty() ? ordered_json(nullptr) : ordered_json(parameter.fallback);
    if (parameter.kind != base::ParameterKind::word) {
      row["low"] = parameter.low;
      row["high"] = parameter.high;
    }
    if (!parameter.choices.empty()) row["choices"] = parameter.choices;
    row["required"] = parameter.required;
    row["help"] = parameter.help;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// A row for each parameter, indented.
std::string parameters_text(std::span<const base::Parameter> parameters) {
  TextTable help({"  parameter", "default", "meaning"});
  for (const base::Parameter& parameter : parameters)
    help.add({fmt::format("  {}", parameter.name), parameter.fallback.empty() ? "-" : std::string(parameter.fallback),
              parameter.choices.empty() ? std::string(parameter.help)
                                        : fmt::format("{}; {}", parameter.choices, parameter.help)});
  return help.text();
}

struct Section {
  SpecKind kind;
  const char* key;     // of the configuration
  const char* plural;  // in the document
};
constexpr Section kSections[] = {{SpecKind::graph, "graph", "graphs"},
                                 {SpecKind::schedule, "schedule", "schedules"},
                                 {SpecKind::weights, "weights", "weight_rules"}};

}  // namespace

std::string signature(std::string_view name, std::span<const base::Parameter> parameters) {
  std::string arguments;
  for (const base::Parameter& parameter : parameters) {
    if (!arguments.empty()) arguments += ", ";
    arguments += parameter.name;
    if (parameter.required) arguments += "=...";
    if (!parameter.required && !parameter.fallback.empty()) arguments += fmt::format("={}", parameter.fallback);
  }
  return arguments.empty() ? std::string(name) : fmt::format("{}({})", name, arguments);
}

std::string compressors_text(std::size_t d) {
  TextTable table({"operator", "id", "delta", "bits", "unbiased", "what it keeps, and who published it"});
  std::string parameters;
  for (const compression::Row& row : compression::registry()) {
    const auto properties = default_properties(row, d);
    table.add({std::string(row.name), fmt::format("{}", row.wire_id),
               properties ? fmt::format("{:.3g}", properties->delta) : "-",
               properties ? fmt::format("{:.3g}", properties->bits_per_coordinate) : "-",
               properties && properties->unbiased ? "yes" : "no", fmt::format("{} ({})", row.summary, row.source)});
    if (row.parameters.empty()) continue;
    parameters += fmt::format("\n{}{}\n", signature(row.name, row.parameters),
                              row.takes_values ? "  may be followed by \"| OPERATOR\" for the values it keeps" : "");
    parameters += parameters_text(row.parameters);
  }
  return fmt::format(
      "{}\nAt d = {} parameters and the default arguments: delta is the guaranteed contraction, E|C(x) - x|^2 <=\n"
      "(1 - delta)|x|^2, and 0 means none; bits are those of a payload for one coordinate, of 32.\n{}",
      table.text(), d, parameters);
}

std::string compressors_json(std::size_t d) {
  auto rows = ordered_json::array();
  for (const compression::Row& row : compression::registry()) {
    ordered_json entry = {
        {"name", row.name},     {"wire_id", row.wire_id},       {"summary", row.summary},
        {"source", row.source}, {"pipeline", row.takes_values}, {"parameters", parameters_json(row.parameters)}};
    if (const auto properties = default_properties(row, d))
      entry["properties"] = {{"d", d},
                             {"delta", properties->delta},
                             {"unbiased", properties->unbiased},
                             {"omega", properties->omega},
                             {"bits_per_coordinate", properties->bits_per_coordinate},
                             {"suggested_gamma", properties->suggested_gamma}};
    rows.push_back(std::move(entry));
  }
  return rows.dump(2) + '\n';
}

std::string algorithms_text() {
  TextTable table({"algorithm", "what it does, and who published it"});
  std::string parameters;
  for (const gossip::AlgorithmRow& row : gossip::registry()) {
    table.add({std::string(row.name), fmt::format("{} ({})", row.summary, row.source)});
    if (row.parameters.empty()) continue;
    parameters += fmt::format("\n{}\n{}", signature(row.name, row.parameters), parameters_text(row.parameters));
  }
  return table.text() + parameters;
}

std::string algorithms_json() {
  auto rows = ordered_json::array();
  for (const gossip::AlgorithmRow& row : gossip::registry()) {
    rows.push_back({{"name", row.name},
                    {"summary", row.summary},
                    {"source", row.source},
                    {"parameters", parameters_json(row.parameters)}});
  }
  return rows.dump(2) + '\n';
}

std::string topologies_text() {
  std::string text;
  for (const Section& section : kSections) {
    TextTable table({fmt::format("topology.{}", section.key), "what it is"});
    for (const SpecName& row : spec_names(section.kind))
      table.add({signature(row.name, row.parameters), std::string(row.summary)});
    text += (text.empty() ? "" : "\n") + table.text();
  }
  return text + "\n`parley config reference topology.graph` explains their parameters.\n";
}

std::string topologies_json() {
  ordered_json document = ordered_json::object();
  for (const Section& section : kSections) {
    auto rows = ordered_json::array();
    for (const SpecName& row : spec_names(section.kind)) {
      rows.push_back({{"name", row.name}, {"summary", row.summary}, {"parameters", parameters_json(row.parameters)}});
    }
    document[section.plural] = std::move(rows);
  }
  return document.dump(2) + '\n';
}

}  // namespace parley::daemon
