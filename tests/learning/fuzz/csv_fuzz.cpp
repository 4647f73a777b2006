#include "fuzzed_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  parley::learning::load_everything("csv(\"{}\")", {bytes, size});
  return 0;
}
