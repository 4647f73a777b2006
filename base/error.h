// The three causes of an error and the one means for each.
//
//   the operator (configuration, files, command line)  -> throw OperatorError; main prints it and exits 2
//   a peer (any byte from outside)                     -> return Result<T> with a named Refusal; nothing has changed
//   us (a bug)                                         -> PARLEY_CHECK aborts with the values
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace parley::base {

/// Where in the operator's input a mistake stands. Empty or zero fields are left out of the message.
struct Place {
  std::string file = {};
  std::int64_t line = 0;    ///< 1-based; 0 when unknown
  std::int64_t column = 0;  ///< 1-based; 0 when unknown
  std::string key = {};     ///< configuration key, such as "learning.batch"

  /// "file:line:column: key", without the parts that are unknown.
  std::string text() const;
};

/// A mistake in what the operator gave us. what() reads "place: what was found, what is allowed or how to mend it".
class OperatorError : public std::runtime_error {
 public:
  explicit OperatorError(std::string message);
  OperatorError(Place place, std::string message);

  const Place& place() const { return place_; }
  /// The message without its place, to be thrown again by a caller who knows the place better.
  const std::string& message() const { return message_; }

 private:
  Place place_;
  std::string message_;
};

/// Why bytes from outside were not accepted. `reason` is one of a fixed set of snake_case names and is what refusals
/// are counted by; it must have static lifetime. `detail` is for the person who reads the log.
struct Refusal {
  std::string_view reason;
  std::string detail;
};

/// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Refusal refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Precondition: ok().
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Precondition: !ok().
  const Refusal& refusal() const { return std::get<1>(state_); }

 private:
  std::variant<T, Refusal> state_;
};

/// Accepted, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Refusal refusal) : refusal_(std::move(refusal)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  /// Precondition: !ok().
  const Refusal& refusal() const { return refusal_; }

 private:
  Refusal refusal_;
  bool ok_ = true;
};

/// Prints the failed condition with its values to standard error and aborts. Used by PARLEY_CHECK only.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const std::string& values);

/// "name = value, name = value" for PARLEY_CHECK; `names` is the stringised argument list.
template <class... Values>
std::string describe_values([[maybe_unused]] const char* names, const Values&... values) {
  std::string text = sizeof...(values) == 0 ? std::string() : fmt::format("({}) = (", names);
  std::size_t left = sizeof...(values);
  ((text += fmt::format("{}{}", values, --left == 0 ? ")" : ", ")), ...);
  return text;
}

}  // namespace parley::base

/// States what must be true unless Parley itself is wrong. Compiled into every build; aborts with the given values.
#define PARLEY_CHECK(condition, ...)                                  \
  (static_cast<bool>(condition)                                       \
       ? static_cast<void>(0)                                         \
       : ::parley::base::check_failed(__FILE__, __LINE__, #condition, \
                                      ::parley::base::describe_values(#__VA_ARGS__ __VA_OPT__(, ) __VA_ARGS__)))
