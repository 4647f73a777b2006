// How values of options reach the typed fields of Config and come back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "daemon/config.h"
#include "daemon/options.h"

namespace parley::daemon {

template <class T>
struct FieldType;

template <class T>
  requires std::is_integral_v<T>
struct FieldType<T> {
  static T from(const OptionValue& value) { return static_cast<T>(std::get<std::int64_t>(value)); }
  static OptionValue to(T field) { return static_cast<std::int64_t>(field); }
};
template <>
struct FieldType<bool> {
  static bool from(const OptionValue& value) { return std::get<bool>(value); }
  static OptionValue to(bool field) { return field; }
};
template <class T>
  requires(std::is_same_v<T, double> || std::is_same_v<T, std::string> || std::is_same_v<T, std::chrono::nanoseconds>)
struct FieldType<T> {
  static T from(const OptionValue& value) { return std::get<T>(value); }
  static OptionValue to(const T& field) { return field; }
};
template <>
struct FieldType<WhenDone> {
  static WhenDone from(const OptionValue& value) {
    return std::get<std::string>(value) == "wait" ? WhenDone::wait : WhenDone::exit;
  }
  static OptionValue to(WhenDone field) { return std::string(field == WhenDone::wait ? "wait" : "exit"); }
};
template <class T>
struct FieldType<std::optional<T>> {
  static std::optional<T> from(const OptionValue& value) {
    if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
    return FieldType<T>::from(value);
  }
  static OptionValue to(const std::optional<T>& field) {
    if (!field) return std::monostate{};
    return FieldType<T>::to(*field);
  }
};

/// field<&Config::swarm, &Config::Swarm::rounds>()
template <auto section, auto member>
constexpr ConfigField field() {
  return {
      .set =
          [](Config& config, const OptionValue& value) {
            auto& target = (config.*section).*member;
            target = FieldType<std::remove_reference_t<decltype(target)>>::from(value);
          },
      .get =
          [](const Config& config) {
            const auto& source = (config.*section).*member;
            return FieldType<std::remove_cvref_t<decltype(source)>>::to(source);
          },
  };
}

}  // namespace parley::daemon
