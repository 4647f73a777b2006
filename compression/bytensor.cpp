// bytensor: an operator for each tensor of the model, chosen by its name and size.
//
//   payload := part*                       of the tensors in their order; nothing for d = 0
//   part    := length:u32 bytes            the payload of the tensor's operator
//
// A tensor goes to the operator of the first rule whose pattern its name matches, else to identity if it has fewer than
// min_size coordinates, else to the default. Operators are whole pipelines, built for the tensor's shape alone. A
// vector that the layout does not describe, such as what a sparsifier kept, is one tensor without a name. Each tensor
// has a random key of its own.
//
// Squared errors and norms add up, so delta is the smallest of any tensor's and omega the largest.
#include <algorithm>
#include <vector>

#include "compression/coding/refusal.h"
#include "compression/coding/stage.h"
#include "compression/coding/tensor_rules.h"
#include "compression/kernels/bytes.h"
#include "compression/kernels/scan.h"
#include "compression/operators.h"

namespace parley::compression {
namespace {

constexpr std::size_t kHeader = sizeof(std::uint32_t);

/// One tensor and its operator.
struct Part {
  std::size_t offset, size;
  const Compressor* compressor;
};

/// The memories of all tensors in one vector: each after its length, in two floats that hold 24 bits each.
constexpr std::size_t kLengthFloats = 2;
constexpr std::size_t kRadix = std::size_t{1} << 24;

struct BytensorState final : State {
  void share_with(base::Executor& executor) override {
    State::share_with(executor);
    for (const auto& state : states) state->share_with(executor);
  }

  std::span<const float> memory() const override {
    gathered.clear();
    for (const auto& state : states) {
      const std::span<const float> part = state->memory();
      gathered.push_back(static_cast<float>(part.size() / kRadix));
      gathered.push_back(static_cast<float>(part.size() % kRadix));
      gathered.insert(gathered.end(), part.begin(), part.end());
    }
    const bool nothing = gathered.size() == kLengthFloats * states.size();
    return nothing ? std::span<const float>() : std::span<const float>(gathered);
  }

  base::Result<void> restore(std::span<const float> memory) override;

  std::vector<std::unique_ptr<State>> states;  // of the tensors
  std::vector<float> decoded;
  std::vector<std::span<const std::byte>> payloads;
  mutable std::vector<float> gathered;
};

base::Result<void> BytensorState::restore(std::span<const float> memory) {
  const std::vector<float> before(this->memory().begin(), this->memory().end());
  const auto take = [this](std::span<const float> rest) -> base::Result<void> {
    for (const auto& state : states) {
      std::size_t length = 0;
      if (!rest.empty()) {
        const auto digit = [&](std::size_t i) { return i < rest.size() ? rest[i] : -1.0f; };
        const auto possible = [](float v) { return v >= 0 && v < static_cast<float>(kRadix); };
        if (!possible(digit(0)) || !possible(digit(1))) return base::Refusal{"memory_not_possible", "a length"};
        length = static_cast<std::size_t>(digit(0)) * kRadix + static_cast<std::size_t>(digit(1));
        rest = rest.subspan(kLengthFloats);
        if (length > rest.size()) return base::Refusal{"memory_size", "it ends too early"};
      }
      if (auto restored = state->restore(rest.first(length)); !restored) return restored;
      rest = rest.subspan(length);
    }
    if (!rest.empty()) return base::Refusal{"memory_size", "it ends too late"};
    return {};
  };
  auto taken = take(memory);
  if (!taken) PARLEY_CHECK(take(before).ok());
  return taken;
}

/// The key of tensor t, which is not that of a stage of any tensor's pipeline.
base::RandomKey tensor_key(const base::RandomKey& key, std::size_t t) {
  base::RandomKey own = next_stage_key(key);
  own.seed ^= (t + 1) * 0xD1B54A32D192ED03u;
  return next_stage_key(own);
}

/// A rule for no tensor is a name misspelt. Without a layout there are no names yet.
void require_matches(std::span<const TensorRule> rules, const base::ParameterLayout& layout) {
  if (layout.tensors().empty()) return;
  for (const TensorRule& rule : rules) {
    std::string names;
    bool matched = false;
    for (const base::Tensor& tensor : layout.tensors()) {
      matched = matched || matches(rule.pattern, tensor.name);
      names += fmt::format("{}{}", names.empty() ? "" : ", ", tensor.name);
    }
    if (!matched)
      throw base::OperatorError(fmt::format("in bytensor: the rule \"{}={}\" names no tensor; the model has {}",
                                            rule.pattern, rule.spec, names));
  }
}

class Bytensor final : public Compressor {
 public:
  struct Options {
    std::string fallback, rules;
    std::size_t min_size;
  };

