#include "wire/zmq_transport.h"

#include <fmt/format.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "base/error.h"
#include "wire/codec.h"

namespace parley::wire {
namespace {

struct CloseSocket {
  void operator()(void* socket) const { zmq_close(socket); }
};
using Socket = std::unique_ptr<void, CloseSocket>;

struct EndContext {
  // Waits until the sockets' lingering messages are out or their time is up.
  void operator()(void* context) const { zmq_ctx_term(context); }
};
using Context = std::unique_ptr<void, EndContext>;

// A received frame, kept where ZeroMQ put it.
struct ReceivedFrame {
  ReceivedFrame() { zmq_msg_init(&message); }
  ~ReceivedFrame() { zmq_msg_close(&message); }
  ReceivedFrame(const ReceivedFrame&) = delete;
  ReceivedFrame& operator=(const ReceivedFrame&) = delete;

  zmq_msg_t message;
};

Bytes bytes_of(const std::shared_ptr<ReceivedFrame>& frame) {
  const auto* data = static_cast<const std::byte*>(zmq_msg_data(&frame->message));
  return {std::shared_ptr<const std::byte>(frame, data), {data, zmq_msg_size(&frame->message)}};
}

// What keeps a payload alive while ZeroMQ sends it. It goes from the caller's thread to ZeroMQ's; the flag says so in
// terms that do not depend on what happens in between, which ThreadSanitizer cannot see.
struct PayloadInFlight {
  std::shared_ptr<const std::byte> owner;
  std::atomic<bool> handed_over{false};
};

// Called by ZeroMQ, in its own thread, when the last byte of the payload is out.
void release_payload(void*, void* hint) {
  const std::unique_ptr<PayloadInFlight> payload(static_cast<PayloadInFlight*>(hint));
  while (!payload->handed_over.load(std::memory_order_acquire)) {
  }
}

void set_option(void* socket, int option, int value) {
  const int failed = zmq_setsockopt(socket, option, &value, sizeof(value));
  PARLEY_CHECK(failed == 0, option, value, zmq_strerror(errno));
}

bool is_ipv6(const std::string& endpoint) {
  return endpoint.starts_with("tcp://[");
}

// What holds for connections in both directions.
void configure(void* socket, const std::string& endpoint, const ZmqTransport::Settings& settings) {
  set_option(socket, ZMQ_LINGER, static_cast<int>(settings.linger.count()));
  set_option(socket, ZMQ_IPV6, is_ipv6(endpoint) ? 1 : 0);
  // A machine that vanished without a word is noticed, so that the connection is made again when it is back. ZeroMQ
  // always sets TCP_NODELAY.
  set_option(socket, ZMQ_TCP_KEEPALIVE, 1);
  set_option(socket, ZMQ_TCP_KEEPALIVE_IDLE, 10);
  set_option(socket, ZMQ_TCP_KEEPALIVE_INTVL, 5);
  set_option(socket, ZMQ_TCP_KEEPALIVE_CNT, 3);
  set_option(socket, ZMQ_TCP_MAXRT, 30'000);
}

[[noreturn]] void cannot_listen(const std::string& endpoint, int error) {
  const char* why = nullptr;
  switch (error) {
    case EADDRINUSE:
      why =
          "the address is in use (is another parleyd running? choose another with swarm.base_port or [[peer]] address)";
      break;
    case EADDRNOTAVAIL:
    case ENODEV:
      why = "this machine has no such address (see \"ip address\"; tcp://*:PORT listens on all)";
      break;
    case EACCES:
      why = "the port needs privileges (choose one above 1023)";
      break;
    case EINVAL:
    case EPROTONOSUPPORT:
      why = "not an endpoint (write tcp://ADDRESS:PORT, with an IPv6 address in brackets)";
      break;
    default:
      why = zmq_strerror(error);
  }
  throw base::OperatorError(fmt::format("cannot listen on {}: {}", endpoint, why));
}

// What leads to one neighbour, and whether its connection stands, as ZeroMQ reports on a socket of its own.
struct Dealer {
  Dealer(Socket the_socket, Socket the_monitor) : socket(std::move(the_socket)), monitor(std::move(the_monitor)) {}
  Dealer(Dealer&&) = default;
  Dealer& operator=(Dealer&&) = delete;
  // A report that nobody is there to take would block ZeroMQ's thread, so the reporting ends first.
  ~Dealer() {
    if (socket) zmq_socket_monitor(socket.get(), nullptr, 0);
  }

  void take_reports() {
    // A report is the event's number (16 bits) and a value (32 bits), and then the address in a frame of its own.
    std::array<std::byte, 6> report{};
    while (zmq_recv(monitor.get(), report.data(), report.size(), ZMQ_DONTWAIT) >= 0) {
      std::uint16_t event = 0;
      std::memcpy(&event, report.data(), sizeof(event));
      is_connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
      zmq_recv(monitor.get(), nullptr, 0, ZMQ_DONTWAIT);
    }
  }

  Socket socket;
  Socket monitor;
  bool is_connected = false;
};

}  // namespace

struct ZmqTransport::Sockets {
  Settings settings;
  // In this order: the sockets are closed before the context ends.
  Context context;
  Socket router;
  std::map<base::PeerId, Dealer> dealers;
  std::uint64_t monitors = 0;   // made so far
  base::PeerId looked_after{};  // whose reports were taken last
  std::uint64_t malformed = 0;

