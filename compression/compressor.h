// What every compression operator C(x) is to the rest of Parley.
//
// An operator turns d floats into a payload of bytes and adds the decoded payload onto other floats. What the receiver
// adds is defined to the bit: one rounding per operation and the same bytes from every SIMD target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/executor.h"
#include "base/layout.h"
#include "base/random.h"

namespace parley::compression {

/// What is guaranteed of an operator on vectors of d floats. See docs/notation.md for delta and omega.
struct Properties {
  /// E C(x) = x over the random key, and E|C(x) - x|^2 <= omega |x|^2.
  bool unbiased = false;
  double omega = 0;  ///< variance bound of an unbiased operator, >= 0
  /// E|C(x) - x|^2 <= (1 - delta)|x|^2 for every x; 0: nothing is guaranteed, so CHOCO and error feedback refuse it.
  /// Coordinates whose scale would not be a normal float are sent as zeros, which the bounds leave out of account.
  double delta = 0;
  /// Expected payload size. Exact for operators of fixed size, an estimate for Gaussian input otherwise.
  double bits_per_coordinate = 32;
  /// The consensus step size that converges in practice with CHOCO (Koloskova et al. 2019), in (0, 1].
  double suggested_gamma = 1;
};

/// Scratch memory of one caller of an operator, and what a warm-started operator remembers of its last input. Made by
/// the operator, used with no other operator and by one thread at a time.
class State {
 public:
  virtual ~State() = default;

  /// From now on large vectors are coded by all threads of the executor, which outlives the state: not the bytes, not
  /// the decoded floats and not the refusals depend on it. Scratch memory is for each thread then, and what a thread
  /// needs is allocated when it takes part for the first time.
  virtual void share_with(base::Executor& executor) { executor_ = &executor; }
  base::Executor* executor() const { return executor_; }  ///< null: whoever calls does everything

  /// What encode() remembers of its last input, for checkpoints. Empty unless the operator is warm-started.
  virtual std::span<const float> memory() const { return {}; }
  /// Goes on from a checkpoint. Refuses what memory() of this operator cannot be; the state is then unchanged.
  virtual base::Result<void> restore(std::span<const float> memory) {
    if (memory.empty()) return {};
    return base::Refusal{"memory_size", "this operator remembers nothing"};
  }

 private:
  base::Executor* executor_ = nullptr;
};

/// A stretch of a payload: `bytes` bytes of any kind, then `codes` codes of `bits` bits each, 1 to 32, least
/// significant first and padded with zeros to a byte.
struct Stretch {
  std::size_t bytes;
  std::size_t codes;
  unsigned bits;
};

/// An operator. Immutable after construction and safe to share between threads; what changes is in State.
class Compressor {
 public:
  virtual ~Compressor() = default;

  /// The spec it was built from, in canonical form: peers agree on a link only if these are equal.
  virtual const std::string& spec() const = 0;
  /// Names the payload format on the wire. Never reused; a change of format needs a new one.
  virtual std::uint8_t wire_id() const = 0;
  virtual Properties properties(std::size_t d) const = 0;

  /// Bytes that encode() may need for d floats: the exact bound that `out` must have room for.
  virtual std::size_t max_payload_size(std::size_t d) const = 0;

  /// A new, empty state. encode and decode_add allocate only on their first calls with it.
  virtual std::unique_ptr<State> make_state() const = 0;

  /// Encodes x into the front of `out` and returns the number of bytes written.
  ///
  /// x is of any length the operator was built for (of any length at all unless it uses the layout). Random operators
  /// draw from `key` alone, so the same key (and, of a warm-started operator, the same memory) gives the same bytes.
  /// Refuses x with a NaN or infinity as "not_finite", with the index; `out` is then unspecified and the state
  /// unchanged. Checked: out.size() >= max_payload_size(x.size()).
  virtual base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                           std::span<std::byte> out) const = 0;

  /// y += scale * decode(payload), where each decoded value is rounded to a float, multiplied (one rounding) and added
  /// (one rounding).
  ///
  /// `key` is the key the sender encoded with: operators that share randomness derive indices from it. The payload is
  /// checked completely first; on refusal y is untouched. Every payload that encode can make for y.size() floats is
  /// accepted, and nothing that is not of its format.
  virtual base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                        State& state, std::span<float> y) const = 0;

  /// True if the payload of x is the floats of x as they lie in memory, so that they need not be copied to be sent.
  virtual bool sends_floats() const { return false; }

  /// Calls use(stretch) for what payloads of d floats are made of, in order, for stages that code their symbols; codes
  /// are all of one width. Never, if nothing is known. Otherwise every payload of d floats has max_payload_size(d)
  /// bytes.
  virtual void for_each_stretch(std::size_t d, const std::function<void(const Stretch&)>& use) const;

  // Operators that code every coordinate by itself, or by blocks, can decode a part of a payload, so that what is done
  // with the decoded values next can be done while they are in the cache.

  /// Slices must start at multiples of this; 0: the operator has no slices, and the two functions are not to be called.
  virtual std::size_t slice() const { return 0; }
  /// Refuses what decode_add would refuse for d floats.
  virtual base::Result<void> check_payload(std::span<const std::byte> payload, std::size_t d) const;
  /// What decode_add does to the coordinates `first` .. `first` + y.size() - 1 of d. The payload has passed
  /// check_payload().
  virtual void add_slice(std::span<const std::byte> payload, std::size_t d, std::size_t first, float scale,
                         std::span<float> y) const;
};

/// Builds the operator or pipeline that `spec` names, for vectors of this layout. Throws base::OperatorError for a spec
/// that names no operator, has arguments out of bounds, or joins operators that cannot be joined.
std::unique_ptr<Compressor> make_compressor(std::string_view spec, const base::ParameterLayout& layout);

}  // namespace parley::compression
