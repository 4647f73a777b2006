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

// A term that the other end's codec would refuse is a mistake of the operator, found before anything is sent.
void check_terms(const std::vector<Term>& terms) {
  for (const Term& term : terms)
    if (term.value.size() > kMaxTextBytes || !is_clean(term.value))
      throw base::OperatorError(
          base::Place{{}, 0, 0, term.key},
          fmt::format("the value cannot be told to other peers: it has {} bytes; allowed are {} bytes of UTF-8 without "
                      "control characters",
                      term.value.size(), kMaxTextBytes));
}

}  // namespace

std::string_view name_of(LinkState state) {
  switch (state) {
    case LinkState::greeting:
      return "greeting";
    case LinkState::agreed:
      return "agreed";
    case LinkState::suspect:
      return "suspect";
    case LinkState::closed:
      return "closed";
    case LinkState::refused:
      return "refused";
  }
  return "unknown";
}

Link::Link(LinkSettings settings, Time now)
    : settings_(std::move(settings)), sent_(settings_.window), arrived_(settings_.window) {
  PARLEY_CHECK(settings_.incarnation.value != 0);
  PARLEY_CHECK(settings_.window >= 1 && settings_.max_offences >= 1, settings_.window, settings_.max_offences);
  PARLEY_CHECK(settings_.max_payload <= std::numeric_limits<std::uint32_t>::max(), settings_.max_payload);
  check_terms(settings_.terms);
  greet({}, now);
}

// --- what comes in ---------------------------------------------------------------------------------------------------

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
      object(life,
             fmt::format("{} talks with a later start of {}; are there two of that name?", settings_.self_name,
                         settings_.peer_name),
             now);
    return {};
  }
  if (refusal) {
    on_refuse(message, *refusal);
    return {};
  }
  if (state_ == LinkState::refused && life == life_) {
    object(life, refusal_, now);
    return {};
  }
  if (hello) return on_hello(message, *hello, now);
  if (life == life_) return on_session(message, payload, now);
  on_stranger(message, payload, now);
  return {};
}

// A Hello to this very life of ours answers one that we sent, so it is of now, and decides. Any other may be a
// repetition of long ago: it changes nothing and is answered with a Hello, which whoever is alive answers in turn.
base::Result<void> Link::on_hello(const Message& message, const Hello& hello, Time now) {
  const base::Incarnation life = message.incarnation;
  if (message.to_incarnation != settings_.incarnation) {
    if (leaving_ && life != life_) return {};
    if (state_ == LinkState::greeting && heard_of_ != life) arrived_.reset();
    hear_of(life);
    greet(life, now);
    return {};
  }
  if (message.acknowledged > (life == life_ ? sent_.next() : 1))
    return offence("impossible_acknowledgement", fmt::format("of {} before it was sent", message.acknowledged));
  const End other{settings_.peer_name, hello.protocol_version, hello.terms};
  const End own{settings_.self_name, kProtocolVersion, settings_.terms};
  if (const std::optional<std::string> difference = first_difference(other, own))
    refuse(life, *difference);
  else if (hello.name != settings_.peer_name)
    refuse(life, fmt::format("the roster differs: peer {} calls itself \"{}\", {} calls it \"{}\"", settings_.peer,
                             excerpt(hello.name, 0), settings_.self_name, settings_.peer_name));
  else
    agree(message, hello, now);
  return {};
}

void Link::on_refuse(const Message& message, const Refuse& refusal) {
  if (state_ == LinkState::refused || state_ == LinkState::closed) return;
  hear_of(message.incarnation);
  life_ = message.incarnation;
  refusal_ = refusal.reason;
  close(LinkState::refused);
  events_.push_back(Refused{refusal.reason, true});
}

// To this life of ours, from one that we have not agreed with: it agreed first, or our answer to it was lost.
void Link::on_stranger(Message& message, Bytes& payload, Time now) {
  if (state_ == LinkState::greeting && message.incarnation == heard_of_ && is_sequenced(message.body))
    arrived_.offer(message, payload);  // delivered when we have agreed
  else
    ++statistics_.stale;
  if (!leaving_ && now - last_hello_ >= settings_.hello_every) greet(message.incarnation, now);
}

