// The transport of real peers: one bound ROUTER for everything that comes in, one DEALER per neighbour for what goes
// out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "wire/transport.h"

namespace parley::wire {

/// One thread uses it; ZeroMQ has a thread of its own, in which payloads that were sent are let go of.
class ZmqTransport final : public Transport {
 public:
  struct Settings {
    std::string bind;  ///< "tcp://127.0.0.1:7100", "tcp://[::1]:7100"; address "*": all of IPv4, port "*": a free one
    std::size_t max_payload = 0;            ///< a connection that brings a larger frame is cut by the socket
    int high_water_mark = 64;               ///< messages per neighbour and direction
    std::chrono::milliseconds linger{500};  ///< how long the destructor waits for what was sent to leave
  };
  /// Throws base::OperatorError if the endpoint cannot be bound (in use, not ours, not an endpoint), with the remedy.
  explicit ZmqTransport(const Settings& settings);
  ~ZmqTransport() override;

  /// The endpoint as bound, with the port that was taken.
  std::string endpoint() const;
  /// Connects to a neighbour, in place of an earlier connection to it. What is sent before the connection stands waits
  /// for it, within the high-water mark; ZeroMQ reconnects by itself. A host name is resolved to IPv4. Throws
  /// base::OperatorError for a malformed endpoint.
  void connect(base::PeerId peer, const std::string& endpoint);
  void disconnect(base::PeerId peer);

  /// False if the peer's queue is full or it is not connected to.
  bool send(base::PeerId to, std::span<const std::byte> header, const Bytes& payload) override;
  /// That a connection has broken is noticed when receive() has found nothing a few times, that it stands at once.
  bool is_connected(base::PeerId to) override;
  /// Messages that are not one header frame and at most one payload frame are dropped and counted in malformed().
  std::optional<Frames> receive() override;
  std::uint64_t malformed() const;

  /// The file descriptor that becomes readable when receive() may have something (edge-triggered, as ZMQ_FD is).
  int descriptor() const;
  /// True if receive() has something now; must be asked after the descriptor was readable and after every send.
  bool readable() const;
  /// The native handle of the receiving socket, for zmq_poll together with other sockets and descriptors.
  void* handle() const;

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
};

}  // namespace parley::wire
