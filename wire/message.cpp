#include "wire/message.h"

#include <array>

namespace parley::wire {

std::string_view name_of(const Body& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<Body>> kNames = {
      "hello", "difference", "hold", "reference", "ping", "pong", "acknowledge", "goodbye", "refuse"};
  return kNames[body.index()];
}

}  // namespace parley::wire
