// Both ends of a link with feedback, as the tests drive them.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "compression/feedback/feedback.h"
#include "harness.h"

namespace parley::compression::test {

struct Link {
  Link(const std::string& feedback_spec, const std::string& spec, std::size_t d)
      : harness(spec),
        feedback(make_feedback(feedback_spec)),
        sender(feedback->sender(*harness.compressor, d)),
        receiver(feedback->receiver(*harness.compressor, d)),
        buffer(harness.compressor->max_payload_size(d)) {}

  /// The payload of x, which must be accepted; nothing for silence.
  std::optional<std::span<const std::uint8_t>> encode(std::span<const float> x, std::uint64_t round) {
    const auto size = sender->encode(x, key_of(round), std::as_writable_bytes(std::span(buffer)));
    EXPECT_TRUE(size.ok());
    if (!*size) return std::nullopt;
    return std::span<const std::uint8_t>(buffer).first(**size);
  }

  /// y += what the receiver makes of x. Returns false if the sender kept silent.
  bool send_add(std::span<const float> x, std::uint64_t round, std::span<float> y) {
    const auto payload = encode(x, round);
    const auto added = payload ? receiver->decode_add(std::as_bytes(*payload), key_of(round), 1.0f, y)
                               : receiver->silence_add(1.0f, y);
    EXPECT_TRUE(added.ok());
    return payload.has_value();
  }

  /// What the receiver makes of x.
  Floats send(std::span<const float> x, std::uint64_t round) {
    Floats y(x.size());
    send_add(x, round, y);
    return y;
  }

  Floats kept(std::size_t i = 0) const { return {sender->kept(i).begin(), sender->kept(i).end()}; }

  Harness harness;
  std::unique_ptr<Feedback> feedback;
  std::unique_ptr<FeedbackSender> sender;
  std::unique_ptr<FeedbackReceiver> receiver;
  Bytes buffer;
};

inline Bytes snapshot(const FeedbackEnd& end) {
  Bytes bytes(end.snapshot_size());
  end.snapshot(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

/// Gaussian floats of one round.
inline Floats gaussian(std::size_t d, std::uint64_t round) {
  Floats x(d);
  base::Random random(key_of(round));
  for (float& v : x) v = static_cast<float>(random.normal());
  return x;
}

/// Multiples of 1/16 whose sums and differences are exact.
inline Floats sixteenths(std::size_t d, std::uint64_t round) {
  Floats x(d);
  base::Random random(key_of(round));
  for (float& v : x) v = (static_cast<float>(random.below(2001)) - 1000) / 16;
  return x;
}

}  // namespace parley::compression::test
