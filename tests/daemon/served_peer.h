// A peer that does nothing but answer its control socket, from a thread of its own.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "daemon/control_server.h"
#include "daemon/descriptor.h"

namespace parley::daemon {

class ServedPeer {
 public:
  /// Binds before it returns. Every wake-up serves once, as the event loop of a peer does.
  ServedPeer(std::string endpoint, ControlServer::Answer answer) {
    std::promise<std::string> bound;
    thread_ = std::thread([this, endpoint = std::move(endpoint), answer = std::move(answer), &bound] {
      ControlServer server({endpoint});
      bound.set_value(server.endpoint());
      zmq::pollitem_t items[] = {{server.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop_.get(), ZMQ_POLLIN, 0}};
      while (zmq_poll(items, 2, -1) >= 0 && items[1].revents == 0) {
        if (items[0].revents != 0) server.serve(answer);
        ++turns_;
      }
      statistics_ = server.statistics();
    });
    endpoint_ = bound.get_future().get();
  }
  ~ServedPeer() { stop(); }
  ServedPeer(const ServedPeer&) = delete;
  ServedPeer& operator=(const ServedPeer&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  std::uint64_t turns() const { return turns_; }
  /// Stops the peer and says what its server counted.
  const ControlServer::Statistics& stop() {
    if (thread_.joinable()) {
      ::eventfd_write(stop_.get(), 1);
      thread_.join();
    }
    return statistics_;
  }

 private:
  Descriptor stop_{::eventfd(0, EFD_CLOEXEC)};
  std::atomic<std::uint64_t> turns_{0};
  std::string endpoint_;
  ControlServer::Statistics statistics_;
  std::thread thread_;
};

}  // namespace parley::daemon
