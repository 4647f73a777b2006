// How two ends agree, and how they part: greetings, refusals, and the lives of the other end.
#include "wire/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "wire/agreement.h"
#include "wire/codec.h"
#include "wire/text.h"

namespace parley::wire {
namespace {

// What the other end's codec would refuse is a mistake of the operator, found before anything is sent.
void check_told(const std::string& key, const std::string& text) {
  if (text.size() > kMaxTextBytes || !is_clean(text))
    throw base::OperatorError(
        base::Place{{}, 0, 0, key},
        fmt::format("cannot be told to other peers: it has {} bytes; allowed are {} bytes of UTF-8 without control "
                    "characters",
                    text.size(), kMaxTextBytes));
}

void check_told(const LinkSettings& settings) {
  check_told("peer.name", settings.self_name);
  PARLEY_CHECK(settings.terms.size() <= kMaxTerms, settings.terms.size());
  std::size_t bytes = 0;
  for (const Term& term : settings.terms) {
    check_told(term.key, term.value);
    bytes += term.key.size() + term.value.size();
  }
  // Beside the texts, a term takes at most 32 bytes and the rest of a hello at most 256 and the name.
  const std::size_t room = kMaxHeaderBytes - 256 - kMaxTextBytes - 32 * kMaxTerms;
  if (bytes > room)
    throw base::OperatorError(
        fmt::format("the settings that all peers must have alike take {} bytes; at most {} can be told to another peer",
                    bytes, room));
}

}  // namespace

Link::Link(LinkSettings settings, Time now)
    : settings_(std::move(settings)), sent_(settings_.window + 1), arrived_(settings_.window) {
  PARLEY_CHECK(settings_.incarnation.value != 0);
  PARLEY_CHECK(settings_.window >= 1 && settings_.max_offences >= 1, settings_.window, settings_.max_offences);
  PARLEY_CHECK(settings_.max_payload <= std::numeric_limits<std::uint32_t>::max(), settings_.max_payload);
  check_told(settings_);
  greet({}, 0, now);
}

base::Result<void> Link::on_message(Message message, Bytes payload, Time now) {
  if (message.from != settings_.peer)
    return offence("wrong_sender", fmt::format("peer {} on the link of {}", message.from, settings_.peer));
  if (payload.size() > settings_.max_payload)
    return offence("payload_too_large", fmt::format("{} bytes, at most {}", payload.size(), settings_.max_payload));

  const base::Incarnation life = message.incarnation;
  const bool to_us = message.to_incarnation == settings_.incarnation;
  const auto* hello = std::get_if<Hello>(&message.body);
  const auto* refusal = std::get_if<Refuse>(&message.body);
  if (is_former(life) || (!to_us && !hello)) {
    ++statistics_.stale;
    if (is_former(life) && !refusal)
      object(message,
             fmt::format("{} talks with a later start of {}; are there two of that name?", settings_.self_name,
                         settings_.peer_name),
             now);
  } else if (refusal) {
    on_refuse(message, *refusal);
  } else if (state_ == LinkState::refused && life == life_) {
    object(message, refusal_, now);
  } else if (hello) {
    return on_hello(message, *hello, now);
  } else if (life == life_) {
    return on_session(message, payload, now);
  } else {
    on_stranger(message, payload, now);
  }
  return {};
}

// A message that was delayed for long may be of a life that is over by now. So a link that has decided on one life
// turns to another only for an answer to a Hello that it sent since it heard of that other, which must therefore be
// alive.
bool Link::decides(const Message& message, std::uint64_t answers) const {
  if (message.to_incarnation != settings_.incarnation) return false;
  const base::Incarnation life = message.incarnation;
  return life == life_ || life_.value == 0 || (life == candidate_ && answers >= challenge_);
}

base::Result<void> Link::on_hello(const Message& message, const Hello& hello, Time now) {
  const base::Incarnation life = message.incarnation;
  if (leaving_ && life != life_) {
    object(message, fmt::format("{} has left, and takes nobody up any more", settings_.self_name), now);
    return {};
  }
  if (!decides(message, hello.answers)) {
    greet(life, hello.number, now);
    return {};
  }
  if (message.acknowledged > (life == life_ ? sent_.next() : 1))
    return offence("impossible_acknowledgement", fmt::format("of {} before it was sent", message.acknowledged));
  const End other{settings_.peer_name, hello.protocol_version, hello.terms};
  const End own{settings_.self_name, kProtocolVersion, settings_.terms};
  if (const std::optional<std::string> difference = first_difference(other, own))
    refuse(life, *difference, hello.number);
  else if (hello.name != settings_.peer_name)
    refuse(life,
           fmt::format("the roster differs: peer {} calls itself \"{}\", {} calls it \"{}\"", settings_.peer,
                       excerpt(hello.name, 0), settings_.self_name, settings_.peer_name),
           hello.number);
  else
    agree(message, hello, now);
  return {};
}

void Link::on_refuse(const Message& message, const Refuse& refusal) {
  if (state_ == LinkState::refused || state_ == LinkState::closed || !decides(message, refusal.answers)) return;
  decide_on(message.incarnation);
  refusal_ = refusal.reason;
  close(LinkState::refused);
  events_.push_back(Refused{refusal.reason, true});
}

// To this life of ours, from one that we have not agreed with: it agreed first, or our answer to it was lost.
void Link::on_stranger(Message& message, Bytes& payload, Time now) {
  if (state_ == LinkState::greeting && message.incarnation == candidate_ && is_sequenced(message.body))
    arrived_.offer(message, payload);  // delivered when we have agreed
  else
    ++statistics_.stale;
  if (!leaving_ && now - last_hello_ >= settings_.hello_every)
    greet(message.incarnation, message.incarnation == candidate_ ? candidate_number_ : 0, now);
}

void Link::on_offence(Time, std::string_view reason) {
  (void)offence(reason, {});
}

base::Result<void> Link::offence(std::string_view reason, std::string detail) {
  ++statistics_.offences;
  if (++offences_ >= settings_.max_offences && state_ != LinkState::refused && state_ != LinkState::closed)
    refuse(life_.value != 0 ? life_ : candidate_,
           fmt::format("{} refuses {} after {} messages that cannot be right, the last one: {}", settings_.self_name,
                       settings_.peer_name, offences_, reason),
           candidate_number_);
  return base::Refusal{reason, std::move(detail)};
}

void Link::agree(const Message& message, const Hello& hello, Time now) {
  if (message.incarnation != life_) {
    if (leaving_) return;
    start_session(message.incarnation, hello.round, now);
  }
  statistics_.last_heard = now;
  if (state_ == LinkState::suspect) state_ = LinkState::agreed;
  on_acknowledged(message.acknowledged, now);
  if (!hello.agreed) greet(life_, hello.number, now);
}

void Link::start_session(base::Incarnation life, base::Round round, Time now) {
  // What this life sent before we agreed with it is waiting; what another sent is of no use.
  if (state_ != LinkState::greeting || candidate_ != life) arrived_.reset();
  decide_on(life);
  sent_.reset();
  left_ = acknowledge_now_ = ask_now_ = false;
  unacknowledged_arrivals_ = offences_ = hellos_ = repetitions_ = 0;
  asked_until_ = 0;
  acknowledge_at_.reset();
  pings_.fill({});
  state_ = LinkState::agreed;
  ping_at_ = now;  // the first measurement
  events_.push_back(Agreed{round, std::exchange(agreed_before_, true)});
  deliver(now);
}

void Link::reject(std::string reason) {
  if (!in_session()) return;
  refuse(life_, std::move(reason), candidate_number_);
}

void Link::refuse(base::Incarnation life, std::string reason, std::uint64_t answers) {
  decide_on(life);
  refusal_ = cleaned(reason, kMaxTextBytes);
  close(LinkState::refused);
  if (life.value != 0) emit(life, Refuse{refusal_, answers});
  events_.push_back(Refused{refusal_, false});
}

void Link::decide_on(base::Incarnation life) {
  if (life_.value != 0 && life_ != life) former_[former_next_++ % former_.size()] = life_;
  life_ = life;
  candidate_ = {};
}

bool Link::is_former(base::Incarnation life) const {
  return std::ranges::find(former_, life) != former_.end();
}

void Link::close(LinkState state) {
  state_ = state;
  sent_.clear();
  acknowledge_at_.reset();
  if (state == LinkState::refused) acknowledge_now_ = ask_now_ = false;
}

void Link::greet(base::Incarnation life, std::uint64_t answers, Time now) {
  ++hello_number_;
  if (life.value != 0 && life != life_) {
    if (candidate_ != life) {
      if (state_ == LinkState::greeting) arrived_.reset();
      candidate_ = life;
      challenge_ = hello_number_;
    }
    candidate_number_ = answers;
  }
  Hello hello;
  hello.protocol_version = kProtocolVersion;
  hello.agreed = life.value != 0 && life == life_;
  hello.number = hello_number_;
  hello.answers = answers;
  hello.name = settings_.self_name;
  hello.round = round_;
  hello.terms = settings_.terms;
  last_hello_ = now;
  hello_at_ = now + backoff(settings_.hello_every, hellos_);
  emit(life, std::move(hello));
}

// Says why not, but not to every frame of someone who does not listen.
void Link::object(const Message& message, std::string_view reason, Time now) {
  if (last_objection_ && now - *last_objection_ < settings_.hello_every) return;
  last_objection_ = now;
  const auto* hello = std::get_if<Hello>(&message.body);
  emit(message.incarnation, Refuse{std::string(reason), hello ? hello->number : 0});
}

}  // namespace parley::wire
