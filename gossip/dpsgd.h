// D-PSGD: exact decentralised SGD (Lian et al. 2017, "Can decentralized algorithms outperform centralized
// algorithms?").
#pragma once

#include "gossip/algorithm.h"

namespace parley::gossip {

extern const AlgorithmRow kDpsgd;

}  // namespace parley::gossip
