#include "wire/link.h"

namespace parley::wire {

std::string_view name_of(LinkState state) {
  constexpr std::string_view kNames[] = {"greeting", "agreed", "suspect", "closed", "refused"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace parley::wire
