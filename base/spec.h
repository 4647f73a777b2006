// Spec strings: the one grammar in which every extension is named, in configuration, logs, status and handshake.
//
//   pipeline  := spec ('|' spec)*
//   spec      := name [ '(' [ argument (',' argument)* ] ')' ]
//   argument  := [ name '=' ] value
//   name      := [a-z] [a-z0-9_-]*
//   value     := a number, a word of [A-Za-z0-9_.+/:-], or a "quoted string" (with \" and \\)
//
// An argument without a name stands for the parameter at its position: libsvm(a9a) is libsvm(file=a9a).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace parley::base {

struct SpecArgument {
  std::string name;     ///< empty when given by position
  std::string value;    ///< without quotes and escapes
  bool quoted = false;  ///< written as a "string"

  bool operator==(const SpecArgument&) const = default;
};

/// One parsed spec. parse_spec(spec.text()) == spec.
struct Spec {
  std::string name;
  std::vector<SpecArgument> arguments;

  /// The spec as a person writes it: "qsgd(bits=4, bucket=512)".
  std::string text() const;
  bool operator==(const Spec&) const = default;
};

/// Throws OperatorError with the column at which the text stops making sense.
Spec parse_spec(std::string_view text);
/// At least one spec. Throws as parse_spec does.
std::vector<Spec> parse_pipeline(std::string_view text);

enum class ParameterKind { integer, real, word };

/// What a row of a registry says about one of its parameters. All views have static lifetime.
struct Parameter {
  std::string_view name;
  ParameterKind kind = ParameterKind::real;
  /// What is used when the argument is not given; empty: the parameter then has no value (see Arguments::given).
  std::string_view fallback = {};
  double low = 0, high = 0;  ///< inclusive bounds of a number; unused for words
  /// Words that are allowed, as "l2|linf". With a number: allowed instead of it, as "auto". Empty: any word.
  std::string_view choices = {};
  std::string_view help = {};
  bool required = false;
};

/// A spec's arguments, checked against the parameters: every name known and given once, every value of its kind and
/// within bounds, every required one there.
class Arguments {
 public:
  /// Throws OperatorError naming the parameter, what was found and what is allowed. `parameters` outlives the object.
  Arguments(const Spec& spec, std::span<const Parameter> parameters);

  bool given(std::string_view name) const;  ///< has a value: from the spec or the fallback
  /// Checked: the parameter exists, has a value, and is of that kind.
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  const std::string& word(std::string_view name) const;
  /// True if the value is this word: is("gamma", "auto").
  bool is(std::string_view name, std::string_view value) const;

  /// The spec with every parameter that has a value, by name, in the order of the table: two specs that mean the same
  /// have the same canonical text.
  std::string canonical() const;

 private:
  std::size_t position(std::string_view name) const;
  const std::string& value(std::string_view name, bool number) const;

  std::string name_;
  std::span<const Parameter> parameters_;
  std::vector<std::optional<std::string>> values_;  // one per parameter
};

/// The candidate that `word` was most likely meant to be, or nothing if none is near.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "unknown WHAT "WORD"; did you mean "NEAR"? known: A, B, C" - the message for a name that is in no table.
std::string unknown_name(std::string_view what, std::string_view word, std::span<const std::string_view> known);

/// The row of a registry with that name. Row needs a member `name`. Throws OperatorError listing what there is.
template <class Row>
const Row& find_row(std::span<const Row> table, std::string_view what, std::string_view name) {
  std::vector<std::string_view> known;
  for (const Row& row : table) {
    if (row.name == name) return row;
    known.push_back(row.name);
  }
  throw OperatorError(unknown_name(what, name, known));
}

}  // namespace parley::base
