#include "daemon/control_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <zmq.hpp>

#include "daemon/runtime_directory.h"

namespace parley::daemon {
namespace {

using Clock = std::chrono::steady_clock;
using Answer = base::Result<wire::ControlAnswer>;

base::Refusal nobody(const std::string& endpoint, const std::error_code& why) {
  if (why == std::errc::permission_denied)
    return {"forbidden", fmt::format("the daemon at {} is another user's: {}", endpoint, why.message())};
  return {"no_daemon", fmt::format("no daemon answers at {}: {}", endpoint, why.message())};
}

/// One question under way.
struct Asking {
  zmq::socket_t socket;
  std::size_t index;
};

/// The answer in a reply frame, or nothing if the frame answers an earlier question.
std::optional<Answer> read_reply(const zmq::message_t& frame, std::uint64_t id, const std::string& endpoint) {
  auto reply = wire::decode_reply({static_cast<const std::byte*>(frame.data()), frame.size()});
  if (!reply.ok())
    return base::Refusal{reply.refusal().reason, fmt::format("{} does not answer as a daemon does: {}: {}", endpoint,
                                                             reply.refusal().reason, reply.refusal().detail)};
  if (reply->id != id && reply->id != 0) return std::nullopt;
  if (const auto* refused = std::get_if<wire::ControlRefused>(&reply->answer))
    return base::Refusal{"refused", fmt::format("the daemon at {} refused: {}", endpoint, refused->reason)};
  return std::move(reply->answer);
}

}  // namespace

struct ControlClient::State {
  zmq::context_t context;
  std::uint64_t last_id = 0;
  /// Connections over which the last question was answered: a new one costs a busy daemon several wake-ups.
  std::map<std::string, zmq::socket_t> idle;

  std::optional<zmq::socket_t> take_idle(const std::string& endpoint) {
    auto node = idle.extract(endpoint);
    return node.empty() ? std::nullopt : std::optional(std::move(node.mapped()));
  }

  zmq::socket_t connect(const std::string& endpoint) {
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(wire::kMaxControlReplyBytes));
    if (endpoint.starts_with("tcp://")) socket.set(zmq::sockopt::ipv6, true);
    if (zmq_connect(socket.handle(), endpoint.c_str()) != 0)
      throw base::OperatorError(fmt::format("{}: cannot be connected to: {}", endpoint, zmq_strerror(zmq_errno())));
    return socket;
  }
};

ControlClient::ControlClient() : state_(std::make_unique<State>()) {}
ControlClient::~ControlClient() = default;

Answer ControlClient::ask(const std::string& endpoint, const wire::ControlAsk& question,
                          std::chrono::milliseconds timeout) {
  return ask_all(std::span(&endpoint, 1), question, timeout).front();
}

std::vector<Answer> ControlClient::ask_all(std::span<const std::string> endpoints, const wire::ControlAsk& question,
                                           std::chrono::milliseconds timeout, int interrupt) {
  const auto deadline = Clock::now() + timeout;
  const std::uint64_t id = ++state_->last_id;
  const std::vector<std::byte> request = wire::encode_request({id, question});

  std::vector<Answer> answers;
  std::vector<Asking> asking;
  for (const std::string& endpoint : endpoints) {
    std::optional<zmq::socket_t> socket = state_->take_idle(endpoint);
    // A connection attempt says at once what ZeroMQ would keep trying in silence.
    if (const std::error_code why = socket ? std::error_code() : probe_endpoint(endpoint, timeout)) {
      answers.emplace_back(nobody(endpoint, why));
      continue;
    }
    if (!socket) socket = state_->connect(endpoint);
    answers.emplace_back(base::Refusal{
        "no_answer", fmt::format("the daemon at {} does not answer within {} ms", endpoint, timeout.count())});
    asking.push_back({std::move(*socket), answers.size() - 1});
    asking.back().socket.send(zmq::buffer(request.data(), request.size()), zmq::send_flags::dontwait);
  }

  while (!asking.empty()) {
    std::vector<zmq::pollitem_t> items;
    for (Asking& a : asking) items.push_back({a.socket.handle(), 0, ZMQ_POLLIN, 0});
    if (interrupt >= 0) items.push_back({nullptr, interrupt, ZMQ_POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) break;
    if (zmq_poll(items.data(), static_cast<int>(items.size()), left.count()) < 0 && zmq_errno() != EINTR) break;
    if (interrupt >= 0 && items.back().revents != 0) break;
    std::erase_if(asking, [&](Asking& a) {
      zmq::message_t frame;
      while (zmq_msg_recv(frame.handle(), a.socket.handle(), ZMQ_DONTWAIT) >= 0) {
        auto answer = read_reply(frame, id, endpoints[a.index]);
        if (!answer) continue;
        answers[a.index] = std::move(*answer);
        state_->idle.insert_or_assign(endpoints[a.index], std::move(a.socket));
        return true;
      }
      return false;
    });
  }
  return answers;
}

base::Result<wire::PeerStatus> status_in(const Answer& answer) {
  if (!answer.ok()) return answer.refusal();
  if (const auto* status = std::get_if<wire::PeerStatus>(&answer.value())) return *status;
  return base::Refusal{"bad_reply", "the daemon answered something else than its status"};
}

}  // namespace parley::daemon