  Bytensor(const Options& options, const base::ParameterLayout& layout);

  const std::string& spec() const override { return spec_; }
  std::uint8_t wire_id() const override { return bytensor_row().wire_id; }
  Properties properties(std::size_t d) const override;
  std::size_t max_payload_size(std::size_t d) const override;
  std::unique_ptr<State> make_state() const override;

  base::Result<std::size_t> encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                   std::span<std::byte> out) const override;
  base::Result<void> decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                State& state, std::span<float> y) const override;

 private:
  /// Calls body(t, part) for the tensors of a vector of d floats, and stops when it returns false.
  template <class Body>
  void for_each_part(std::size_t d, Body&& body) const;
  base::Result<void> split(std::span<const std::byte> payload, std::size_t d, BytensorState& scratch) const;

  std::string spec_;
  std::size_t d_, min_size_;
  std::vector<std::unique_ptr<Compressor>> compressors_;  // of the layout's tensors
  std::vector<Part> parts_;
  std::unique_ptr<Compressor> small_, fallback_;  // of vectors without a layout
};

Bytensor::Bytensor(const Options& options, const base::ParameterLayout& layout)
    : d_(layout.size()),
      min_size_(options.min_size),
      small_(make_compressor("identity", base::ParameterLayout())),
      fallback_(make_compressor(options.fallback, base::ParameterLayout())) {
  const std::vector<TensorRule> rules = parse_tensor_rules(options.rules);
  std::string rules_text;
  for (const TensorRule& rule : rules) {
    if (!rules_text.empty()) rules_text += "; ";
    rules_text += fmt::format("{}={}", rule.pattern, make_compressor(rule.spec, base::ParameterLayout())->spec());
  }
  base::Spec spec{"bytensor", {{"default", fallback_->spec(), true}}};
  if (!rules.empty()) spec.arguments.push_back({"rules", rules_text, true});
  spec.arguments.push_back({"min_size", fmt::format("{}", min_size_), false});
  spec_ = spec.text();
  for (const base::Tensor& tensor : layout.tensors()) {
    const auto rule = std::ranges::find_if(rules, [&](const TensorRule& r) { return matches(r.pattern, tensor.name); });
    const std::string_view fallback = tensor.size() < min_size_ ? "identity" : std::string_view(options.fallback);
    base::ParameterLayout own;
    own.add(tensor.name, tensor.shape);
    compressors_.push_back(make_compressor(rule == rules.end() ? fallback : rule->spec, own));
    parts_.push_back({tensor.offset, tensor.size(), compressors_.back().get()});
  }
  require_matches(rules, layout);
}

template <class Body>
void Bytensor::for_each_part(std::size_t d, Body&& body) const {
  if (d == 0) return;
  if (d != d_) {
    const bool small = d < min_size_;
    body(parts_.size() + (small ? 1 : 0), Part{0, d, small ? small_.get() : fallback_.get()});
    return;
  }
  for (std::size_t t = 0; t < parts_.size(); ++t)
    if (!body(t, parts_[t])) return;
}

Properties Bytensor::properties(std::size_t d) const {
  Properties all{.unbiased = true, .delta = 1};
  double bits = 0;
  for_each_part(d, [&](std::size_t, const Part& part) {
    const Properties own = part.compressor->properties(part.size);
    all.unbiased = all.unbiased && own.unbiased;
    all.omega = std::max(all.omega, own.omega);
    all.delta = std::min(all.delta, own.delta);
    all.suggested_gamma = std::min(all.suggested_gamma, own.suggested_gamma);
    bits += 8.0 * kHeader + own.bits_per_coordinate * static_cast<double>(part.size);
    return true;
  });
  if (!all.unbiased) all.omega = 0;
  if (d > 0) all.bits_per_coordinate = bits / static_cast<double>(d);
  return all;
}

std::size_t Bytensor::max_payload_size(std::size_t d) const {
  std::size_t size = 0;
  for_each_part(d, [&](std::size_t, const Part& part) {
    size += kHeader + part.compressor->max_payload_size(part.size);
    return true;
  });
  return size;
}

/// States of the layout's tensors, and then of the two operators of vectors without a layout.
std::unique_ptr<State> Bytensor::make_state() const {
  auto state = std::make_unique<BytensorState>();
  for (const Part& part : parts_) state->states.push_back(part.compressor->make_state());
  state->states.push_back(fallback_->make_state());
  state->states.push_back(small_->make_state());
  state->payloads.resize(state->states.size());
  return state;
}

