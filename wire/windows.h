// The two windows of a link: what was sent and is not acknowledged yet, and what has arrived before its turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "wire/message.h"
#include "wire/timers.h"

namespace parley::wire {

/// Sequenced messages from the oldest unacknowledged one to the newest, at most `capacity`. Allocates when constructed
/// only.
class SendWindow {
 public:
  struct Entry {
    Message message;
    Bytes payload;
    std::uint64_t transmission = 0;  ///< number of its last transmission, over all that this end sent
    Time sent_at{};                  ///< of its last transmission
  };

  explicit SendWindow(std::uint32_t capacity) : entries_(capacity) {}

  bool empty() const { return first_ == next_; }
  bool full() const { return next_ - first_ == entries_.size(); }
  std::uint64_t first() const { return first_; }  ///< the oldest unacknowledged sequence; next() if there is none
  std::uint64_t next() const { return next_; }    ///< the sequence that the next message gets; 1 at first

  /// Gives the message its sequence and keeps it. Checked: not full.
  Entry& push(Message message, Bytes payload);
  /// Checked: first() <= sequence < next().
  Entry& at(std::uint64_t sequence);
  /// Lets go of everything below `acknowledged`; true if there was any. Checked: at most next().
  bool acknowledge(std::uint64_t acknowledged);
  /// Lets go of everything and starts again at sequence 1.
  void reset();
  /// Lets go of everything; sequences go on.
  void clear() { acknowledge(next_); }

 private:
  std::vector<Entry> entries_;  // sequence s is at s modulo capacity
  std::uint64_t first_ = 1, next_ = 1;
};

/// Puts sequenced messages that arrive in any order back into theirs. Holds at most `capacity`; allocates when
/// constructed only.
class ReceiveWindow {
 public:
  struct Entry {
    Message message;
    Bytes payload;
  };
  enum class Offer {
    kept,       ///< will come out of take() in its turn
    duplicate,  ///< came out before, or is waiting
    beyond,     ///< too far ahead to be kept; it will have to be sent again
  };

  explicit ReceiveWindow(std::uint32_t capacity) : entries_(capacity) {}

  /// Moves from the arguments only if they are kept. Checked: the message is sequenced.
  Offer offer(Message& message, Bytes& payload);
  /// The message whose turn it is, if it has arrived.
  std::optional<Entry> take();
  /// The sequence whose turn it is.
  std::uint64_t next_expected() const { return next_expected_; }
  /// How many sequences from next_expected() on are missing before the first that has arrived; 0: none has arrived.
  std::uint32_t missing() const;
  void reset();

 private:
  std::vector<std::optional<Entry>> entries_;  // sequence s is at s modulo capacity
  std::uint64_t next_expected_ = 1;
  std::size_t waiting_ = 0;
};

}  // namespace parley::wire
