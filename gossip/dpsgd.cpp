#include "gossip/dpsgd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "gossip/mixing.h"

namespace parley::gossip {
namespace {

/// The model is sent itself, not a difference, so what the operator drops is gone: it must lose next to nothing.
constexpr double kLeastDelta = 0.999;

class Dpsgd final : public Algorithm {
 public:
  Dpsgd(std::string spec, bool adapt_first) : spec_(std::move(spec)), adapt_first_(adapt_first) {}

  const std::string& spec() const override { return spec_; }
  void start(Node&) override {}
  Task<> round(Node& node) override { return adapt_first_ ? adapt_then_combine(node) : combine_then_adapt(node); }

  double consensus_distance(Node& node) override {
    double sum = 0, weights = 0;
    const std::span<float> difference = node.scratch();
    for (Received& m : node.inbox()) {
      if (m.refused) continue;
      std::fill(difference.begin(), difference.end(), 0.0f);
      node.decode_own(own_, -1.0f, difference);
      node.decode(m, 1.0f, difference);
      sum += static_cast<double>(m.weight) * squared_norm(difference);
      weights += static_cast<double>(m.weight);
    }
    return weights > 0 ? std::sqrt(sum / weights) : 0;
  }

 private:
  /// x^{t+1} = sum_j w_ij x_j^t - eta g(x_i^t): the gradient is computed while the models travel.
  Task<> combine_then_adapt(Node& node) {
    send(node);
    auto exchange = node.exchange(own_);
    auto gradient = node.gradient();
    const Inbox inbox = co_await exchange;
    const auto g = co_await gradient;
    node.timed(&Profile::mix, [&] {
      combine(node, inbox, [&](std::size_t first, std::span<float> mixed) {
        node.step_part(first, mixed, node.x().subspan(first, mixed.size()), g.subspan(first, mixed.size()));
      });
    });
  }

  /// x^{t+1} = sum_j w_ij (x_j^t - eta g_j(x_j^t)).
  Task<> adapt_then_combine(Node& node) {
    const auto g = co_await node.gradient();
    node.timed(&Profile::mix, [&] { node.step_part(0, node.mutable_x(), node.x(), g); });
    send(node);
    const Inbox inbox = co_await node.exchange(own_);
    node.timed(&Profile::mix, [&] { combine(node, inbox, [](std::size_t, std::span<float>) {}); });
  }

  void send(Node& node) {
    node.timed(&Profile::encode, [&] { own_ = node.compress(node.x()); });
  }

  /// x' = x_i + sum_j w_ij (C(x_j) - C(x_i)), and then finish(first, block) for each block of it in order. The form
  /// keeps the average whatever the operator rounds, because both ends of an edge use the same two decoded models.
  template <class Finish>
  void combine(Node& node, Inbox inbox, Finish&& finish) {
    const compression::Compressor& operator_ = node.compressor();
    if (operator_.slice() == 0 || kBlockFloats % operator_.slice() != 0) return combine_whole(node, inbox, finish);
    float neighbours_weight = 0;
    for (Received& m : inbox) {
      if (node.check(m)) neighbours_weight += m.weight;
    }
    const std::span<float> next = node.next_x();
    block_by_block(node.size(), [&](std::size_t first, std::size_t n) {
      const std::span<const float> x = node.x().subspan(first, n);
      const std::span<float> mixed = next.subspan(first, n);
      std::copy(x.begin(), x.end(), mixed.begin());
      for (const Received& m : inbox) {
        if (!m.refused) operator_.add_slice(m.payload.bytes, node.size(), first, m.weight, mixed);
      }
      operator_.add_slice(own_.bytes, node.size(), first, -neighbours_weight, mixed);
      finish(first, mixed);
    });
    node.advance_x();
  }

  /// The same for an operator that decodes a payload as a whole only.
  template <class Finish>
  void combine_whole(Node& node, Inbox inbox, Finish&& finish) {
    const std::span<float> next = node.next_x();
    std::copy(node.x().begin(), node.x().end(), next.begin());
    float neighbours_weight = 0;
    for (Received& m : inbox) {
      if (node.decode(m, m.weight, next)) neighbours_weight += m.weight;
    }
    node.decode_own(own_, -neighbours_weight, next);
    block_by_block(node.size(), [&](std::size_t first, std::size_t n) { finish(first, next.subspan(first, n)); });
    node.advance_x();
  }

  static double squared_norm(std::span<const float> v) {
    double sum = 0;
    for (float value : v) sum += static_cast<double>(value) * static_cast<double>(value);
    return sum;
  }

  std::string spec_;
  bool adapt_first_;
  Payload own_;
};

constexpr std::array kParameters = {
    base::Parameter{.name = "order",
                    .kind = base::ParameterKind::word,
                    .fallback = "cta",
                    .choices = "cta|atc",
                    .help = "cta: combine then adapt, the gradient overlaps the exchange; atc: adapt then combine"},
};

std::unique_ptr<Algorithm> make(const base::Arguments& arguments, const compression::Compressor& compressor,
                                std::size_t d) {
  const double delta = compressor.properties(d).delta;
  if (delta < kLeastDelta) {
    throw base::OperatorError(
        fmt::format("dpsgd sends models, not differences, so what {} drops (delta = {:.3g}) would be lost for good; "
                    "use identity, f16 or "
                    "bf16, or gossip.algorithm = \"choco\"",
                    compressor.spec(), delta));
  }
  return std::make_unique<Dpsgd>(arguments.canonical(), arguments.is("order", "atc"));
}

}  // namespace

const AlgorithmRow kDpsgd = {
    .name = "dpsgd",
    .summary = "decentralised SGD, models exchanged in full",
    .source = "Lian et al. 2017",
    .parameters = kParameters,
    .make = make,
    .needs_symmetric_weights = false,
};

}  // namespace parley::gossip
