// Two links over a network in memory, in virtual time, with every message going through the codec.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wire/codec.h"
#include "wire/link.h"
#include "wire/memory_transport.h"

namespace parley::wire {

inline Bytes bytes_of(const std::string& text) {
  auto owner = std::make_shared<std::string>(text);
  const auto* data = reinterpret_cast<const std::byte*>(owner->data());
  return {std::shared_ptr<const std::byte>(owner, data), {data, owner->size()}};
}

inline std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.span.data()), bytes.size()};
}

inline LinkSettings settings_of(std::uint32_t self) {
  LinkSettings settings;
  settings.self = {self};
  settings.peer = {1 - self};
  settings.self_name = "peer-" + std::to_string(self);
  settings.peer_name = "peer-" + std::to_string(1 - self);
  settings.incarnation = {100 + self};
  settings.terms = {{"swarm.name", "test"}, {"compression.operator", "topk(ratio=0.01)"}};
  settings.max_payload = 1024;
  return settings;
}

/// One end with all that it said.
struct LinkEnd {
  LinkEnd(LinkSettings settings, Time now) : link(std::make_unique<Link>(std::move(settings), now)) {}

  std::unique_ptr<Link> link;
  std::vector<LinkEvent> events;
  std::vector<std::string> delivered;  // payloads of differences, in order
  std::uint64_t hellos = 0, frames = 0, refused_frames = 0, frames_resent = 0;

  template <class Event>
  std::vector<Event> all() const {
    std::vector<Event> found;
    for (const LinkEvent& event : events)
      if (const auto* match = std::get_if<Event>(&event)) found.push_back(*match);
    return found;
  }
};

class LinkPair {
 public:
  explicit LinkPair(const Faults& faults = {}, std::uint64_t seed = 1)
      : LinkPair(faults, seed, settings_of(0), settings_of(1)) {}
  LinkPair(const Faults& faults, std::uint64_t seed, LinkSettings first, LinkSettings second)
      : network(2, faults, seed), ends{LinkEnd(std::move(first), Time{}), LinkEnd(std::move(second), Time{})} {
    flush();
  }

  Link& link(std::size_t i) { return *ends[i].link; }

  void send(std::size_t i, Body body, const std::string& payload = {}) {
    link(i).send(std::move(body), payload.empty() ? Bytes{} : bytes_of(payload), now);
    flush();
  }
  void send_difference(std::size_t i, const std::string& payload) { send(i, Difference{}, payload); }

  /// Another life of an end, which knows nothing; what was under way to the old one is lost.
  void restart(std::size_t i, LinkSettings settings) {
    network.forget({static_cast<std::uint32_t>(i)});
    ends[i].link = std::make_unique<Link>(std::move(settings), now);
    flush();
  }

  /// Handles arrivals and timers up to `until` or until `done`; true if done.
  template <class Done>
  bool run(Time until, Done done) {
    for (;;) {
      if (done()) return true;
      std::optional<Time> next = network.next_arrival();
      for (LinkEnd& end : ends) next = earlier(next, end.link->deadline());
      if (!next || *next > until) break;
      now = std::max(now, *next);
      network.set_time(now);
      for (std::uint32_t i = 0; i < 2; ++i) handle(i);
      flush();
    }
    now = std::max(now, until);
    network.set_time(now);
    return done();
  }
  void run(Time until) {
    run(until, [] { return false; });
  }
  /// Until neither end has anything to wait for; nothing but pings goes on.
  bool run_until_agreed() {
    return run(now + std::chrono::minutes(10),
               [&] { return link(0).state() == LinkState::agreed && link(1).state() == LinkState::agreed; });
  }

  void flush() {
    for (std::uint32_t i = 0; i < 2; ++i) {
      LinkEnd& end = ends[i];
      for (const Outgoing& out : end.link->take_outgoing()) {
        ++end.frames;
        end.hellos += std::holds_alternative<Hello>(out.message.body) ? 1 : 0;
        end.frames_resent += out.traffic == Traffic::resend ? 1 : 0;
        network.endpoint({i}).send({1 - i}, encode_header(out.message), out.payload);
      }
      for (LinkEvent& event : end.link->take_events()) {
        if (auto* delivered = std::get_if<Delivered>(&event)) {
          end.delivered.push_back(text_of(delivered->payload));
          delivered->payload = {};
        }
        end.events.push_back(std::move(event));
      }
    }
  }

  MemoryNetwork network;
  Time now{};
  std::array<LinkEnd, 2> ends;

 private:
  void handle(std::uint32_t i) {
    LinkEnd& end = ends[i];
    while (const std::optional<Frames> frames = network.endpoint({i}).receive()) {
      base::Result<Message> message = decode_header(frames->header.span);
      ASSERT_TRUE(message.ok()) << message.refusal().reason << ": " << message.refusal().detail;
      ASSERT_TRUE(check_payload(*message, frames->payload.span).ok());
      if (!end.link->on_message(std::move(*message), frames->payload, now)) ++end.refused_frames;
    }
    if (const auto deadline = end.link->deadline(); deadline && *deadline <= now) end.link->on_time(now);
  }
};

}  // namespace parley::wire