base::Result<void> Link::on_session(Message& message, Bytes& payload, Time now) {
  if (message.acknowledged > sent_.next())
    return offence("impossible_acknowledgement", fmt::format("of {} before it was sent", message.acknowledged));
  const auto* request = std::get_if<Acknowledge>(&message.body);
  if (request && request->missing != 0 &&
      (message.acknowledged == 0 || request->missing > sent_.next() - message.acknowledged))
    return offence("impossible_request", fmt::format("for {} messages", request->missing));
  const bool sequenced = is_sequenced(message.body);
  if (sequenced && left_ && message.sequence >= arrived_.next_expected())
    return offence("after_goodbye", fmt::format("a {} after the goodbye", name_of(message.body)));

  statistics_.last_heard = now;
  if (state_ == LinkState::suspect) state_ = LinkState::agreed;
  on_acknowledged(message.acknowledged, now);
  if (sequenced)
    on_sequenced(message, payload, now);
  else if (const auto* question = std::get_if<Ping>(&message.body))
    emit(life_, Pong{question->token});
  else if (const auto* answer = std::get_if<Pong>(&message.body))
    on_pong(*answer, now);
  else if (request)
    on_request(message, *request, now);
  return {};
}

void Link::on_sequenced(Message& message, Bytes& payload, Time now) {
  const bool repeated = message.resent;
  switch (arrived_.offer(message, payload)) {
    case ReceiveWindow::Offer::duplicate:
      ++statistics_.duplicates;
      acknowledge_now_ = true;  // what we said about it was lost
      return;
    case ReceiveWindow::Offer::beyond:
      break;
    case ReceiveWindow::Offer::kept:
      acknowledge_now_ = acknowledge_now_ || repeated;
      deliver(now);
      break;
  }
  if (arrived_.missing() == 0 || asked_for_ == arrived_.next_expected()) return;
  asked_for_ = arrived_.next_expected();
  ask_now_ = true;
  ++statistics_.gaps;
}

void Link::deliver(Time now) {
  while (auto entry = arrived_.take()) {
    ++statistics_.received;
    ++unacknowledged_arrivals_;
    if (auto* goodbye = std::get_if<Goodbye>(&entry->message.body)) {
      events_.push_back(Left{goodbye->round, std::move(goodbye->reason)});
      left_ = true;
      acknowledge_now_ = true;
      close(LinkState::closed);
      return;
    }
    events_.push_back(Delivered{std::move(entry->message), std::move(entry->payload)});
  }
  if (unacknowledged_arrivals_ == 0) return;
  // A sender whose window fills up must not wait for the timer, and a closed link has none.
  if (unacknowledged_arrivals_ >= std::max(settings_.window / 4, 1U) || !in_session()) acknowledge_now_ = true;
  if (!acknowledge_at_) acknowledge_at_ = now + settings_.acknowledge_after;
}

void Link::on_acknowledged(std::uint64_t acknowledged, Time now) {
  if (!sent_.acknowledge(acknowledged)) return;
  repetitions_ = 0;
  resend_at_ = now + settings_.resend_after;
  if (leaving_ && sent_.empty()) close(LinkState::closed);
}

// Frames keep their order unless a connection breaks, so that what was sent before the ping and is not acknowledged by
// the pong was lost; and if it was only overtaken, a repetition does no harm.
void Link::on_pong(const Pong& pong, Time now) {
  const auto sent = std::ranges::find(pings_, pong.token, &SentPing::token);
  if (pong.token == 0 || sent == pings_.end()) return;
  const SentPing answered = std::exchange(*sent, SentPing{});
  statistics_.round_trip = smoothed(statistics_.round_trip, now - answered.at);
  for (std::uint64_t sequence = sent_.first(); sequence < sent_.next(); ++sequence)
    if (sent_.at(sequence).transmission < answered.transmission) resend(sequence, now);
}

void Link::on_request(const Message& message, const Acknowledge& request, Time now) {
  const std::uint64_t end = message.acknowledged + request.missing;
  for (std::uint64_t sequence = std::max(message.acknowledged, sent_.first()); sequence < end; ++sequence) {
    // A request that was repeated on its way must not multiply payloads.
    const SendWindow::Entry& entry = sent_.at(sequence);
    if (!entry.message.resent || now - entry.sent_at >= settings_.resend_after) resend(sequence, now);
  }
}

