#include "wire/codec.h"

#include <capnp/message.h>
#include <fmt/format.h>
#include <kj/exception.h>
#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // the same hash with the widest vectors of the machine
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "gossip.capnp.h"
#include "wire/text.h"

namespace parley::wire {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

// Words that values take in a segment by Cap'n Proto's encoding: a struct its data and pointers, a list of structs a
// tag more than its elements, a text its final zero.
constexpr std::size_t kPointerWords = 1;
template <class Struct>
constexpr std::size_t struct_words() {
  return std::size_t{Struct::_capnpPrivate::dataWordSize} + std::size_t{Struct::_capnpPrivate::pointerCount};
}
constexpr std::size_t text_words(std::string_view text) {
  return text.size() / sizeof(capnp::word) + 1;
}

std::size_t body_words(const Body& body) {
  return std::visit(Overloaded{[](const Hello& hello) {
                                 std::size_t words = struct_words<schema::Hello>() + text_words(hello.name) + 1;
                                 for (const Term& term : hello.terms)
                                   words +=
                                       struct_words<schema::Term>() + text_words(term.key) + text_words(term.value);
                                 return words;
                               },
                               [](const Goodbye& goodbye) { return text_words(goodbye.reason); },
                               [](const Refuse& refuse) { return text_words(refuse.reason); },
                               [](const auto&) { return std::size_t{0}; }},
                    body);
}

::capnp::Text::Reader text_of(const std::string& text) {
  return {text.c_str(), text.size()};
}

void write_body(const Hello& hello, schema::Header::Builder header) {
  schema::Hello::Builder out = header.initHello();
  out.setProtocolVersion(hello.protocol_version);
  out.setAgreed(hello.agreed);
  out.setNumber(hello.number);
  out.setAnswers(hello.answers);
  out.setRound(hello.round.value);
  out.setName(text_of(hello.name));
  auto terms = out.initTerms(static_cast<unsigned>(hello.terms.size()));
  for (unsigned i = 0; i < terms.size(); ++i) {
    terms[i].setKey(text_of(hello.terms[i].key));
    terms[i].setValue(text_of(hello.terms[i].value));
  }
}

void write_body(const Difference& difference, schema::Header::Builder header) {
  auto out = header.initDifference();
  out.setRound(difference.round.value);
  out.setPhase(difference.phase.value);
  out.setDegree(difference.degree);
  out.setWireId(difference.wire_id);
  out.setContraction(difference.contraction);
}

void write_body(const Hold& hold, schema::Header::Builder header) {
  auto out = header.initHold();
  out.setRound(hold.round.value);
  out.setPhase(hold.phase.value);
  out.setDegree(hold.degree);
}

void write_body(const Reference& reference, schema::Header::Builder header) {
  header.initReference().setRound(reference.round.value);
}
void write_body(const Ping& ping, schema::Header::Builder header) {
  header.setPing(ping.token);
}
void write_body(const Pong& pong, schema::Header::Builder header) {
  header.setPong(pong.token);
}
void write_body(const Acknowledge& acknowledge, schema::Header::Builder header) {
  header.initAcknowledge().setMissing(acknowledge.missing);
}

void write_body(const Goodbye& goodbye, schema::Header::Builder header) {
  auto out = header.initGoodbye();
  out.setRound(goodbye.round.value);
  out.setReason(text_of(goodbye.reason));
}

void write_body(const Refuse& refuse, schema::Header::Builder header) {
  auto out = header.initRefuse();
  out.setAnswers(refuse.answers);
  out.setReason(text_of(refuse.reason));
}

// Texts are taken only up to the bound: check_message refuses what is longer without its having been copied.
std::string bounded(::capnp::Text::Reader text) {
  return {text.begin(), std::min(text.size(), kMaxTextBytes + 1)};
}

Hello read_hello(schema::Hello::Reader in) {
  Hello hello;
  hello.protocol_version = in.getProtocolVersion();
  hello.agreed = in.getAgreed();
  hello.number = in.getNumber();
  hello.answers = in.getAnswers();
  hello.round = {in.getRound()};
  hello.name = bounded(in.getName());
  auto terms = in.getTerms();
  hello.terms.resize(std::min<std::size_t>(terms.size(), kMaxTerms + 1));
  for (unsigned i = 0; i < hello.terms.size(); ++i)
    hello.terms[i] = {bounded(terms[i].getKey()), bounded(terms[i].getValue())};
  return hello;
}

// False for a member of the union that this version does not know.
bool read_body(schema::Header::Reader in, Body& body) {
  switch (in.which()) {
    case schema::Header::HELLO:
      body = read_hello(in.getHello());
      return true;
    case schema::Header::DIFFERENCE: {
      auto group = in.getDifference();
      body = Difference{
          {group.getRound()}, {group.getPhase()}, group.getDegree(), group.getWireId(), group.getContraction()};
      return true;
    }
    case schema::Header::HOLD: {
      auto group = in.getHold();
      body = Hold{{group.getRound()}, {group.getPhase()}, group.getDegree()};
      return true;
    }
    case schema::Header::REFERENCE:
      body = Reference{{in.getReference().getRound()}};
      return true;
    case schema::Header::PING:
      body = Ping{in.getPing()};
      return true;
    case schema::Header::PONG:
      body = Pong{in.getPong()};
      return true;
    case schema::Header::ACKNOWLEDGE:
      body = Acknowledge{in.getAcknowledge().getMissing()};
      return true;
    case schema::Header::GOODBYE: {
      auto group = in.getGoodbye();
      body = Goodbye{{group.getRound()}, bounded(group.getReason())};
      return true;
    }
    case schema::Header::REFUSE: {
      auto group = in.getRefuse();
      body = Refuse{bounded(group.getReason()), group.getAnswers()};
      return true;
    }
    case schema::Header::UNSET:
      return false;
  }
  return false;
}

base::Result<Message> read_message(std::span<const capnp::word> words) {
  capnp::ReaderOptions options;
  // A well-formed message is traversed once; one that points at the same text many times runs into the limit.
  options.traversalLimitInWords = kMaxHeaderBytes / sizeof(capnp::word);
  options.nestingLimit = 8;
  const kj::ArrayPtr<const capnp::word> segment(words.data(), words.size());
  capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1), options);
  const auto in = reader.getRoot<schema::Header>();

  Message message;
  message.from = {in.getFrom()};
  message.incarnation = {in.getIncarnation()};
  message.to_incarnation = {in.getToIncarnation()};
  message.sequence = in.getSequence();
  message.acknowledged = in.getAcknowledged();
  message.resent = in.getResent();
  message.payload_size = in.getPayloadSize();
  message.payload_hash = in.getPayloadHash();
  if (!read_body(in, message.body))
    return base::Refusal{"unknown_message", fmt::format("message kind {}", static_cast<unsigned>(in.which()))};
  if (const base::Result<void> ok = check_message(message); !ok) return ok.refusal();
  return message;
}

}  // namespace

