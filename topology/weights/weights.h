// The rows of the weight registry.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "topology/mixing_matrix.h"

namespace parley::topology {

const WeightRow& metropolis_weights();
const WeightRow& max_degree_weights();
const WeightRow& lazy_weights();
const WeightRow& best_constant_weights();
const WeightRow& fdla_weights();
const WeightRow& fmmc_weights();
const WeightRow& uniform_weights();
const WeightRow& uniform_out_weights();
const WeightRow& given_weights();

/// The share of every peer, scaled so that they are 1 on average; all 1 if there are none.
std::vector<double> normalised(std::span<const double> shares, std::size_t n);

}  // namespace parley::topology
