#include <array>

#include "base/error.h"
#include "fuzzed_file.h"
#include "learning/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const parley::base::ParameterLayout layout = [] {
    parley::base::ParameterLayout two;
    two.add("a", {2});
    two.add("b", {});
    return two;
  }();
  std::array<float, 3> x{};
  try {
    parley::learning::read_safetensors(parley::learning::fuzzed_file({bytes, size}), layout, x);
  } catch (const parley::base::OperatorError&) {
  }
  return 0;
}
