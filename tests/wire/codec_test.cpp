#include "wire/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>

#include "random_message.h"

namespace parley::wire {
namespace {

std::string reason_of(const base::Result<Message>& result) {
  return result.ok() ? "accepted" : std::string(result.refusal().reason);
}

// Whatever comes out of the decoder is something that the encoder takes and that reads back as the same.
void expect_refused_or_valid(std::span<const std::byte> frame) {
  const base::Result<Message> message = decode_header(frame);
  if (!message.ok()) {
    EXPECT_FALSE(message.refusal().reason.empty());
    return;
  }
  ASSERT_TRUE(check_message(*message).ok());
  const base::Result<Message> again = decode_header(encode_header(*message));
  ASSERT_TRUE(again.ok()) << again.refusal().detail;
  ASSERT_EQ(*again, *message);
}

Message difference() {
  Message message;
  message.from = {3};
  message.incarnation = {0x1122334455667788};
  message.to_incarnation = {0x99AABBCCDDEEFF01};
  message.sequence = 42;
  message.acknowledged = 41;
  message.payload_size = 1234;
  message.payload_hash = 0x0123456789ABCDEF;
  message.body = Difference{{600}, {1}, 2, 5, 0.25F};
  return message;
}

TEST(Codec, EveryMessageIsReadBackAsTheSame) {
  base::Random random(base::RandomKey{.seed = 1});
  std::vector<std::byte> frame;
  for (int repetition = 0; repetition < 2000; ++repetition)
    for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
      const Message message = random_message(random, kind);
      ASSERT_EQ(message.body.index(), kind);
      encode_header(message, frame);
      ASSERT_LE(frame.size(), kMaxHeaderBytes);
      const base::Result<Message> decoded = decode_header(frame);
      ASSERT_TRUE(decoded.ok()) << decoded.refusal().reason << " " << decoded.refusal().detail;
      ASSERT_EQ(*decoded, message);
    }
}

// Written out from the schema and the encoding rules of Cap'n Proto, byte by byte: the example of docs/protocol.md.
TEST(Codec, ADifferenceLooksAsTheProtocolDocumentSays) {
  const unsigned char expected[] = {
      0x00, 0x00, 0x00, 0x00, 0x09, 0x00, 0x01, 0x00,  // root pointer: struct, 9 data words, 1 pointer
      0x03, 0x00, 0x00, 0x00, 0xD2, 0x04, 0x00, 0x00,  // from 3, payloadSize 1234
      0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // incarnation
      0x01, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99,  // toIncarnation
      0x2A, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // sequence 42
      0x29, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // acknowledged 41
      0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,  // payloadHash
      0x00, 0x00, 0x02, 0x00, 0x01, 0x00, 0x05, 0x00,  // resent no, union tag 2 (difference), phase 1, wireId 5
      0x58, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // round 600
      0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x3E,  // degree 2, contraction 0.25
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // no hello, no text
  };
  const std::vector<std::byte> frame = encode_header(difference());
  ASSERT_EQ(frame.size(), sizeof(expected));
  EXPECT_EQ(std::memcmp(frame.data(), expected, sizeof(expected)), 0);
}

TEST(Codec, EncodingIntoAUsedBufferLeavesNothingOfTheOldFrame) {
  base::Random random(base::RandomKey{.seed = 2});
  std::vector<std::byte> frame(kMaxHeaderBytes, std::byte{0xFF});
  const std::byte* memory = frame.data();
  encode_header(difference(), frame);
  EXPECT_EQ(frame, encode_header(difference()));
  EXPECT_EQ(frame.data(), memory);
}

TEST(Codec, AFrameMayLieAnywhereInMemory) {
  base::Random random(base::RandomKey{.seed = 3});
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const Message message = random_message(random, kind);
    const std::vector<std::byte> frame = encode_header(message);
    for (std::size_t offset = 0; offset < 8; ++offset) {
      std::vector<std::byte> memory(offset + frame.size());
      std::ranges::copy(frame, memory.begin() + static_cast<std::ptrdiff_t>(offset));
      const base::Result<Message> decoded = decode_header(std::span(memory).subspan(offset));
      ASSERT_TRUE(decoded.ok());
      EXPECT_EQ(*decoded, message);
    }
  }
}

