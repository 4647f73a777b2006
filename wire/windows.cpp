#include "wire/windows.h"

#include <utility>

#include "base/error.h"

namespace parley::wire {

SendWindow::Entry& SendWindow::push(Message message, Bytes payload) {
  PARLEY_CHECK(!full(), first_, next_);
  message.sequence = next_;
  Entry& entry = entries_[next_ % entries_.size()];
  ++next_;
  entry.message = std::move(message);
  entry.payload = std::move(payload);
  return entry;
}

SendWindow::Entry& SendWindow::at(std::uint64_t sequence) {
  PARLEY_CHECK(sequence >= first_ && sequence < next_, sequence, first_, next_);
  return entries_[sequence % entries_.size()];
}

bool SendWindow::acknowledge(std::uint64_t acknowledged) {
  PARLEY_CHECK(acknowledged <= next_, acknowledged, next_);
  if (acknowledged <= first_) return false;
  for (; first_ < acknowledged; ++first_) entries_[first_ % entries_.size()].payload = {};
  return true;
}

void SendWindow::reset() {
  clear();
  first_ = next_ = 1;
}

ReceiveWindow::Offer ReceiveWindow::offer(Message& message, Bytes& payload) {
  PARLEY_CHECK(message.sequence != 0);
  if (message.sequence < next_expected_) return Offer::duplicate;
  if (message.sequence - next_expected_ >= entries_.size()) return Offer::beyond;
  std::optional<Entry>& entry = entries_[message.sequence % entries_.size()];
  if (entry) return Offer::duplicate;
  entry = Entry{std::move(message), std::move(payload)};
  ++waiting_;
  return Offer::kept;
}

std::optional<ReceiveWindow::Entry> ReceiveWindow::take() {
  std::optional<Entry> taken = std::exchange(entries_[next_expected_ % entries_.size()], std::nullopt);
  if (taken) {
    ++next_expected_;
    --waiting_;
  }
  return taken;
}

std::uint32_t ReceiveWindow::missing() const {
  if (waiting_ == 0) return 0;
  std::uint32_t count = 0;
  while (!entries_[(next_expected_ + count) % entries_.size()]) ++count;
  return count;
}

void ReceiveWindow::reset() {
  for (std::optional<Entry>& entry : entries_) entry.reset();
  next_expected_ = 1;
  waiting_ = 0;
}

}  // namespace parley::wire
