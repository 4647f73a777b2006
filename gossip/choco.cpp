#include "gossip/choco.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "gossip/link_references.h"
#include "gossip/mixing.h"
#include "gossip/references.h"

namespace parley::gossip {
namespace {

/// gamma = auto takes this share of the measured contraction: the largest that converged in every run of the method
/// reference, over graphs and operators.
constexpr float kShareOfDelta = 0.5f;
/// How much a round's contraction weighs in the running mean: a memory of some ten rounds.
constexpr double kMemory = 0.1;

class Choco final : public Algorithm {
 public:
  Choco(std::string spec, std::optional<double> gamma, bool mix_first, bool by_link, double delta)
      : spec_(std::move(spec)), gamma_(gamma), mix_first_(mix_first), by_link_(by_link), contraction_(delta) {}

  const std::string& spec() const override { return spec_; }

  void start(Node& node) override {
    std::vector<float> origin(node.size(), 0.0f);
    if (node.common_start()) origin.assign(node.x().begin(), node.x().end());
    // A peer whose neighbours change knows some of them too seldom to follow what it sends to all.
    if (by_link_ || !node.schedule().is_static()) {
      links_.emplace(std::move(origin));
    } else {
      references_.emplace(node.schedule().partners(node.self()), std::move(origin));
    }
  }

  Task<> round(Node& node) override {
    if (links_) return mix_first_ ? mix_then_step_by_link(node) : step_then_mix_by_link(node);
    return mix_first_ ? mix_then_step(node) : step_then_mix(node);
  }

  double consensus_distance(Node& node) override {
    double sum = 0, weights = 0;
    for (const Received& m : node.inbox()) {
      if (m.refused) continue;
      sum += static_cast<double>(m.weight) * squared_distance(received_from(m.from), sent_to(m.from));
      weights += static_cast<double>(m.weight);
    }
    return weights > 0 ? std::sqrt(sum / weights) : 0;
  }

 private:
  // x^{t+1/2} = x - eta g;  q = C(x^{t+1/2} - x_hat_i);  x_hat_j += q_j for j in {i} and the neighbours;
  // x^{t+1} = x^{t+1/2} + gamma sum_j w_ij (x_hat_j - x_hat_i)       (Koloskova, Stich, Jaggi 2019, Algorithm 2)
  // Keeps the average of x over the peers when W is symmetric, whatever C drops.
  Task<> step_then_mix(Node& node) {
    const auto g = co_await node.gradient();
    node.timed(&Profile::mix, [&] {
      const std::span<float> x = node.mutable_x(), difference = node.scratch();
      energy_ = 0;
      block_by_block(x.size(), [&](std::size_t first, std::size_t n) {
        node.step_part(first, x.subspan(first, n), x.subspan(first, n), g.subspan(first, n));
        energy_ += subtract(x.subspan(first, n), references_->own().subspan(first, n), difference.subspan(first, n));
      });
    });
    const Payload q = compress(node);
    const Inbox inbox = co_await node.exchange(q, announced_);
    node.timed(&Profile::decode, [&] { advance(node, q, inbox); });
    node.timed(&Profile::mix, [&] {
      collect_terms(inbox);
      measure(mix(node.mutable_x(), references_->own(), terms_));
    });
  }

