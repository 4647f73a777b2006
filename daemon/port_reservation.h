// TCP ports of loopback that are free, and stay so until the daemons they are for have bound them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "daemon/descriptor.h"

namespace parley::daemon {

/// Holds `count` contiguous ports of 127.0.0.1, below those that the kernel gives to outgoing connections. As long as
/// it lives no other reservation gets them, while a socket with SO_REUSEADDR, which ZeroMQ's are, can listen on them.
class PortReservation {
 public:
  /// Throws base::OperatorError if there is no such row of free ports. Checked: count > 0.
  explicit PortReservation(std::size_t count);

  std::uint16_t first() const { return first_; }

 private:
  bool take(std::uint16_t first, std::size_t count);

  std::uint16_t first_ = 0;
  std::vector<Descriptor> held_;
};

}  // namespace parley::daemon
