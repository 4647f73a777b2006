// Encoded differences on their way out: written once, then shared by every neighbour's link and socket.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace parley::gossip {

/// Bytes that never change again. Copying shares them.
struct Payload {
  std::shared_ptr<const std::byte> owner;  ///< keeps `bytes` alive
  std::span<const std::byte> bytes;
};

/// Lends buffers to encoders and takes them back when the last holder of a payload, on whatever thread, lets go.
/// One thread calls take() and seal(); the pool may be destroyed before its payloads.
class PayloadPool {
 public:
  /// A buffer to write into. Give it to seal() before taking another.
  std::span<std::byte> take(std::size_t capacity);
  /// Makes the first `size` bytes of the buffer taken last into a payload.
  Payload seal(std::size_t size);

 private:
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;
    std::atomic<bool> lent{false};
  };
  std::vector<std::shared_ptr<Buffer>> buffers_;
  std::shared_ptr<Buffer> taken_;
};

}  // namespace parley::gossip
