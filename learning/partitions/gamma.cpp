#include "learning/partitions/gamma.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace parley::learning {
namespace {

/// Standard normal, by the polar method of Marsaglia and Bray (1964).
double portable_normal(base::Random& random) {
  while (true) {
    const double u = 2.0 * random.uniform_double() - 1.0;
    const double v = 2.0 * random.uniform_double() - 1.0;
    const double s = u * u + v * v;
    if (s >= 1.0 || s == 0.0) continue;
    return u * std::sqrt(-2.0 * portable_log(s) / s);
  }
}

/// Uniform on (0, 1].
double positive_uniform(base::Random& random) {
  return 1.0 - random.uniform_double();
}

}  // namespace

double portable_log(double x) {
  PARLEY_CHECK(std::isnormal(x) && x > 0, x);
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // in [1/2, 1)
  if (mantissa < std::numbers::sqrt2 / 2) {
    mantissa *= 2;
    --exponent;
  }
  // ln m = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...), |s| <= 0.172: the 12th term is below 2^-60.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int odd = 23; odd >= 1; odd -= 2) sum = sum * square + 1.0 / odd;
  return exponent * std::numbers::ln2 + 2 * s * sum;
}

double portable_exp(double x) {
  PARLEY_CHECK(std::abs(x) < 700, x);
  const double k = std::floor(x / std::numbers::ln2 + 0.5);
  // |r| <= ln(2)/2: the 16th term of the series is below 2^-60.
  const double r = x - k * std::numbers::ln2;
  double sum = 1;
  for (int i = 16; i >= 1; --i) sum = 1 + r / i * sum;
  return std::ldexp(sum, static_cast<int>(k));
}

double log_gamma_variate(double shape, base::Random& random) {
  PARLEY_CHECK(shape > 0, shape);
  // G(shape) = G(shape + 1) U^(1/shape), for shapes below 1.
  const double boost = shape < 1 ? portable_log(positive_uniform(random)) / shape : 0.0;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double normal = portable_normal(random);
    const double root = 1.0 + c * normal;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double u = positive_uniform(random);
    if (portable_log(u) < 0.5 * normal * normal + d - d * v + d * portable_log(v)) return portable_log(d * v) + boost;
  }
}

}  // namespace parley::learning
