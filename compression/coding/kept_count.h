// How many of d coordinates a sparsifier keeps.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/spec.h"

namespace parley::compression {

/// clamp(ceil(share * d - 1e-9), 1, d); 0 for d = 0. The small term keeps 0.1 * 30 at 3.
std::size_t share_of(double share, std::size_t d);

/// A share of the coordinates or a number of them.
class KeptCount {
 public:
  /// From the arguments "ratio" and "k", of which at most one may be given; with neither, one per cent is kept.
  explicit KeptCount(const base::Arguments& arguments);

  /// share_of(ratio, d), or min(k, d).
  std::size_t of(std::size_t d) const;

  /// "ratio=0.01" or "k=20".
  std::string text() const;

 private:
  double ratio_ = 0.01;
  std::optional<std::size_t> k_;
};

inline constexpr base::Parameter kKeptRatio = {
    .name = "ratio",
    .kind = base::ParameterKind::real,
    .low = 1e-9,
    .high = 1,
    .help = "share of the coordinates that is kept (0.01 if k is not given)"};
inline constexpr base::Parameter kKeptNumber = {.name = "k",
                                                .kind = base::ParameterKind::integer,
                                                .low = 1,
                                                .high = 4294967295.0,
                                                .help = "number of coordinates that are kept, instead of ratio"};

}  // namespace parley::compression