void Link::on_offence(Time, std::string_view reason) {
  (void)offence(reason, {});
}

base::Result<void> Link::offence(std::string_view reason, std::string detail) {
  ++statistics_.offences;
  if (++offences_ >= settings_.max_offences && state_ != LinkState::refused && state_ != LinkState::closed)
    refuse(life_.value != 0 ? life_ : heard_of_,
           fmt::format("{} refuses {} after {} messages that cannot be right, the last one: {}", settings_.self_name,
                       settings_.peer_name, offences_, reason));
  return base::Refusal{reason, std::move(detail)};
}

// --- agreement -------------------------------------------------------------------------------------------------------

void Link::agree(const Message& message, const Hello& hello, Time now) {
  if (message.incarnation != life_) {
    if (leaving_) return;
    start_session(message.incarnation, hello.round, now);
  }
  statistics_.last_heard = now;
  if (state_ == LinkState::suspect) state_ = LinkState::agreed;
  on_acknowledged(message.acknowledged, now);
  if (!hello.agreed) greet(life_, now);
}

void Link::start_session(base::Incarnation life, base::Round round, Time now) {
  // What this life sent before we agreed with it is waiting; what another sent is of no use.
  if (agreed_before_ || heard_of_ != life) arrived_.reset();
  hear_of(life);
  life_ = life;
  sent_.reset();
  left_ = acknowledge_now_ = ask_now_ = false;
  unacknowledged_arrivals_ = offences_ = hellos_ = repetitions_ = 0;
  asked_for_ = 0;
  acknowledge_at_.reset();
  pings_.fill({});
  state_ = LinkState::agreed;
  ping_at_ = now;  // the first measurement
  events_.push_back(Agreed{round, std::exchange(agreed_before_, true)});
  deliver(now);
}

void Link::refuse(base::Incarnation life, std::string reason) {
  if (life.value != 0) hear_of(life);
  life_ = life;
  refusal_ = cleaned(reason, kMaxTextBytes);
  close(LinkState::refused);
  if (life.value != 0) emit(life, Refuse{refusal_});
  events_.push_back(Refused{refusal_, false});
}

void Link::close(LinkState state) {
  state_ = state;
  sent_.clear();
  acknowledge_at_.reset();
  if (state == LinkState::refused) acknowledge_now_ = ask_now_ = false;
}

void Link::hear_of(base::Incarnation life) {
  constexpr std::size_t kRemembered = 16;
  heard_of_ = life;
  if (std::ranges::find(lives_, life) != lives_.end()) return;
  if (lives_.size() == kRemembered) lives_.erase(lives_.begin() + (lives_.front() == life_ ? 1 : 0));
  lives_.push_back(life);
}

// A life that was heard of before the one that we decided on is over: the other end has restarted since.
bool Link::is_former(base::Incarnation life) const {
  const auto current = std::ranges::find(lives_, life_);
  return current != lives_.end() && std::find(lives_.begin(), current, life) != current;
}

// --- what goes out ---------------------------------------------------------------------------------------------------

void Link::send(Body body, Bytes payload, Time now, std::uint64_t payload_hash) {
  PARLEY_CHECK(in_session() && can_send(), name_of(state_), leaving_);
  PARLEY_CHECK(is_sequenced(body), name_of(body));
  PARLEY_CHECK(payload.size() <= settings_.max_payload, payload.size(), settings_.max_payload);
  if (auto* goodbye = std::get_if<Goodbye>(&body)) {
    goodbye->reason = cleaned(goodbye->reason, kMaxTextBytes);
    leaving_ = true;
  }
  if (sent_.empty()) {
    repetitions_ = 0;
    resend_at_ = now + settings_.resend_after;
  }
  Message message;
  message.from = settings_.self;
  message.incarnation = settings_.incarnation;
  message.to_incarnation = life_;
  message.payload_size = static_cast<std::uint32_t>(payload.size());
  if (payload.size() > 0) message.payload_hash = payload_hash != 0 ? payload_hash : hash_payload(payload.span);
  message.body = std::move(body);
  SendWindow::Entry& entry = sent_.push(std::move(message), std::move(payload));
  entry.transmission = ++transmissions_;
  entry.sent_at = now;
  ++statistics_.sent;
  emit(entry, Traffic::header);
}

