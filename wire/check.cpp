// What must be true of a message apart from its form.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "wire/codec.h"
#include "wire/text.h"

namespace parley::wire {
namespace {

using Checked = base::Result<void>;

Checked check_text(std::string_view what, std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return base::Refusal{"text_too_long", fmt::format("{}: {} bytes, at most {}", what, text.size(), kMaxTextBytes)};
  if (!is_clean(text))
    return base::Refusal{"text_not_clean", fmt::format("{}: not UTF-8 without control characters", what)};
  return {};
}

// `bound` itself is allowed only where a round says "from this one on".
Checked check_round(base::Round round, std::uint64_t bound = kRoundBound - 1) {
  if (round.value > bound)
    return base::Refusal{"round_out_of_range", fmt::format("round {}, at most {}", round, bound)};
  return {};
}

Checked check_terms(const std::vector<Term>& terms) {
  if (terms.size() > kMaxTerms)
    return base::Refusal{"too_many_terms", fmt::format("{} terms, at most {}", terms.size(), kMaxTerms)};
  for (auto term = terms.begin(); term != terms.end(); ++term) {
    if (term->key.empty()) return base::Refusal{"key_empty", "a term has no key"};
    if (Checked ok = check_text("key", term->key); !ok) return ok;
    if (Checked ok = check_text(term->key, term->value); !ok) return ok;
    if (std::any_of(terms.begin(), term, [&](const Term& earlier) { return earlier.key == term->key; }))
      return base::Refusal{"key_repeated", fmt::format("the term {} occurs twice", term->key)};
  }
  return {};
}

Checked check_body(const Hello& hello) {
  if (hello.name.empty()) return base::Refusal{"name_empty", "a hello without a name"};
  if (Checked ok = check_text("name", hello.name); !ok) return ok;
  if (Checked ok = check_round(hello.round); !ok) return ok;
  return check_terms(hello.terms);
}

Checked check_body(const Difference& difference) {
  // Written so that NaN is refused.
  if (!(difference.contraction >= 0 && difference.contraction <= 1))
    return base::Refusal{"contraction_out_of_range", fmt::format("contraction {}", difference.contraction)};
  return check_round(difference.round);
}

Checked check_body(const Hold& hold) {
  return check_round(hold.round);
}
Checked check_body(const Reference& reference) {
  return check_round(reference.round);
}
Checked check_body(const Ping&) {
  return {};
}
Checked check_body(const Pong&) {
  return {};
}
Checked check_body(const Acknowledge&) {
  return {};
}
Checked check_body(const Goodbye& goodbye) {
  if (Checked ok = check_text("reason", goodbye.reason); !ok) return ok;
  return check_round(goodbye.round, kRoundBound);
}
Checked check_body(const Refuse& refuse) {
  return check_text("reason", refuse.reason);
}

}  // namespace

base::Result<void> check_message(const Message& message) {
  if (message.incarnation.value == 0) return base::Refusal{"no_incarnation", "the sender's incarnation is 0"};
  if (message.to_incarnation.value == 0 && !std::holds_alternative<Hello>(message.body))
    return base::Refusal{"no_incarnation", fmt::format("a {} to incarnation 0", name_of(message.body))};
  if (is_sequenced(message.body) && message.sequence == 0)
    return base::Refusal{"unsequenced", fmt::format("a {} without a sequence", name_of(message.body))};
  if (!is_sequenced(message.body) && (message.sequence != 0 || message.resent))
    return base::Refusal{"sequenced", fmt::format("a {} with a sequence", name_of(message.body))};
  if (message.payload_size != 0 && !may_have_payload(message.body))
    return base::Refusal{"payload_not_expected", fmt::format("a {} with a payload", name_of(message.body))};
  if (message.payload_size == 0 && message.payload_hash != 0)
    return base::Refusal{"hash_without_payload", "a hash of no payload"};
  return std::visit([](const auto& body) { return check_body(body); }, message.body);
}

}  // namespace parley::wire
