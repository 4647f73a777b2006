// Feedback: what a sender does with an operator so that what the operator loses is not lost for good.
//
// A scheme says what the sender encodes, what the receiver makes of it, and what both keep for the next round. x below
// is what is to be sent in this round, in the units of a step (already multiplied by the learning rate) unless a scheme
// says otherwise; g is the receiver's estimate of it, which is what it adds to y.
//
//   none      send C(x)                     g = C(x)
//   ef        p = x + beta e, send C(p)     g = C(p)          e = p - C(p)
//   ef21      v = (1-a) v + a x             g = h + C(v - h)  h = g
//   momentum  u = m u + x, v = v + u        g = C(v)          v = v - C(v); u = 0 where C(v) is not 0
//   diana     send C(x - h)                 g = h + C(x - h)  h = h + alpha C(x - h)
//   ecq       p = x + alpha h, send C(p)    g = C(p)          h = beta h + x - C(p)
//   laq       send C(x - h), or nothing     g = h + C(x - h)  h = g
//
// C(...) is always what the receiver decodes from the bytes. Where both ends keep h they do the same additions of the
// same decoded floats to it, so that it is equal to the bit as long as no message is lost; after a loss, or when a peer
// joins, both ends begin anew or continue from snapshots of one round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/spec.h"
#include "compression/compressor.h"

namespace parley::compression {

/// What one end of a link remembers between rounds. Used by one thread at a time.
class FeedbackEnd {
 public:
  virtual ~FeedbackEnd() = default;
  FeedbackEnd(const FeedbackEnd&) = delete;
  FeedbackEnd& operator=(const FeedbackEnd&) = delete;

  std::size_t size() const { return d_; }  ///< d, of the vectors that it is for

  /// The bytes of a snapshot: 16, and 8 for each number and 4 d for each vector that the scheme keeps here.
  std::size_t snapshot_size() const;
  /// Writes what is remembered, for a checkpoint. Checked: to.size() == snapshot_size(). What the operator itself
  /// remembers (State::memory) is not part of it.
  void snapshot(std::span<std::byte> to) const;
  /// Continues from a snapshot of the same kind of end, of the same scheme and operator. Refuses one of another length
  /// as "snapshot_size", of anything else as "snapshot_kind", and one with values that cannot occur as "not_finite" or
  /// "snapshot_number". Nothing has changed on refusal.
  base::Result<void> restore(std::span<const std::byte> from);

  /// The i-th vector that the scheme keeps here, in the order of its file's comment; for tests and metrics.
  std::span<const float> kept(std::size_t i) const;

 protected:
  /// `compressor` outlives the object. `kind` names the scheme with its parameters, and the end.
  FeedbackEnd(const Compressor& compressor, std::size_t d, std::string_view kind);

  /// Makes `vector` d zeros and part of snapshots. It is a member of the derived class, and may be swapped.
  void keep(std::vector<float>& vector);
  /// Makes `numbers`, finite and not negative, part of snapshots. Their count stays as it is now.
  void keep(std::vector<double>& numbers);

  const Compressor& compressor_;
  std::unique_ptr<State> state_;

 private:
  std::size_t d_;
  std::uint64_t kind_;  // of the scheme, the end and the operator
  std::vector<std::vector<float>*> vectors_;
  std::vector<double>* numbers_ = nullptr;
};

/// The end that has x.
class FeedbackSender : public FeedbackEnd {
 public:
  /// Encodes what the scheme makes of x into the front of `out` and remembers what it must. Returns the bytes written,
  /// or nothing if the scheme keeps silent in this round; the receiver must then be told so. Refuses as "not_finite"
  /// when x, or what the scheme makes of it, has a NaN or an infinity; nothing has changed then. Checked: x.size() ==
  /// size(), out.size() >= max_payload_size(size()) of the operator. Allocates on the first call only.
  virtual base::Result<std::optional<std::size_t>> encode(std::span<const float> x, const base::RandomKey& key,
                                                          std::span<std::byte> out) = 0;

  /// Tells a scheme that decides by progress how far the model moved in the last round: |theta_k - theta_{k-1}|^2, in
  /// units in which it moves by the sum of what is received of all senders. Others ignore it. Checked: finite and not
  /// negative.
  virtual void moved(double squared_distance);

 protected:
  using FeedbackEnd::FeedbackEnd;
};

/// The end that wants x: one for each sender.
class FeedbackReceiver : public FeedbackEnd {
 public:
  /// y += scale * g, each addition with the roundings of Compressor::decode_add. Refuses what decode_add refuses; then
  /// neither y nor what is remembered has changed. Checked: y.size() == size().
  virtual base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                        std::span<float> y) = 0;

  /// y += scale * g for a round in which the sender kept silent. Refused as "feedback_silence" unless the scheme is
  /// lazy.
  virtual base::Result<void> silence_add(float scale, std::span<float> y);

 protected:
  using FeedbackEnd::FeedbackEnd;
};

/// A scheme. Immutable, and safe to share between threads.
class Feedback {
 public:
  virtual ~Feedback() = default;

  /// The canonical spec: peers agree on a link only if these are equal.
  const std::string& spec() const { return spec_; }
  /// True if senders may keep silent.
  virtual bool lazy() const { return false; }

  /// One end for vectors of d floats. `compressor` outlives it. Throws base::OperatorError if the scheme does not work
  /// with that operator: its memory could grow without bound, or it would be biased.
  virtual std::unique_ptr<FeedbackSender> sender(const Compressor& compressor, std::size_t d) const = 0;
  virtual std::unique_ptr<FeedbackReceiver> receiver(const Compressor& compressor, std::size_t d) const;

 protected:
  explicit Feedback(std::string spec) : spec_(std::move(spec)) {}

 private:
  std::string spec_;
};

/// One scheme of the catalogue.
struct FeedbackRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;  ///< where it was published
  std::span<const base::Parameter> parameters;
  std::unique_ptr<Feedback> (*make)(const base::Arguments& arguments);
};

/// All schemes, in the order in which they are listed to people.
std::span<const FeedbackRow> feedback_registry();

/// Builds the scheme that `spec` names. Throws base::OperatorError for a spec that names none or has arguments out of
/// bounds.
std::unique_ptr<Feedback> make_feedback(std::string_view spec);

}  // namespace parley::compression