void Link::resend(std::uint64_t sequence, Time now) {
  SendWindow::Entry& entry = sent_.at(sequence);
  entry.message.resent = true;
  entry.transmission = ++transmissions_;
  entry.sent_at = now;
  ++statistics_.resent;
  emit(entry, Traffic::resend);
}

void Link::emit(const SendWindow::Entry& entry, Traffic traffic) {
  outgoing_.push_back({entry.message, entry.payload, traffic});
}

void Link::emit(base::Incarnation to, Body body) {
  Message message;
  message.from = settings_.self;
  message.incarnation = settings_.incarnation;
  message.to_incarnation = to;
  message.body = std::move(body);
  outgoing_.push_back({std::move(message), {}, Traffic::control});
}

void Link::greet(base::Incarnation life, Time now) {
  Hello hello;
  hello.protocol_version = kProtocolVersion;
  hello.agreed = life.value != 0 && life == life_;
  hello.name = settings_.self_name;
  hello.round = round_;
  hello.terms = settings_.terms;
  last_hello_ = now;
  hello_at_ = now + backoff(settings_.hello_every, hellos_);
  emit(life, std::move(hello));
}

// Says why not, but not to every frame of someone who does not listen.
void Link::object(base::Incarnation life, std::string_view reason, Time now) {
  if (last_objection_ && now - *last_objection_ < settings_.hello_every) return;
  last_objection_ = now;
  emit(life, Refuse{std::string(reason)});
}

void Link::ping(Time now) {
  const std::uint64_t token = ++last_token_;
  pings_[token % pings_.size()] = {token, ++transmissions_, now};
  ping_at_ = now + settings_.ping_every;
  emit(life_, Ping{token});
}

void Link::on_time(Time now) {
  if (state_ == LinkState::greeting && now >= hello_at_) {
    ++hellos_;
    greet(heard_of_, now);
  }
  if (!in_session()) return;
  if (acknowledge_at_ && now >= *acknowledge_at_) acknowledge_now_ = true;
  if (now - statistics_.last_heard >= settings_.suspect_after) state_ = LinkState::suspect;
  // Payloads are not repeated on suspicion: a slow connection would only get slower. A ping, which waits behind them,
  // finds out what has arrived.
  const bool overdue = !sent_.empty() && now >= resend_at_;
  if (overdue) resend_at_ = now + backoff(settings_.resend_after, ++repetitions_);
  if (overdue || now >= ping_at_) ping(now);
}

std::optional<Time> Link::deadline() const {
  if (state_ == LinkState::greeting) return hello_at_;
  if (!in_session()) return {};
  std::optional<Time> next = earlier(ping_at_, acknowledge_at_);
  if (!sent_.empty()) next = earlier(next, resend_at_);
  if (state_ == LinkState::agreed) next = earlier(next, statistics_.last_heard + settings_.suspect_after);
  return next;
}

bool Link::is_of_session(const Outgoing& outgoing) const {
  return life_.value != 0 && state_ != LinkState::refused && outgoing.message.to_incarnation == life_;
}

void Link::take_outgoing(std::vector<Outgoing>& outgoing) {
  const auto of_session = [this](const Outgoing& out) { return is_of_session(out); };
  if (ask_now_ && arrived_.missing() > 0)
    emit(life_, Acknowledge{arrived_.missing()});
  else if (acknowledge_now_ && std::ranges::none_of(outgoing_, of_session))
    emit(life_, Acknowledge{});
  // Every header says what has arrived by the time it leaves.
  for (Outgoing& out : outgoing_) {
    if (!is_of_session(out)) continue;
    out.message.acknowledged = arrived_.next_expected();
    acknowledge_at_.reset();
    unacknowledged_arrivals_ = 0;
  }
  acknowledge_now_ = ask_now_ = false;
  outgoing.clear();
  outgoing.swap(outgoing_);
}

std::vector<Outgoing> Link::take_outgoing() {
  std::vector<Outgoing> outgoing;
  take_outgoing(outgoing);
  return outgoing;
}

void Link::take_events(std::vector<LinkEvent>& events) {
  events.clear();
  events.swap(events_);
}

std::vector<LinkEvent> Link::take_events() {
  std::vector<LinkEvent> events;
  take_events(events);
  return events;
}

}  // namespace parley::wire
