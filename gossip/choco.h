// CHOCO-SGD: decentralised SGD with compressed differences to public references (Koloskova, Stich, Jaggi 2019;
// Koloskova, Lin, Stich, Jaggi 2020).
#pragma once

#include "gossip/algorithm.h"

namespace parley::gossip {

extern const AlgorithmRow kChoco;

}  // namespace parley::gossip
