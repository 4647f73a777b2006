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

/// Rounds are below this, on the wire as in base::RandomKey.
inline constexpr std::uint64_t kRoundBound = std::uint64_t{1} << 48;

/// Writes the header frame of a message over what `frame` holds. Does not allocate once `frame` has the capacity.
/// Checked: the message is one that decode_header accepts.
void encode_header(const Message& message, std::vector<std::byte>& frame);
std::vector<std::byte> encode_header(const Message& message);

/// Reads a header frame from outside. Refuses whatever is not a well-formed message within bounds; never throws.
/// Allocates for the texts of a message only, so never more than a small multiple of kMaxHeaderBytes. `frame` needs no
/// alignment. Reasons: header_empty, header_too_long, header_not_words, malformed, unknown_message, and those of
/// check_message.
base::Result<Message> decode_header(std::span<const std::byte> frame);

/// What must be true of a message apart from its form, of ours as of theirs: numbers within bounds and in keeping with
/// one another, texts clean and not too long. Reasons: no_incarnation, unsequenced, sequenced, payload_not_expected,
/// hash_without_payload, round_out_of_range, contraction_out_of_range, name_empty, key_empty, key_repeated,
/// too_many_terms, text_too_long, text_not_clean.
base::Result<void> check_message(const Message& message);

/// Refuses a payload that is not what the header announced, by size and by hash. Reasons:
/// payload_size_differs, payload_hash_differs.
base::Result<void> check_payload(const Message& message, std::span<const std::byte> payload);

/// XXH3-64, as in Message::payload_hash.
std::uint64_t hash_payload(std::span<const std::byte> payload);

}  // namespace parley::wire
