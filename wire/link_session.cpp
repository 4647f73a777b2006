// What passes between two ends that have agreed: sequences, acknowledgements, repetitions and timers.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wire/codec.h"
#include "wire/link.h"
#include "wire/text.h"

namespace parley::wire {

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
  const std::uint32_t missing = arrived_.missing();
  if (missing == 0 || arrived_.next_expected() < asked_until_) return;
  asked_until_ = arrived_.next_expected() + missing;
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

void Link::send(Body body, Bytes payload, Time now, std::uint64_t payload_hash) {
  auto* goodbye = std::get_if<Goodbye>(&body);
  PARLEY_CHECK(in_session() && !leaving_ && (can_send() || goodbye), name_of(state_), leaving_);
  PARLEY_CHECK(is_sequenced(body), name_of(body));
  PARLEY_CHECK(payload.size() == 0 || may_have_payload(body), name_of(body), payload.size());
  PARLEY_CHECK(payload.size() <= settings_.max_payload, payload.size(), settings_.max_payload);
  if (goodbye) {
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

void Link::ping(Time now) {
  const std::uint64_t token = ++last_token_;
  pings_[token % pings_.size()] = {token, ++transmissions_, now};
  ping_at_ = now + settings_.ping_every;
  emit(life_, Ping{token});
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

void Link::on_time(Time now) {
  if (state_ == LinkState::greeting && now >= hello_at_) {
    ++hellos_;
    greet(candidate_, candidate_number_, now);
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
