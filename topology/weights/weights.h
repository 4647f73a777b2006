// The rows of the weight registry.
#pragma once

#include "topology/mixing_matrix.h"

namespace parley::topology {

const WeightRow& metropolis_weights();
const WeightRow& max_degree_weights();
const WeightRow& uniform_weights();

}  // namespace parley::topology
