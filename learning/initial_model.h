// Where a model starts from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "learning/model.h"

namespace parley::learning {

/// What "learning.init" says: "zeros", "common" (random, the same on every peer), "independent" (random, another on
/// every peer) or "file(m.safetensors)".
class InitialModel {
 public:
  /// Throws base::OperatorError.
  explicit InitialModel(std::string_view spec);

  /// True if every peer of a swarm gets the same x^0 for certain. A file counts as not common: another peer's file of
  /// that name may hold something else.
  bool is_common() const { return kind_ == Kind::zeros || kind_ == Kind::common; }
  /// Writes x^0. Throws base::OperatorError if a file cannot be read or does not fit. Checked: x fits the model.
  void write(const Model& model, std::uint64_t seed, base::PeerId peer, std::span<float> x) const;

 private:
  enum class Kind { zeros, common, independent, file };
  Kind kind_;
  std::string path_;  // Kind::file only
};

}  // namespace parley::learning
