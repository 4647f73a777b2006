// What a sparsifier needs to hand its kept values to the next stage of a pipeline.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "compression/compressor.h"

namespace parley::compression {

/// A state that the operator itself made. Checked.
template <class OwnState>
OwnState& own_state(State& state) {
  auto* own = dynamic_cast<OwnState*>(&state);
  PARLEY_CHECK(own != nullptr);
  return *own;
}

/// The key of the stage after the one with `key`: independent of it, and known to whoever knows `key`.
base::RandomKey next_stage_key(const base::RandomKey& key);

/// The given stage, or f32 as it is when there is none.
std::unique_ptr<Compressor> values_or_identity(std::unique_ptr<Compressor> values);

/// "first" or "first | rest".
std::string joined_spec(std::string first, const Compressor* rest);

}  // namespace parley::compression
