// Identities that must not be mixed up, each a type of its own.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace parley::base {

/// A number that only compares with its own kind. `Tag` makes the kinds distinct; they cost nothing at run time.
template <class Tag, class Rep>
struct Id {
  Rep value{};
  constexpr auto operator<=>(const Id&) const = default;
};

/// A peer's place in the roster, 0-based. Sums over peers run in ascending order of it.
using PeerId = Id<struct PeerTag, std::uint32_t>;

/// A training round, 0-based: round t takes the models from x^t to x^{t+1}.
using Round = Id<struct RoundTag, std::uint64_t>;

/// One exchange inside a round, 0-based. Most algorithms have only phase 0.
using Phase = Id<struct PhaseTag, std::uint16_t>;

/// Distinguishes the lives of one peer: a restarted daemon has another incarnation. Never 0.
using Incarnation = Id<struct IncarnationTag, std::uint64_t>;

constexpr Round next(Round round) {
  return Round{round.value + 1};
}

}  // namespace parley::base

template <class Tag, class Rep>
struct std::hash<parley::base::Id<Tag, Rep>> {
  std::size_t operator()(parley::base::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};

template <class Tag, class Rep>
struct fmt::formatter<parley::base::Id<Tag, Rep>> : fmt::formatter<Rep> {
  template <class Context>
  auto format(parley::base::Id<Tag, Rep> id, Context& context) const {
    return fmt::formatter<Rep>::format(id.value, context);
  }
};
