#include "learning/kernels/head.h"

#include <algorithm>
#include <cmath>

#include "learning/kernels/elementwise.h"

namespace parley::learning {
namespace {

/// Turns each row of z into exp(z - its largest), and returns what the losses are but for the logarithms of the rows'
/// sums. All exponentials are taken at once, because rows are shorter than vectors.
Model::Score turn_into_exponentials(std::size_t outputs, std::span<float> z, std::span<const float> targets) {
  Model::Score score;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const std::span<float> row = z.subspan(r * outputs, outputs);
    const auto target = static_cast<std::size_t>(targets[r]);
    const auto at = std::ranges::max_element(row);
    const float largest = *at;
    score.correct += static_cast<std::size_t>(at - row.begin()) == target ? 1u : 0u;
    score.loss += static_cast<double>(largest) - static_cast<double>(row[target]);
    for (float& value : row) value -= largest;
  }
  exp(z);
  return score;
}

float sum_of(std::span<const float> row) {
  float sum = 0;
  for (const float value : row) sum += value;
  return sum;
}

double softmax_gradient(std::size_t outputs, std::span<float> z, std::span<const float> targets, float weight) {
  double loss = turn_into_exponentials(outputs, z, targets).loss;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const std::span<float> row = z.subspan(r * outputs, outputs);
    const float sum = sum_of(row);
    loss += std::log(static_cast<double>(sum));
    const float scale = weight / sum;
    for (float& value : row) value *= scale;
    row[static_cast<std::size_t>(targets[r])] -= weight;
  }
  return loss;
}

Model::Score softmax_score(std::size_t outputs, std::span<float> z, std::span<const float> targets) {
  Model::Score score = turn_into_exponentials(outputs, z, targets);
  for (std::size_t r = 0; r < targets.size(); ++r)
    score.loss += std::log(static_cast<double>(sum_of(z.subspan(r * outputs, outputs))));
  return score;
}

/// log(1 + exp(v)) without overflow.
double softplus(double v) {
  return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v)));
}

double logistic_gradient(std::size_t, std::span<float> z, std::span<const float> targets, float weight) {
  double loss = 0;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const double sign = targets[r] > 0.5f ? 1.0 : -1.0;
    const double margin = sign * static_cast<double>(z[r]);
    loss += softplus(-margin);
    z[r] = static_cast<float>(static_cast<double>(weight) * -sign / (1.0 + std::exp(margin)));
  }
  return loss;
}

Model::Score logistic_score(std::size_t, std::span<float> z, std::span<const float> targets) {
  Model::Score score;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const bool is_one = targets[r] > 0.5f;
    score.loss += softplus(is_one ? -static_cast<double>(z[r]) : static_cast<double>(z[r]));
    score.correct += (z[r] > 0.0f) == is_one ? 1u : 0u;
  }
  return score;
}

double squared_gradient(std::size_t, std::span<float> z, std::span<const float> targets, float weight) {
  double loss = 0;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const double residual = static_cast<double>(z[r]) - static_cast<double>(targets[r]);
    loss += 0.5 * residual * residual;
    z[r] = static_cast<float>(static_cast<double>(weight) * residual);
  }
  return loss;
}

Model::Score squared_score(std::size_t, std::span<float> z, std::span<const float> targets) {
  Model::Score score;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    const double residual = static_cast<double>(z[r]) - static_cast<double>(targets[r]);
    score.loss += 0.5 * residual * residual;
  }
  return score;
}

}  // namespace

const Head& softmax_head() {
  static constexpr Head head{softmax_gradient, softmax_score};
  return head;
}

const Head& logistic_head() {
  static constexpr Head head{logistic_gradient, logistic_score};
  return head;
}

const Head& squared_head() {
  static constexpr Head head{squared_gradient, squared_score};
  return head;
}

}  // namespace parley::learning