TEST(Codec, EverySingleFlippedBitIsRefusedOrDecoded) {
  base::Random random(base::RandomKey{.seed = 4});
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    std::vector<std::byte> frame = encode_header(random_message(random, kind));
    for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
      frame[bit / 8] ^= std::byte{1} << (bit % 8);
      expect_refused_or_valid(frame);
      frame[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
}

TEST(Codec, EveryTruncationOfAFrameIsRefusedOrDecoded) {
  base::Random random(base::RandomKey{.seed = 5});
  for (std::size_t kind = 0; kind < kMessageKinds; ++kind) {
    const std::vector<std::byte> frame = encode_header(random_message(random, kind));
    for (std::size_t size = 0; size < frame.size(); ++size) expect_refused_or_valid(std::span(frame).first(size));
  }
}

TEST(Codec, ArbitraryBytesAreRefusedOrDecoded) {
  base::Random random(base::RandomKey{.seed = 6});
  for (int repetition = 0; repetition < 50'000; ++repetition) {
    std::vector<std::byte> frame(8 * random.below(32));
    // Few set bits now and then, so that pointers stay short enough to lead somewhere.
    const std::uint32_t mask = random.below(2) == 0 ? 0xFF : 0x09;
    for (std::byte& byte : frame) byte = static_cast<std::byte>(random.bits() & random.bits() & mask);
    expect_refused_or_valid(frame);
  }
}

TEST(Codec, FramesOfAnImpossibleSizeAreRefusedUnread) {
  EXPECT_EQ(reason_of(decode_header({})), "header_empty");
  EXPECT_EQ(reason_of(decode_header(std::vector<std::byte>(87))), "header_not_words");
  EXPECT_EQ(reason_of(decode_header(std::vector<std::byte>(kMaxHeaderBytes + 8))), "header_too_long");
}

TEST(Codec, AHeaderOfZerosIsNotAMessage) {
  EXPECT_EQ(reason_of(decode_header(std::vector<std::byte>(88))), "unknown_message");
}

TEST(Codec, AMessageOfALaterVersionIsRefusedByName) {
  std::vector<std::byte> frame = encode_header(difference());
  frame[58] = std::byte{200};  // the union's tag
  EXPECT_EQ(reason_of(decode_header(frame)), "unknown_message");
}

TEST(Codec, AFieldOfALaterVersionIsIgnored) {
  // One more word of data in the root struct, as if the schema had grown.
  std::vector<std::byte> frame = encode_header(difference());
  frame[4] = std::byte{10};
  frame.insert(frame.begin() + 80, 8, std::byte{0xAA});
  const base::Result<Message> decoded = decode_header(frame);
  ASSERT_TRUE(decoded.ok()) << decoded.refusal().detail;
  EXPECT_EQ(*decoded, difference());
}

// A small frame must not make a large message: here every term points at the same long text.
TEST(Codec, TextsThatAreSharedWithinAFrameDoNotMultiply) {
  Message message = difference();
  message.sequence = 0;
  message.payload_size = 0;
  message.payload_hash = 0;
  Hello hello{1, false, 1, 0, "peer-3", {0}, {}};
  for (int i = 0; i < 60; ++i) hello.terms.push_back({std::to_string(i), ""});
  hello.terms.back().value = std::string(1000, 'x');
  message.body = hello;
  std::vector<std::byte> frame = encode_header(message);
  ASSERT_TRUE(decode_header(frame).ok());

  // Texts are written in order: root pointer and header 11 words, hello 6, its name 1, the list's tag 1, then 60 terms
  // of two pointers each. The last one's value is at the end of the frame.
  const std::size_t terms = 11 + 6 + 1 + 1;
  const auto pointer_at = [&](std::size_t word) { return frame.data() + 8 * word; };
  std::uint64_t last = 0;
  std::memcpy(&last, pointer_at(terms + 2 * 59 + 1), 8);
  const std::size_t target = terms + 2 * 59 + 2 + static_cast<std::size_t>((last & 0xFFFFFFFF) >> 2);
  for (std::size_t term = 0; term < 59; ++term) {
    const std::size_t word = terms + 2 * term + 1;
    const std::uint64_t pointer = (last & 0xFFFFFFFF00000000) | ((target - word - 1) << 2) | 1;
    std::memcpy(pointer_at(word), &pointer, 8);
  }
  EXPECT_EQ(reason_of(decode_header(frame)), "malformed");
}

// Every way in which a well-formed frame can still be no message. The frames are made by changing bytes, because the
// encoder makes none like them.
TEST(Codec, WhatIsWellFormedButImpossibleIsRefusedByName) {
  const auto patched = [](Message message, std::size_t at, std::vector<unsigned char> bytes) {
    std::vector<std::byte> frame = encode_header(message);
    std::memcpy(frame.data() + at, bytes.data(), bytes.size());
    return reason_of(decode_header(frame));
  };
  const std::vector<unsigned char> zero(8, 0), ones(8, 0xFF);
  EXPECT_EQ(patched(difference(), 16, zero), "no_incarnation");
  EXPECT_EQ(patched(difference(), 24, zero), "no_incarnation");
  EXPECT_EQ(patched(difference(), 32, zero), "unsequenced");
  EXPECT_EQ(patched(difference(), 12, {0, 0, 0, 0}), "hash_without_payload");
  EXPECT_EQ(patched(difference(), 64, ones), "round_out_of_range");
  EXPECT_EQ(patched(difference(), 64, {0, 0, 0, 0, 0, 0, 1, 0}), "round_out_of_range");
  EXPECT_EQ(patched(difference(), 64, {255, 255, 255, 255, 255, 255, 0, 0}), "accepted");
  for (const float contraction :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.5F, 1.001F}) {
    const auto bits = std::bit_cast<std::array<unsigned char, 4>>(contraction);
    EXPECT_EQ(patched(difference(), 76, {bits.begin(), bits.end()}), "contraction_out_of_range");
  }

  Message hold = difference();
  hold.payload_size = 0;
  hold.payload_hash = 0;
  hold.body = Hold{{1}, {0}, 2};
  EXPECT_EQ(patched(hold, 12, {1, 0, 0, 0}), "payload_not_expected");

  Message ping = hold;
  ping.sequence = 0;
  ping.body = Ping{1};
  EXPECT_EQ(patched(ping, 32, {1}), "sequenced");
  EXPECT_EQ(patched(ping, 56, {1}), "sequenced");  // resent, without a sequence

  Message goodbye = hold;
  goodbye.body = Goodbye{{1}, "done"};
  EXPECT_EQ(patched(goodbye, 88, {'d', '\n', 'n', 'e'}), "text_not_clean");
  EXPECT_EQ(patched(goodbye, 88, {'d', 0x1B, 'n', 'e'}), "text_not_clean");
  EXPECT_EQ(patched(goodbye, 88, {'d', 0xFF, 'n', 'e'}), "text_not_clean");
  EXPECT_EQ(patched(goodbye, 92, {'x'}), "malformed");  // no zero at the end
}