  Socket open(int type) const {
    Socket socket(zmq_socket(context.get(), type));
    PARLEY_CHECK(socket != nullptr, zmq_strerror(errno));
    return socket;
  }

  // The next frame of a message whose earlier frames are here. It cannot fail: ZeroMQ hands over whole messages.
  std::shared_ptr<ReceivedFrame> next_frame() const {
    auto frame = std::make_shared<ReceivedFrame>();
    const int size = zmq_msg_recv(&frame->message, router.get(), ZMQ_DONTWAIT);
    return size < 0 ? nullptr : frame;
  }

  // The socket on which ZeroMQ will report when a connection of `dealer` begins and ends.
  Socket monitor(void* dealer) {
    const std::string address = fmt::format("inproc://monitor-{}", ++monitors);
    int failed = zmq_socket_monitor(dealer, address.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
    PARLEY_CHECK(failed == 0, address, zmq_strerror(errno));
    Socket reports = open(ZMQ_PAIR);
    set_option(reports.get(), ZMQ_RCVHWM, 0);  // a full queue would block ZeroMQ's thread
    failed = zmq_connect(reports.get(), address.c_str());
    PARLEY_CHECK(failed == 0, address, zmq_strerror(errno));
    return reports;
  }

  // One neighbour at a time: with a hundred of them, looking at all would take longer than a frame does.
  void look_after_next() {
    if (dealers.empty()) return;
    auto next = dealers.upper_bound(looked_after);
    if (next == dealers.end()) next = dealers.begin();
    looked_after = next->first;
    next->second.take_reports();
  }

  void drop_rest(const ReceivedFrame& last) const {
    ReceivedFrame rest;
    bool more = zmq_msg_more(&last.message) != 0;
    while (more && zmq_msg_recv(&rest.message, router.get(), ZMQ_DONTWAIT) >= 0)
      more = zmq_msg_more(&rest.message) != 0;
  }
};

ZmqTransport::ZmqTransport(const Settings& settings) : sockets_(std::make_unique<Sockets>()) {
  sockets_->settings = settings;
  sockets_->context.reset(zmq_ctx_new());
  PARLEY_CHECK(sockets_->context != nullptr, zmq_strerror(errno));
  sockets_->router = sockets_->open(ZMQ_ROUTER);
  void* router = sockets_->router.get();
  configure(router, settings.bind, settings);
  set_option(router, ZMQ_RCVHWM, settings.high_water_mark);
  const auto largest = static_cast<std::int64_t>(std::max(settings.max_payload, kMaxHeaderBytes));
  const int failed = zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &largest, sizeof(largest));
  PARLEY_CHECK(failed == 0, largest, zmq_strerror(errno));
  if (zmq_bind(router, settings.bind.c_str()) != 0) cannot_listen(settings.bind, errno);
}

ZmqTransport::~ZmqTransport() = default;

std::string ZmqTransport::endpoint() const {
  std::array<char, 256> text{};
  std::size_t size = text.size();
  const int failed = zmq_getsockopt(sockets_->router.get(), ZMQ_LAST_ENDPOINT, text.data(), &size);
  PARLEY_CHECK(failed == 0, zmq_strerror(errno));
  return text.data();
}

void ZmqTransport::connect(base::PeerId peer, const std::string& endpoint) {
  disconnect(peer);
  Socket dealer = sockets_->open(ZMQ_DEALER);
  configure(dealer.get(), endpoint, sockets_->settings);
  set_option(dealer.get(), ZMQ_SNDHWM, sockets_->settings.high_water_mark);
  // Nobody sends in this direction; whoever tries fills a queue of one small message.
  set_option(dealer.get(), ZMQ_RCVHWM, 1);
  const std::int64_t largest = 256;
  const int failed = zmq_setsockopt(dealer.get(), ZMQ_MAXMSGSIZE, &largest, sizeof(largest));
  PARLEY_CHECK(failed == 0, zmq_strerror(errno));
  // Doubles up to the maximum. Short at first, because peers of a swarm start at about the same time.
  set_option(dealer.get(), ZMQ_RECONNECT_IVL, 20);
  set_option(dealer.get(), ZMQ_RECONNECT_IVL_MAX, 2'000);
  // ZMQ_IMMEDIATE stays off: the first Hello waits for the connection instead of being refused, so that a link agrees
  // as soon as both peers are up. What waits for a peer that is gone is bounded by the high-water mark, and its next
  // life drops it by its incarnation.
  Socket monitor = sockets_->monitor(dealer.get());
  Dealer to_peer(std::move(dealer), std::move(monitor));
  if (zmq_connect(to_peer.socket.get(), endpoint.c_str()) != 0)
    throw base::OperatorError(
        fmt::format("cannot connect to {}: {} (write tcp://ADDRESS:PORT, with an IPv6 address in brackets)", endpoint,
                    zmq_strerror(errno)));
  sockets_->dealers.emplace(peer, std::move(to_peer));
}

void ZmqTransport::disconnect(base::PeerId peer) {
  sockets_->dealers.erase(peer);
}

bool ZmqTransport::send(base::PeerId to, std::span<const std::byte> header, const Bytes& payload) {
  const auto dealer = sockets_->dealers.find(to);
  if (dealer == sockets_->dealers.end()) return false;
  void* socket = dealer->second.socket.get();
  const bool has_payload = payload.size() > 0;

  if (zmq_send(socket, header.data(), header.size(), ZMQ_DONTWAIT | (has_payload ? ZMQ_SNDMORE : 0)) < 0) return false;
  if (!has_payload) return true;

  zmq_msg_t frame;
  auto in_flight = std::make_unique<PayloadInFlight>();
  in_flight->owner = payload.owner;
  // ZeroMQ does not write to the data of a message that it sends.
  auto* data = const_cast<std::byte*>(payload.span.data());
  const int failed = zmq_msg_init_data(&frame, data, payload.size(), release_payload, in_flight.get());
  PARLEY_CHECK(failed == 0, zmq_strerror(errno));
  in_flight.release()->handed_over.store(true, std::memory_order_release);
  // The high-water mark counts whole messages: once the first frame is accepted, so is the second.
  const bool sent = zmq_msg_send(&frame, socket, ZMQ_DONTWAIT) >= 0;
  if (!sent) zmq_msg_close(&frame);
  return sent;
}

bool ZmqTransport::is_connected(base::PeerId to) {
  const auto dealer = sockets_->dealers.find(to);
  if (dealer == sockets_->dealers.end()) return false;
  if (!dealer->second.is_connected) dealer->second.take_reports();
  return dealer->second.is_connected;
}

std::optional<Frames> ZmqTransport::receive() {
  // Bounded, so that a flood of rubbish cannot keep the caller from its other work.
  constexpr int kMostDropped = 64;
  for (int dropped = 0; dropped < kMostDropped; ++dropped) {
    ReceivedFrame routing;
    if (zmq_msg_recv(&routing.message, sockets_->router.get(), ZMQ_DONTWAIT) < 0) {
      sockets_->look_after_next();
      return {};
    }
    if (zmq_msg_more(&routing.message)) {
      const auto header = sockets_->next_frame();
      if (header && !zmq_msg_more(&header->message)) return Frames{bytes_of(header), {}};
      const auto payload = header ? sockets_->next_frame() : nullptr;
      if (payload && !zmq_msg_more(&payload->message)) return Frames{bytes_of(header), bytes_of(payload)};
      if (payload) sockets_->drop_rest(*payload);
    }
    ++sockets_->malformed;
  }
  return {};
}

std::uint64_t ZmqTransport::malformed() const {
  return sockets_->malformed;
}

int ZmqTransport::descriptor() const {
  int descriptor = -1;
  std::size_t size = sizeof(descriptor);
  const int failed = zmq_getsockopt(sockets_->router.get(), ZMQ_FD, &descriptor, &size);
  PARLEY_CHECK(failed == 0, zmq_strerror(errno));
  return descriptor;
}

bool ZmqTransport::readable() const {
  int events = 0;
  std::size_t size = sizeof(events);
  const int failed = zmq_getsockopt(sockets_->router.get(), ZMQ_EVENTS, &events, &size);
  PARLEY_CHECK(failed == 0, zmq_strerror(errno));
  return (events & ZMQ_POLLIN) != 0;
}

void* ZmqTransport::handle() const {
  return sockets_->router.get();
}

}  // namespace parley::wire
