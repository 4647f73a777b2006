#include "daemon/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace parley::daemon {
namespace {

using wire::LinkState;
using wire::PeerStatus;

constexpr std::array kLinkStates = {LinkState::greeting, LinkState::agreed, LinkState::suspect, LinkState::closed,
                                    LinkState::refused};

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json bytes_object(const wire::TrafficBytes& bytes) {
  return {{"payload", bytes.payload}, {"header", bytes.header}, {"control", bytes.control}, {"resend", bytes.resend}};
}

Json neighbour_object(const wire::NeighbourStatus& n) {
  return {{"name", n.name},
          {"endpoint", n.endpoint},
          {"state", wire::name_of(n.state)},
          {"weight", number(n.weight)},
          {"round", n.round ? Json(*n.round) : Json(nullptr)},
          {"round_lag", n.round ? Json(n.round_lag) : Json(nullptr)},
          {"rtt_seconds", number(n.rtt_seconds)},
          {"last_heard_seconds", number(n.last_heard_seconds)},
          {"bytes", {{"sent", bytes_object(n.sent)}, {"received", bytes_object(n.received)}}},
          {"resent", n.resent},
          {"duplicates", n.duplicates},
          {"offences", n.offences}};
}

/// Reads fields of one object and remembers the first of the wrong type.
class Fields {
 public:
  Fields(const Json& object, std::optional<base::Refusal>& refusal) : object_(object), refusal_(refusal) {}

  void get(const char* name, std::string& value) const {
    if (const Json* field = find(name, &Json::is_string)) value = field->get<std::string>();
  }
  void get(const char* name, std::uint64_t& value) const {
    if (const Json* field = find(name, &Json::is_number_unsigned)) value = field->get<std::uint64_t>();
  }
  void get(const char* name, std::optional<std::uint64_t>& value) const {
    const auto at = object_.find(name);
    if (at != object_.end() && !at->is_null()) get(name, value.emplace());
  }
  void get(const char* name, std::uint32_t& value) const {
    std::uint64_t wide = value;
    get(name, wide);
    if (!std::in_range<std::uint32_t>(wide)) return refuse(name);
    value = static_cast<std::uint32_t>(wide);
  }
  void get(const char* name, std::int64_t& value) const {
    if (const Json* field = find(name, &Json::is_number_integer)) value = field->get<std::int64_t>();
  }
  void get(const char* name, double& value) const {
    const auto at = object_.find(name);
    if (at == object_.end()) return;
    if (at->is_null())
      value = wire::kUnknown;
    else if (at->is_number())
      value = at->get<double>();
    else
      refuse(name);
  }
  void get(const char* name, wire::TrafficBytes& bytes) const {
    const Fields inner = object(name);
    inner.get("payload", bytes.payload);
    inner.get("header", bytes.header);
    inner.get("control", bytes.control);
    inner.get("resend", bytes.resend);
  }
  void get(const char* name, wire::PhaseSeconds& seconds) const {
    const Fields inner = object(name);
    inner.get("compute", seconds.compute);
    inner.get("encode", seconds.encode);
    inner.get("wait", seconds.wait);
    inner.get("decode", seconds.decode);
    inner.get("mix", seconds.mix);
  }
  /// The state of that name.
  template <class State, class Find>
  void get_state(const char* name, State& state, Find&& find_state) const {
    std::string text;
    get(name, text);
    if (text.empty()) return;
    if (const auto found = find_state(text))
      state = *found;
    else
      refuse(name);
  }
  /// The object in that field, an empty one if there is none.
  Fields object(const char* name) const {
    static const Json kEmpty = Json::object();
    const Json* field = find(name, &Json::is_object);
    return {field ? *field : kEmpty, refusal_};
  }
  /// Calls `each` with every element of the list in that field.
  template <class Each>
  void list(const char* name, Each&& each) const {
    if (const Json* field = find(name, &Json::is_array))
      for (const Json& element : *field) each(element);
  }
  void refuse(const char* name) const {
    if (!refusal_) refusal_ = base::Refusal{"bad_field", fmt::format("field \"{}\" is not what it should be", name)};
  }

 private:
  const Json* find(const char* name, bool (Json::*is_kind)() const noexcept) const {
    const auto at = object_.find(name);
    if (at == object_.end()) return nullptr;
    if (((*at).*is_kind)()) return &*at;
    refuse(name);
    return nullptr;
  }

  const Json& object_;
  std::optional<base::Refusal>& refusal_;
};

std::optional<LinkState> link_state(std::string_view name) {
  for (const LinkState state : kLinkStates)
    if (wire::name_of(state) == name) return state;
  return std::nullopt;
}

wire::NeighbourStatus neighbour_from(const Fields& fields) {
  wire::NeighbourStatus n;
  fields.get("name", n.name);
  fields.get("endpoint", n.endpoint);
  fields.get_state("state", n.state, link_state);
  fields.get("weight", n.weight);
  fields.get("round", n.round);
  if (n.round) fields.get("round_lag", n.round_lag);
  fields.get("rtt_seconds", n.rtt_seconds);
  fields.get("last_heard_seconds", n.last_heard_seconds);
  fields.object("bytes").get("sent", n.sent);
  fields.object("bytes").get("received", n.received);
  fields.get("resent", n.resent);
  fields.get("duplicates", n.duplicates);
  fields.get("offences", n.offences);
  return n;
}

}  // namespace

