// Gamma variates that are the same to the bit on every machine.
#pragma once

#include "base/random.h"

namespace parley::learning {

/// ln(x) for normal x > 0 and e^x for |x| < 700, with a relative error below 1e-12. Only operations that IEEE 754
/// rounds correctly are used: the last bit of the C library's functions differs between its versions, and all peers
/// must compute the same parts.
double portable_log(double x);
double portable_exp(double x);

/// ln(G) of a variate G of the gamma distribution with that shape and scale 1 (Marsaglia and Tsang 2000). The
/// logarithm, because for small shapes most variates are below the smallest double. Checked: shape > 0.
double log_gamma_variate(double shape, base::Random& random);

}  // namespace parley::learning
