// What two ends of a link must have alike, and the words in which a difference is told to both operators.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wire/message.h"

namespace parley::wire {

/// One end of a link, as it says itself.
struct End {
  std::string_view name;
  std::uint32_t protocol_version = 0;
  std::span<const Term> terms;
};

/// The first thing in which the ends differ: protocol version, then "swarm.name", then the own terms in their order,
/// then what only the other end has. Nothing if they agree. Names both ends and both values, as in
///   compression.operator differs: peer-1 has "topk(ratio=0.01)", peer-0 has "topk(ratio=0.02)"
/// with peer-1 the other end. Both ends find a difference whenever one does.
std::optional<std::string> first_difference(const End& other, const End& own);

}  // namespace parley::wire
