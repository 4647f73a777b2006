#include "fuzzed_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  parley::learning::load_everything("libsvm(\"{}\", task=regression, test=none)", {bytes, size});
  return 0;
}
