// Messages drawn at random from all that the codec accepts.
#pragma once

#include <string>

#include "base/random.h"
#include "wire/codec.h"

namespace parley::wire {

inline std::string random_text(base::Random& random, std::size_t shortest, std::size_t longest) {
  static constexpr std::string_view kCharacters[] = {
      "a", "Z", "0", "=", "(", " ", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\xA6\x86"};
  const std::size_t length = shortest + random.below(static_cast<std::uint32_t>(longest - shortest + 1));
  std::string text;
  for (;;) {
    const std::string_view next = kCharacters[random.below(std::size(kCharacters))];
    if (text.size() + next.size() > length) break;
    text += next;
  }
  text.resize(length, 'x');
  return text;
}

inline base::Round random_round(base::Random& random, std::uint64_t last = kRoundBound - 1) {
  const std::uint64_t ends[] = {0, 1, last - 1, last};
  return {random.below(2) == 0 ? ends[random.below(4)] : random.bits64() % (last + 1)};
}

inline Body random_body(base::Random& random, std::size_t kind) {
  switch (kind) {
    case 0: {
      Hello hello{random.bits(),
                  random.below(2) == 0,
                  random.bits64(),
                  random.bits64(),
                  random_text(random, 1, 64),
                  random_round(random),
                  {}};
      for (std::uint32_t i = random.below(40); i > 0; --i)
        hello.terms.push_back({std::to_string(i) + "." + random_text(random, 0, 20), random_text(random, 0, 200)});
      return hello;
    }
    case 1:
      return Difference{random_round(random),
                        {static_cast<std::uint16_t>(random.bits())},
                        random.bits(),
                        static_cast<std::uint8_t>(random.bits()),
                        random.below(4) == 0 ? 1.0F : random.uniform()};
    case 2:
      return Hold{random_round(random), {static_cast<std::uint16_t>(random.bits())}, random.bits()};
    case 3:
      return Reference{random_round(random)};
    case 4:
      return Ping{random.bits64()};
    case 5:
      return Pong{random.bits64()};
    case 6:
      return Acknowledge{random.bits()};
    case 7:
      return Goodbye{random_round(random, kRoundBound), random_text(random, 0, kMaxTextBytes)};
    default:
      return Refuse{random_text(random, 0, kMaxTextBytes), random.bits64()};
  }
}

inline Message random_message(base::Random& random, std::size_t kind) {
  Message message;
  message.body = random_body(random, kind);
  message.from = {random.bits()};
  message.incarnation = {random.bits64() | 1};
  message.to_incarnation = {random.bits64() | 1};
  if (kind == 0 && random.below(2) == 0) message.to_incarnation = {};
  message.acknowledged = random.bits64();
  if (is_sequenced(message.body)) {
    message.sequence = random.bits64() | 1;
    message.resent = random.below(2) == 0;
  }
  if (may_have_payload(message.body) && random.below(4) != 0) {
    message.payload_size = random.bits() | 1;
    message.payload_hash = random.bits64();
  }
  return message;
}

inline constexpr std::size_t kMessageKinds = std::variant_size_v<Body>;

}  // namespace parley::wire
