// Anything that an intruder can put on a peer's socket: header frames of any bytes, addressed to a link that has agreed
// or not, with payloads, in any order and at any pace. The link must neither crash nor promise what it cannot keep.
//
// The input is a list of frames. Each starts with a byte of instructions, a byte of time to let pass, and the frame's
// size in words; the header frame follows. A frame may be addressed as a member's would be, which chance would never
// do.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "wire/codec.h"
#include "wire/link.h"

namespace {

using namespace parley;

constexpr std::size_t kWindow = 4;

wire::LinkSettings settings() {
  wire::LinkSettings settings;
  settings.self = {0};
  settings.peer = {1};
  settings.self_name = "peer-0";
  settings.peer_name = "peer-1";
  settings.incarnation = {100};
  settings.terms = {{"swarm.name", "x"}};
  settings.window = kWindow;
  settings.max_payload = 64;
  return settings;
}

void require(bool condition) {
  if (!condition) std::abort();
}

// What every owner of a link does with it. Every outgoing message must be one that the other end's codec accepts.
void pump(wire::Link& link, wire::Time now, std::uint64_t& delivered) {
  for (const wire::Outgoing& out : link.take_outgoing())
    require(wire::decode_header(wire::encode_header(out.message)).ok());
  for (const wire::LinkEvent& event : link.take_events()) {
    if (std::holds_alternative<wire::Agreed>(event)) delivered = 0;
    if (const auto* arrival = std::get_if<wire::Delivered>(&event)) require(arrival->message.sequence == ++delivered);
  }
  if (link.deadline() && *link.deadline() <= now) link.on_time(now);
}

void agree(wire::Link& link) {
  wire::Message hello;
  hello.from = {1};
  hello.incarnation = {101};
  hello.to_incarnation = {100};
  hello.body = wire::Hello{wire::kProtocolVersion, true, 1, 1, "peer-1", {0}, {{"swarm.name", "x"}}};
  require(link.on_message(hello, {}, {}).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  if (input.empty()) return 0;
  wire::Time now{};
  wire::Link link(settings(), now);
  std::uint64_t delivered = 0;
  if ((static_cast<unsigned>(input[0]) & 1) != 0) agree(link);
  input = input.subspan(1);

  while (input.size() >= 3) {
    const auto instructions = static_cast<unsigned>(input[0]);
    now += std::chrono::milliseconds(10) * static_cast<int>(input[1]);
    const std::size_t length = std::min(static_cast<std::size_t>(input[2]) * 8, input.size() - 3);
    const std::span<const std::byte> frame = input.subspan(3, length);
    input = input.subspan(3 + length);

    const bool in_session = link.state() == wire::LinkState::agreed || link.state() == wire::LinkState::suspect;
    if ((instructions & 1) != 0 && in_session && link.can_send()) link.send(wire::Hold{}, {}, now);
    parley::base::Result<wire::Message> message = wire::decode_header(frame);
    if (!message.ok()) {
      link.on_offence(now, message.refusal().reason);
    } else {
      if ((instructions & 2) != 0) message->from = {1};
      if ((instructions & 4) != 0) message->incarnation = {101 + (instructions >> 6)};
      if ((instructions & 8) != 0) message->to_incarnation = {100};
      if ((instructions & 16) != 0 && message->sequence != 0) message->sequence = 1 + message->sequence % (2 * kWindow);
      if ((instructions & 32) != 0) message->acknowledged %= 2 * kWindow;
      const std::span<const std::byte> payload =
          frame.first(std::min<std::size_t>(message->payload_size, frame.size()));
      if (wire::check_message(*message).ok())
        (void)link.on_message(std::move(*message), wire::Bytes{nullptr, payload}, now);
    }
    pump(link, now, delivered);
  }
  return 0;
}
