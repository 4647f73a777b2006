// The named reasons why a vector or a payload is not accepted. Counted by operators of the daemon: fixed names.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"

namespace parley::compression {

/// "not_finite": names the first NaN or infinity of x. Precondition: x has one.
base::Refusal not_finite(std::span<const float> x);

/// "payload_size": the payload's length is not one that the operator makes for this d.
base::Refusal wrong_size(std::size_t found, std::size_t expected);

/// "payload_truncated": the payload ends before what it announces.
base::Refusal truncated(std::size_t size);

/// "payload_scale": the scale of block `block` is negative, not finite, or so small that encode had sent 0.
base::Refusal wrong_scale(std::size_t block);

/// "payload_code": block `block` holds a code that encode never writes.
base::Refusal wrong_code(std::size_t block);

/// "payload_index": indices out of range or too many.
base::Refusal wrong_index(std::size_t position);

/// "payload_not_canonical": it could be decoded, but encode would have written other bytes.
base::Refusal not_canonical(std::string_view what);

}  // namespace parley::compression
