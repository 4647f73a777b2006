// Where a peer's time goes, by phase of a round.
#pragma once

#include <chrono>

namespace parley::gossip {

using Duration = std::chrono::nanoseconds;

/// Time spent since the start, by what it was spent on.
struct Profile {
  Duration compute{};  ///< gradients and evaluations, on whatever thread
  Duration encode{};   ///< forming and compressing differences
  Duration wait{};     ///< suspended in an exchange
  Duration decode{};   ///< decoding what arrived
  Duration mix{};      ///< local steps and mixing
};

}  // namespace parley::gossip
