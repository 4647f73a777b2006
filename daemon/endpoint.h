// Addresses of peers: "tcp://host:port".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::daemon {

struct TcpEndpoint {
  std::string host;  ///< a name, an IPv4 address, an IPv6 address in brackets, or "*"
  std::uint16_t port = 0;

  std::string text() const;  ///< "tcp://host:port"
  /// An address of this machine that no other machine reaches: 127.0.0.0/8, [::1], localhost.
  bool is_loopback() const;
  /// An address and not a name: what can be bound without asking a name server.
  bool is_numeric() const;
};

/// Nothing if the text is not "tcp://host:port" with a port from 1 to 65535.
std::optional<TcpEndpoint> parse_tcp_endpoint(std::string_view text);

}  // namespace parley::daemon
