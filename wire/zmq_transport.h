// The transport of real peers: one bound ROUTER for everything that comes in, one DEALER per neighbour for what goes
// out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "wire/transport.h"

namespace parley::wire {

class ZmqTransport final : public Transport {
 public:
  struct Settings {
    std::string bind;             ///< "tcp://127.0.0.1:7100"; port "*" takes a free one
    std::size_t max_payload = 0;  ///< larger frames are cut off by the socket
    int high_water_mark = 64;     ///< messages per neighbour and direction
  };
  /// Throws base::OperatorError if the endpoint cannot be bound (in use, not ours, not an endpoint), with the remedy.
  explicit ZmqTransport(const Settings& settings);
  ~ZmqTransport() override;

  /// The endpoint as bound, with the port that was taken.
  std::string endpoint() const;
  /// Connects to a neighbour; ZeroMQ reconnects by itself. Throws base::OperatorError for a malformed endpoint.
  void connect(base::PeerId peer, const std::string& endpoint);
  void disconnect(base::PeerId peer);

  bool send(base::PeerId to, std::span<const std::byte> header, const Bytes& payload) override;
  std::optional<Frames> receive() override;

  /// The file descriptor that becomes readable when receive() may have something (edge-triggered, as ZMQ_FD is).
  int descriptor() const;
  /// True if receive() has something now; must be asked after the descriptor was readable and after every send.
  bool readable() const;
  /// The native handle of the receiving socket, for zmq_poll.
  void* handle() const;

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
};

/// Bytes that a frame takes on a ZMTP 3 connection: its length and the framing before it.
std::size_t zmtp_frame_bytes(std::size_t size);

}  // namespace parley::wire
