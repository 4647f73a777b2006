#include "daemon/port_reservation.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

namespace parley::daemon {
namespace {

constexpr std::size_t kLowest = 20000, kBeyond = 32768;  // 32768: where Linux starts to take ports for connections
constexpr std::size_t kStride = 61;                      // spreads launchers that start at once

/// A socket bound to the port; none if the port is in use in any way.
Descriptor hold(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  // Bound without this option it conflicts with everything; with it from now on only with what lacks it. Since it never
  // listens, a daemon's socket can still do so.
  const int yes = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return {};
  return socket;
}

}  // namespace

PortReservation::PortReservation(std::size_t count) {
  PARLEY_CHECK(count > 0);
  const std::size_t range = kBeyond - kLowest;
  if (count <= range) {
    const std::size_t starts = range - count + 1;
    const std::size_t begin = static_cast<std::size_t>(::getpid()) * kStride % starts;
    for (std::size_t i = 0; i < starts; i += count)
      if (take(static_cast<std::uint16_t>(kLowest + (begin + i) % starts), count)) return;
  }
  throw base::OperatorError(fmt::format(
      "swarm.base_port: no {} free ports in a row between {} and {}; set swarm.base_port to where there are", count,
      kLowest, kBeyond - 1));
}

bool PortReservation::take(std::uint16_t first, std::size_t count) {
  held_.clear();
  first_ = first;
  for (std::size_t i = 0; i < count; ++i) {
    held_.push_back(hold(static_cast<std::uint16_t>(first + i)));
    if (!held_.back()) return false;
  }
  return true;
}

}  // namespace parley::daemon
