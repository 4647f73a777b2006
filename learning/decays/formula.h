// Decays that are one formula of the round.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "learning/optimizer.h"

namespace parley::learning {

/// factor(round) = formula(t) with t the round's number as a double.
std::unique_ptr<Decay> make_formula_decay(std::string spec, std::function<double(double t)> formula);

}  // namespace parley::learning
