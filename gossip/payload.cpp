#include "gossip/payload.h"

#include "base/error.h"

namespace parley::gossip {

std::span<std::byte> PayloadPool::take(std::size_t capacity) {
  taken_ = nullptr;
  for (const auto& buffer : buffers_) {
    // Acquire: whatever the last holder read from the buffer happened before we write to it again.
    if (buffer->lent.load(std::memory_order_acquire)) continue;
    taken_ = buffer;
    break;
  }
  if (!taken_) taken_ = buffers_.emplace_back(std::make_shared<Buffer>());
  if (taken_->capacity < capacity) {
    // Not make_unique, which would clear what the encoder is about to write.
    taken_->bytes.reset(new std::byte[capacity]);
    taken_->capacity = capacity;
  }
  return {taken_->bytes.get(), taken_->capacity};
}

Payload PayloadPool::seal(std::size_t size) {
  PARLEY_CHECK(taken_ != nullptr && size <= taken_->capacity, size);
  taken_->lent.store(true, std::memory_order_relaxed);
  const std::byte* bytes = taken_->bytes.get();
  auto give_back = [buffer = std::move(taken_)](const std::byte*) {
    buffer->lent.store(false, std::memory_order_release);
  };
  return {std::shared_ptr<const std::byte>(bytes, std::move(give_back)), {bytes, size}};
}

}  // namespace parley::gossip
