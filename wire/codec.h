// Messages to header frames and back. wire/gossip.capnp is the document of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "wire/message.h"

namespace parley::wire {

/// A header frame is never larger: a longer one is refused before it is looked at.
inline constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
inline constexpr std::size_t kMaxTerms = 64;
inline constexpr std::size_t kMaxTextBytes = 1024;  ///< of any one string
inline constexpr std::uint32_t kProtocolVersion = 1;

/// The header frame of a message. Checked: within the bounds above.
std::vector<std::byte> encode_header(const Message& message);

/// Reads a header frame from outside. Refuses whatever is not a well-formed message within bounds; never throws.
base::Result<Message> decode_header(std::span<const std::byte> frame);

/// Refuses a payload that is not what the header announced, by size and by hash.
base::Result<void> check_payload(const Message& message, std::span<const std::byte> payload);

/// XXH3-64, as in Message::payload_hash.
std::uint64_t hash_payload(std::span<const std::byte> payload);

}  // namespace parley::wire
