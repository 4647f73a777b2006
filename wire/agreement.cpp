#include "wire/agreement.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/text.h"

namespace parley::wire {
namespace {

const Term* find(std::span<const Term> terms, std::string_view key) {
  const auto found = std::ranges::find(terms, key, &Term::key);
  return found == terms.end() ? nullptr : &*found;
}

std::string difference(const End& other, const Term* theirs, const End& own, const Term* ours) {
  // Long values are shown around the place where they part.
  std::size_t at = 0;
  if (theirs && ours)
    while (at < theirs->value.size() && at < ours->value.size() && theirs->value[at] == ours->value[at]) ++at;
  const auto has = [&](const Term* term) {
    return term ? fmt::format("has \"{}\"", excerpt(term->value, at)) : std::string("does not know it");
  };
  return fmt::format("{} differs: {} {}, {} {}", theirs ? theirs->key : ours->key, other.name, has(theirs), own.name,
                     has(ours));
}

}  // namespace

std::optional<std::string> first_difference(const End& other, const End& own) {
  if (other.protocol_version != own.protocol_version)
    return fmt::format("protocol version differs: {} speaks {}, {} speaks {}", other.name, other.protocol_version,
                       own.name, own.protocol_version);
  const auto differ = [&](std::string_view key) -> std::optional<std::string> {
    const Term* theirs = find(other.terms, key);
    const Term* ours = find(own.terms, key);
    if (theirs == ours || (theirs && ours && theirs->value == ours->value)) return {};
    return difference(other, theirs, own, ours);
  };
  if (auto text = differ("swarm.name")) return text;
  for (const Term& term : own.terms)
    if (auto text = differ(term.key)) return text;
  for (const Term& term : other.terms)
    if (auto text = differ(term.key)) return text;
  return {};
}

}  // namespace parley::wire
