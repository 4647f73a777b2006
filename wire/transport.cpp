#include "wire/transport.h"

namespace parley::wire {
namespace {

void count(std::array<std::uint64_t, 4>& bytes, Traffic traffic, std::size_t header_size, std::size_t payload_size) {
  bytes[static_cast<std::size_t>(traffic)] += zmtp_frame_bytes(header_size);
  if (payload_size == 0) return;
  const Traffic of_payload = traffic == Traffic::resend ? Traffic::resend : Traffic::payload;
  bytes[static_cast<std::size_t>(of_payload)] += zmtp_frame_bytes(payload_size);
}

}  // namespace

std::size_t zmtp_frame_bytes(std::size_t size) {
  // A byte of flags, then the length in one byte or in eight.
  return size + (size <= 255 ? 2 : 9);
}

Traffic traffic_of(const Message& message) {
  if (message.resent) return Traffic::resend;
  return is_sequenced(message.body) ? Traffic::header : Traffic::control;
}

void ByteCount::count_sent(Traffic traffic, std::size_t header_size, std::size_t payload_size) {
  count(sent, traffic, header_size, payload_size);
}

void ByteCount::count_received(Traffic traffic, std::size_t header_size, std::size_t payload_size) {
  count(received, traffic, header_size, payload_size);
}

}  // namespace parley::wire
