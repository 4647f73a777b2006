#include "wire/memory_transport.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "base/error.h"

namespace parley::wire {

class MemoryNetwork::Endpoint final : public Transport {
 public:
  Endpoint(MemoryNetwork& network, base::PeerId self) : network_(network), self_(self) {}

  bool send(base::PeerId to, std::span<const std::byte> header, const Bytes& payload) override {
    return network_.send(self_, to, header, payload);
  }

  std::optional<Frames> receive() override {
    if (arrivals_.empty() || arrivals_.front().at > network_.now_) return {};
    std::ranges::pop_heap(arrivals_, std::greater{}, &Arrival::order);
    Frames frames = std::move(arrivals_.back().frames);
    arrivals_.pop_back();
    return frames;
  }

 private:
  friend class MemoryNetwork;

  struct Arrival {
    Time at;
    std::uint64_t number;  // equal times: in the order of sending
    Frames frames;
    std::pair<Time, std::uint64_t> order() const { return {at, number}; }
  };

  void add(Arrival arrival) {
    arrivals_.push_back(std::move(arrival));
    std::ranges::push_heap(arrivals_, std::greater{}, &Arrival::order);
  }

  MemoryNetwork& network_;
  base::PeerId self_;
  std::vector<Arrival> arrivals_;  // a heap, the earliest at the front
};

MemoryNetwork::MemoryNetwork(std::size_t endpoints, const Faults& faults, std::uint64_t seed)
    : faults_(faults), random_(base::RandomKey{.seed = seed, .stream = base::Stream::network}) {
  for (std::size_t i = 0; i < endpoints; ++i)
    endpoints_.push_back(std::make_unique<Endpoint>(*this, base::PeerId{static_cast<std::uint32_t>(i)}));
}

MemoryNetwork::~MemoryNetwork() = default;

Transport& MemoryNetwork::endpoint(base::PeerId peer) {
  PARLEY_CHECK(peer.value < endpoints_.size(), peer, endpoints_.size());
  return *endpoints_[peer.value];
}

void MemoryNetwork::set_time(Time now) {
  PARLEY_CHECK(now >= now_, now.count(), now_.count());
  now_ = now;
}

std::optional<Time> MemoryNetwork::next_arrival() const {
  std::optional<Time> next;
  for (const auto& endpoint : endpoints_)
    if (!endpoint->arrivals_.empty()) next = earlier(next, endpoint->arrivals_.front().at);
  return next;
}

void MemoryNetwork::set_faults(const Faults& faults) {
  faults_ = faults;
}

void MemoryNetwork::cut(base::PeerId a, base::PeerId b, bool is_cut) {
  const auto pair = std::minmax(a, b);
  std::erase(cuts_, std::pair{pair.first, pair.second});
  if (is_cut) cuts_.emplace_back(pair.first, pair.second);
}

void MemoryNetwork::forget(base::PeerId peer) {
  PARLEY_CHECK(peer.value < endpoints_.size(), peer, endpoints_.size());
  endpoints_[peer.value]->arrivals_.clear();
}

bool MemoryNetwork::send(base::PeerId from, base::PeerId to, std::span<const std::byte> header, const Bytes& payload) {
  PARLEY_CHECK(to.value < endpoints_.size(), to, endpoints_.size());
  const auto pair = std::minmax(from, to);
  if (std::ranges::find(cuts_, std::pair{pair.first, pair.second}) != cuts_.end()) return true;

  // Always the same number of draws, so that one fault's probability does not shift the others' luck.
  const bool dropped = random_.uniform_double() < faults_.drop;
  const bool duplicated = random_.uniform_double() < faults_.duplicate;
  const bool delayed = random_.uniform_double() < faults_.delay;
  const double first_delay = random_.uniform_double(), second_delay = random_.uniform_double();
  if (dropped) return true;

  const auto copy = std::make_shared<std::vector<std::byte>>(header.begin(), header.end());
  const Frames frames{{std::shared_ptr<const std::byte>(copy, copy->data()), *copy}, payload};
  const auto part = [&](double u) {
    return Time(static_cast<Time::rep>(u * static_cast<double>(faults_.max_delay.count())));
  };
  const Time arrives = now_ + faults_.latency;
  Endpoint& receiver = *endpoints_[to.value];
  receiver.add({arrives + (delayed ? part(first_delay) : Time{}), ++sent_, frames});
  if (duplicated) receiver.add({arrives + part(second_delay), ++sent_, frames});
  return true;
}

}  // namespace parley::wire
