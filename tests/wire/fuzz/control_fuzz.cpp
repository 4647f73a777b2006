// Arbitrary bytes as a control request and as a control reply: refused, or decoded to something that can be said again.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "wire/control.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const auto frame = std::as_bytes(std::span(data, size));
  if (const auto request = wire::decode_request(frame); request.ok()) {
    const auto again = wire::decode_request(wire::encode_request(*request));
    PARLEY_CHECK(again.ok() && again->id == request->id);
  }
  if (const auto reply = wire::decode_reply(frame); reply.ok()) {
    const auto again = wire::decode_reply(wire::encode_reply(*reply));
    PARLEY_CHECK(again.ok() && again->answer.index() == reply->answer.index());
  }
  return 0;
}