  // The cyclic order mix, exchange, step of Koloskova et al. 2020, Algorithm 1: the mixing uses the references of the
  // round before, so that the gradient at the mixed model is computed while the differences travel.
  Task<> mix_then_step(Node& node) {
    node.timed(&Profile::mix, [&] {
      const std::span<float> x = node.mutable_x(), difference = node.scratch();
      collect_terms(node.inbox());
      energy_ = 0;
      block_by_block(x.size(), [&](std::size_t first, std::size_t n) {
        const auto own = references_->own().subspan(first, n);
        mix(x.subspan(first, n), own, terms_, first);
        energy_ += subtract(x.subspan(first, n), own, difference.subspan(first, n));
      });
    });
    const Payload q = compress(node);
    auto exchange = node.exchange(q, announced_);
    auto gradient = node.gradient();
    const Inbox inbox = co_await exchange;
    node.timed(&Profile::decode, [&] { advance(node, q, inbox); });
    const auto g = co_await gradient;
    node.timed(&Profile::mix, [&] {
      const std::span<float> x = node.mutable_x();
      double left = 0;
      block_by_block(x.size(), [&](std::size_t first, std::size_t n) {
        left += squared_distance(x.subspan(first, n), references_->own().subspan(first, n));
        node.step_part(first, x.subspan(first, n), x.subspan(first, n), g.subspan(first, n));
      });
      measure(left);
    });
  }

  // The same two orders with a reference each way on every link (Koloskova et al. 2020; references r_ij that only the
  // ends of the link know):  q_ij = C(x_i - r_ij);  r_ij += q_ij;  x_i += gamma w_ij (r_ji - r_ij) for the neighbours j
  // of the round. Keeps the average for any symmetric weights, whichever links a round has.
  Task<> step_then_mix_by_link(Node& node) {
    const auto g = co_await node.gradient();
    node.timed(&Profile::mix, [&] { node.step_part(0, node.mutable_x(), node.x(), g); });
    compress_by_link(node);
    const Inbox inbox = co_await node.exchange_each(payloads_, announced_);
    node.timed(&Profile::decode, [&] { advance_by_link(node, inbox); });
    node.timed(&Profile::mix, [&] { mix_by_link(node, inbox); });
  }

  Task<> mix_then_step_by_link(Node& node) {
    node.timed(&Profile::mix, [&] { mix_by_link(node, node.inbox()); });
    compress_by_link(node);
    auto exchange = node.exchange_each(payloads_, announced_);
    auto gradient = node.gradient();
    const Inbox inbox = co_await exchange;
    node.timed(&Profile::decode, [&] { advance_by_link(node, inbox); });
    const auto g = co_await gradient;
    node.timed(&Profile::mix, [&] { node.step_part(0, node.mutable_x(), node.x(), g); });
  }

  /// A payload for every recipient of this round.
  void compress_by_link(Node& node) {
    announced_ = static_cast<float>(contraction_);
    payloads_.clear();
    sent_.assign(node.recipients().begin(), node.recipients().end());
    for (base::PeerId peer : sent_) {
      const std::span<float> difference = node.scratch();
      node.timed(&Profile::mix, [&] { energy_ = subtract(node.x(), links_->with(peer).sent, difference); });
      Payload q;
      node.timed(&Profile::encode, [&] {
        require_finite(node);
        q = node.compress_for(peer, difference);
      });
      node.timed(&Profile::decode, [&] { node.decode_own(q, 1.0f, links_->with(peer).sent); });
      node.timed(&Profile::mix, [&] { measure(squared_distance(node.x(), links_->with(peer).sent)); });
      payloads_.push_back(std::move(q));
    }
  }

  void advance_by_link(Node& node, Inbox inbox) {
    for (Received& m : inbox) node.decode(m, 1.0f, links_->with(m.from).received);
  }

  void mix_by_link(Node& node, Inbox inbox) {
    for (const Received& m : inbox) {
      if (m.refused) continue;
      const Term term{gamma_of(m) * m.weight, received_from(m.from)};
      mix(node.mutable_x(), sent_to(m.from), std::span(&term, 1));
    }
  }

  std::span<const float> received_from(base::PeerId peer) {
    return links_ ? std::span<const float>(links_->with(peer).received) : references_->of(peer);
  }
  std::span<const float> sent_to(base::PeerId peer) {
    return links_ ? std::span<const float>(links_->with(peer).sent) : references_->own();
  }

  void require_finite(const Node& node) const {
    if (std::isfinite(energy_)) return;
    throw Diverged(fmt::format("round {}: the model grows beyond what a float can hold; lower learning.learning_rate",
                               node.round()));
  }

