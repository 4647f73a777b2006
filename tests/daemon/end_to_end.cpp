#include "end_to_end.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::daemon {

std::string free_base_port() {
  const auto is_free = [](int port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(descriptor);
    return bound;
  };
  int base = 10000 + static_cast<int>(getpid() % 3000) * 7;  // other tests run at the same time
  while (!(is_free(base) && is_free(base + 1) && is_free(base + 2) && is_free(base + 3))) base += 4;
  return "swarm.base_port=" + std::to_string(base);
}

}  // namespace parley::daemon