base::Result<std::size_t> Bytensor::encode(std::span<const float> x, const base::RandomKey& key, State& state,
                                           std::span<std::byte> out) const {
  PARLEY_CHECK(out.size() >= max_payload_size(x.size()), out.size(), x.size());
  auto& scratch = own_state<BytensorState>(state);
  // All of it first, so that no tensor's memory changes if another is refused.
  if (!kernels::all_finite(x.data(), x.size())) return not_finite(x);
  std::byte* to = out.data();
  for_each_part(x.size(), [&](std::size_t t, const Part& part) {
    const std::size_t most = part.compressor->max_payload_size(part.size);
    const auto size = part.compressor->encode(x.subspan(part.offset, part.size), tensor_key(key, t), *scratch.states[t],
                                              {to + kHeader, most});
    PARLEY_CHECK(size.ok() && *size <= 0xFFFFFFFF, part.compressor->spec());
    store(to, static_cast<std::uint32_t>(*size));
    to += kHeader + *size;
    return true;
  });
  return static_cast<std::size_t>(to - out.data());
}

/// Finds the payloads of all tensors.
base::Result<void> Bytensor::split(std::span<const std::byte> payload, std::size_t d, BytensorState& scratch) const {
  base::Result<void> result;
  for_each_part(d, [&](std::size_t t, const Part& part) {
    if (payload.size() < kHeader) {
      result = truncated(payload.size());
      return false;
    }
    const std::size_t size = load<std::uint32_t>(payload.data());
    const std::size_t most = part.compressor->max_payload_size(part.size);
    payload = payload.subspan(kHeader);
    if (size > most) {
      result = wrong_size(size, most);
    } else if (size > payload.size()) {
      result = truncated(payload.size());
    }
    if (!result) return false;
    scratch.payloads[t] = payload.first(size);
    payload = payload.subspan(size);
    return true;
  });
  if (result && !payload.empty()) return wrong_size(payload.size(), 0);
  return result;
}

base::Result<void> Bytensor::decode_add(std::span<const std::byte> payload, const base::RandomKey& key, float scale,
                                        State& state, std::span<float> y) const {
  auto& scratch = own_state<BytensorState>(state);
  auto result = split(payload, y.size(), scratch);
  if (!result) return result;
  // What cannot be checked without decoding is decoded aside first.
  scratch.decoded.resize(std::max(scratch.decoded.size(), y.size()));
  for_each_part(y.size(), [&](std::size_t t, const Part& part) {
    if (part.compressor->slice() > 0) {
      result = part.compressor->check_payload(scratch.payloads[t], part.size);
    } else {
      const std::span<float> aside(scratch.decoded.data() + part.offset, part.size);
      std::fill(aside.begin(), aside.end(), 0.0f);
      result = part.compressor->decode_add(scratch.payloads[t], tensor_key(key, t), 1.0f, *scratch.states[t], aside);
    }
    return result.ok();
  });
  if (!result) return result;
  for_each_part(y.size(), [&](std::size_t t, const Part& part) {
    const std::span<float> own = y.subspan(part.offset, part.size);
    if (part.compressor->slice() > 0) {
      part.compressor->add_slice(scratch.payloads[t], part.size, 0, scale, own);
    } else {
      const float* aside = scratch.decoded.data() + part.offset;
      for (std::size_t i = 0; i < own.size(); ++i) own[i] += scale * aside[i];
    }
    return true;
  });
  return {};
}

constexpr base::Parameter kParameters[] = {
    {.name = "default",
     .kind = base::ParameterKind::word,
     .fallback = "qsgd",
     .help = "the pipeline of tensors that no rule names"},
    {.name = "rules",
     .kind = base::ParameterKind::word,
     .help = "pipelines by the tensor's name: \"PATTERN=OPERATOR; ...\", * for any characters"},
    {.name = "min_size",
     .kind = base::ParameterKind::integer,
     .fallback = "1024",
     .low = 0,
     .high = 1e12,
     .help = "tensors of fewer coordinates that no rule names go as they are"},
};

}  // namespace

Row bytensor_row() {
  return {.name = "bytensor",
          .wire_id = 72,
          .summary = "an operator for each tensor, by its name and size",
          .source = "Lin et al. 2018; Vogels et al. 2019 (small tensors uncompressed)",
          .parameters = kParameters,
          .takes_values = false,
          .make = [](Blueprint blueprint) -> std::unique_ptr<Compressor> {
            const base::Arguments& arguments = blueprint.arguments;
            return std::make_unique<Bytensor>(
                Bytensor::Options{.fallback = arguments.word("default"),
                                  .rules = arguments.given("rules") ? arguments.word("rules") : std::string(),
                                  .min_size = static_cast<std::size_t>(arguments.integer("min_size"))},
                blueprint.layout);
          }};
}

}  // namespace parley::compression