void encode_header(const Message& message, std::vector<std::byte>& frame) {
  const base::Result<void> ok = check_message(message);
  PARLEY_CHECK(ok.ok(), ok.refusal().reason, ok.refusal().detail);
  const std::size_t words = kPointerWords + struct_words<schema::Header>() + body_words(message.body);
  const std::size_t bytes = words * sizeof(capnp::word);
  PARLEY_CHECK(bytes <= kMaxHeaderBytes, bytes);

  // The segment is built where it is sent from. Memory of operator new is aligned for words.
  frame.assign(bytes, std::byte{0});
  capnp::FlatMessageBuilder builder(kj::arrayPtr(reinterpret_cast<capnp::word*>(frame.data()), words));
  auto header = builder.initRoot<schema::Header>();
  header.setFrom(message.from.value);
  header.setPayloadSize(message.payload_size);
  header.setIncarnation(message.incarnation.value);
  header.setToIncarnation(message.to_incarnation.value);
  header.setSequence(message.sequence);
  header.setAcknowledged(message.acknowledged);
  header.setPayloadHash(message.payload_hash);
  header.setResent(message.resent);
  std::visit([&](const auto& body) { write_body(body, header); }, message.body);
  builder.requireFilled();
}

std::vector<std::byte> encode_header(const Message& message) {
  std::vector<std::byte> frame;
  encode_header(message, frame);
  return frame;
}

base::Result<Message> decode_header(std::span<const std::byte> frame) {
  if (frame.empty()) return base::Refusal{"header_empty", "an empty header frame"};
  if (frame.size() > kMaxHeaderBytes)
    return base::Refusal{"header_too_long", fmt::format("{} bytes, at most {}", frame.size(), kMaxHeaderBytes)};
  if (frame.size() % sizeof(capnp::word) != 0)
    return base::Refusal{"header_not_words", fmt::format("{} bytes, not a multiple of 8", frame.size())};
  try {
    const std::size_t words = frame.size() / sizeof(capnp::word);
    if (reinterpret_cast<std::uintptr_t>(frame.data()) % alignof(capnp::word) == 0)
      return read_message({reinterpret_cast<const capnp::word*>(frame.data()), words});
    std::array<capnp::word, kMaxHeaderBytes / sizeof(capnp::word)> aligned;  // not initialised: only a part is used
    std::memcpy(aligned.data(), frame.data(), frame.size());
    return read_message({aligned.data(), words});
  } catch (const kj::Exception& exception) {
    return base::Refusal{"malformed", cleaned(exception.getDescription().cStr(), 200)};
  }
}

base::Result<void> check_payload(const Message& message, std::span<const std::byte> payload) {
  if (payload.size() != message.payload_size)
    return base::Refusal{"payload_size_differs",
                         fmt::format("{} bytes, announced {}", payload.size(), message.payload_size)};
  if (!payload.empty() && hash_payload(payload) != message.payload_hash)
    return base::Refusal{"payload_hash_differs", fmt::format("{} bytes with another hash", payload.size())};
  return {};
}

std::uint64_t hash_payload(std::span<const std::byte> payload) {
  return XXH3_64bits(payload.data(), payload.size());
}

}  // namespace parley::wire