TEST(Codec, TextsAndTermsBeyondTheirBoundsAreRefusedByName) {
  Message message = difference();
  message.sequence = 0;
  message.payload_size = 0;
  message.payload_hash = 0;
  const auto reason = [&](Body body) {
    message.body = std::move(body);
    const base::Result<void> checked = check_message(message);
    return checked.ok() ? "accepted" : std::string(checked.refusal().reason);
  };
  EXPECT_EQ(reason(Refuse{std::string(kMaxTextBytes, 'x'), 0}), "accepted");
  EXPECT_EQ(reason(Refuse{std::string(kMaxTextBytes + 1, 'x'), 0}), "text_too_long");
  Hello hello{1, false, 1, 0, "", {0}, {}};
  EXPECT_EQ(reason(hello), "name_empty");
  hello.name = "peer";
  hello.terms = {{"", "value"}};
  EXPECT_EQ(reason(hello), "key_empty");
  hello.terms = {{"a", "1"}, {"b", "2"}, {"a", "1"}};
  EXPECT_EQ(reason(hello), "key_repeated");
  hello.terms.clear();
  for (std::size_t i = 0; i < kMaxTerms; ++i) hello.terms.push_back({std::to_string(i), ""});
  EXPECT_EQ(reason(hello), "accepted");
  hello.terms.push_back({"one more", ""});
  EXPECT_EQ(reason(hello), "too_many_terms");
}

TEST(Codec, APayloadThatIsNotTheAnnouncedOneIsRefused) {
  std::vector<std::byte> payload(100, std::byte{7});
  Message message = difference();
  message.payload_size = 100;
  message.payload_hash = hash_payload(payload);
  EXPECT_TRUE(check_payload(message, payload).ok());
  EXPECT_EQ(check_payload(message, std::span(payload).first(99)).refusal().reason, "payload_size_differs");
  EXPECT_EQ(check_payload(message, {}).refusal().reason, "payload_size_differs");
  payload[50] ^= std::byte{1};
  EXPECT_EQ(check_payload(message, payload).refusal().reason, "payload_hash_differs");
}

// The test vectors that XXH3 publishes for the empty input and seed 0.
TEST(Codec, PayloadsAreHashedWithXxh3) {
  EXPECT_EQ(hash_payload({}), 0x2D06800538D394C2U);
}

}  // namespace
}  // namespace parley::wire