  /// C of the difference that lies in the node's scratch memory.
  Payload compress(Node& node) {
    Payload q;
    node.timed(&Profile::encode, [&] {
      require_finite(node);
      q = node.compress(node.scratch());
      announced_ = static_cast<float>(contraction_);
    });
    return q;
  }

  void advance(Node& node, const Payload& q, Inbox inbox) {
    references_->advance_own(node, q);
    for (Received& m : inbox) references_->advance(node, m);
  }

  void collect_terms(Inbox inbox) {
    terms_.clear();
    for (const Received& m : inbox) {
      if (!m.refused) terms_.push_back({gamma_of(m) * m.weight, references_->of(m.from)});
    }
  }

  /// Both ends of an edge must use one gamma, or the average would move: with auto it follows from the two measured
  /// contractions that this exchange's messages carried.
  float gamma_of(const Received& m) const {
    if (gamma_) return static_cast<float>(*gamma_);
    return std::min(1.0f, kShareOfDelta * std::min(m.contraction, announced_));
  }

  /// Takes in the contraction of the last payload, given the energy that it left of the difference.
  void measure(double left) {
    if (energy_ <= 0) return;
    contraction_ += kMemory * (std::clamp(1 - left / energy_, 0.0, 1.0) - contraction_);
  }

  std::string spec_;
  std::optional<double> gamma_;  // nothing: auto
  bool mix_first_;
  bool by_link_;
  double contraction_;   // running mean of the measured delta, starts at the declared one
  float announced_ = 0;  // what this exchange's announcement said of it
  double energy_ = 0;    // |x - x_hat|^2 that the last payload was made of
  std::vector<Term> terms_;
  std::vector<Payload> payloads_;   // by link
  std::vector<base::PeerId> sent_;  // to whom
  // One of them.
  std::optional<References> references_;
  std::optional<LinkReferences> links_;
};

constexpr std::array kParameters = {
    base::Parameter{.name = "gamma",
                    .kind = base::ParameterKind::real,
                    .fallback = "auto",
                    .low = 1e-6,
                    .high = 1,
                    .choices = "auto",
                    .help = "consensus step size; auto: half of the contraction that both ends of a link measure"},
    base::Parameter{
        .name = "order",
        .kind = base::ParameterKind::word,
        .fallback = "atc",
        .choices = "atc|cta",
        .help = "atc: step, exchange, mix; cta: mix with the last references, exchange while the gradient is computed"},
    base::Parameter{.name = "references",
                    .kind = base::ParameterKind::word,
                    .fallback = "auto",
                    .choices = "auto|link",
                    .help = "auto: one public reference per peer on a fixed graph, one each way per link on a changing "
                            "one; link: always per link"},
};

std::unique_ptr<Algorithm> make(const base::Arguments& arguments, const compression::Compressor& compressor,
                                std::size_t d) {
  const compression::Properties properties = compressor.properties(d);
  if (properties.delta <= 0) {
    throw base::OperatorError(
        fmt::format("choco needs a contractive operator and {} is none (its error can exceed the difference itself); "
                    "use its contractive "
                    "scaling, or topk, sign or identity",
                    compressor.spec()));
  }
  const std::optional<double> gamma =
      arguments.is("gamma", "auto") ? std::nullopt : std::optional(arguments.real("gamma"));
  return std::make_unique<Choco>(arguments.canonical(), gamma, arguments.is("order", "cta"),
                                 arguments.is("references", "link"), properties.delta);
}

}  // namespace

const AlgorithmRow kChoco = {
    .name = "choco",
    .summary = "decentralised SGD with compressed differences to public references",
    .source = "Koloskova, Stich, Jaggi 2019; Koloskova et al. 2020",
    .parameters = kParameters,
    .make = make,
};

}  // namespace parley::gossip