Json result_object(const PeerStatus& status) {
  return {{"name", status.name},
          {"round", status.round},
          {"model_hash", status.model_hash},
          {"train_loss", number(status.train_loss)},
          {"test_loss", number(status.test_loss)},
          {"test_accuracy", number(status.test_accuracy)},
          {"consensus_distance", number(status.consensus_distance)},
          {"bytes", {{"sent", bytes_object(status.sent)}, {"received", bytes_object(status.received)}}},
          {"seconds",
           {{"compute", number(status.seconds.compute)},
            {"encode", number(status.seconds.encode)},
            {"wait", number(status.seconds.wait)},
            {"decode", number(status.seconds.decode)},
            {"mix", number(status.seconds.mix)}}},
          {"max_rss_bytes", status.max_rss_bytes}};
}

Json status_object(const PeerStatus& status) {
  Json object = result_object(status);
  object["swarm"] = status.swarm;
  object["config_hash"] = status.config_hash;
  object["state"] = wire::name_of(status.state);
  object["failure"] = status.failure;
  object["pid"] = status.pid;
  object["uptime_seconds"] = number(status.uptime_seconds);
  object["rounds"] = status.rounds;
  object["loss"] = number(status.loss);
  object["waiting_for"] = status.waiting_for;
  object["waiting_seconds"] = number(status.waiting_seconds);
  object["neighbours"] = Json::array();
  for (const auto& neighbour : status.neighbours) object["neighbours"].push_back(neighbour_object(neighbour));
  return object;
}

base::Result<PeerStatus> status_from(const Json& object) {
  if (!object.is_object()) return base::Refusal{"bad_field", "not an object"};
  std::optional<base::Refusal> refusal;
  const Fields fields(object, refusal);
  PeerStatus status;
  fields.get("name", status.name);
  fields.get("round", status.round);
  fields.get("model_hash", status.model_hash);
  fields.get("train_loss", status.train_loss);
  fields.get("test_loss", status.test_loss);
  fields.get("test_accuracy", status.test_accuracy);
  fields.get("consensus_distance", status.consensus_distance);
  fields.object("bytes").get("sent", status.sent);
  fields.object("bytes").get("received", status.received);
  fields.get("seconds", status.seconds);
  fields.get("max_rss_bytes", status.max_rss_bytes);
  fields.get("swarm", status.swarm);
  fields.get("config_hash", status.config_hash);
  fields.get_state("state", status.state, wire::peer_state);
  fields.get("failure", status.failure);
  fields.get("pid", status.pid);
  fields.get("uptime_seconds", status.uptime_seconds);
  fields.get("rounds", status.rounds);
  fields.get("loss", status.loss);
  fields.list("waiting_for", [&](const Json& name) {
    if (!name.is_string()) return fields.refuse("waiting_for");
    status.waiting_for.push_back(name.get<std::string>());
  });
  fields.get("waiting_seconds", status.waiting_seconds);
  fields.list("neighbours", [&](const Json& neighbour) {
    if (!neighbour.is_object()) return fields.refuse("neighbours");
    status.neighbours.push_back(neighbour_from(Fields(neighbour, refusal)));
  });
  if (status.name.empty()) fields.refuse("name");
  if (refusal) return *refusal;
  return status;
}

void write_result(const std::filesystem::path& file, const PeerStatus& status) {
  std::filesystem::path temporary = file;
  temporary += fmt::format(".{}.tmp", ::getpid());
  std::ofstream out(temporary);
  out << json_text(status_object(status)) << '\n';
  out.close();
  if (!out || std::rename(temporary.c_str(), file.c_str()) != 0) {
    const int error = errno;
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw base::OperatorError(fmt::format("{}: cannot be written: {}", file.string(), std::strerror(error)));
  }
}

base::Result<PeerStatus> read_result(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return base::Refusal{"no_file", fmt::format("{}: {}", file.string(), std::strerror(errno))};
  const Json document = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return base::Refusal{"not_json", file.string() + ": is not a JSON document"};
  auto status = status_from(document);
  if (!status.ok())
    return base::Refusal{status.refusal().reason, fmt::format("{}: {}", file.string(), status.refusal().detail)};
  return status;
}

Json swarm_object(const SwarmReport& report) {
  Json object = {{"config_hash", report.config_hash}, {"rounds", report.rounds}, {"seconds", number(report.seconds)}};
  if (report.virtual_seconds) object["virtual_seconds"] = number(*report.virtual_seconds);
  object["peers"] = Json::array();
  for (const PeerStatus& peer : report.peers) object["peers"].push_back(result_object(peer));
  return object;
}

std::string json_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace parley::daemon
