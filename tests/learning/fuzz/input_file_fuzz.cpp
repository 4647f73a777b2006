#include <array>

#include "base/error.h"
#include "fuzzed_file.h"
#include "learning/datasets/input_file.h"

// Compressed files: skip a little, then read up to 16 MiB.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using parley::learning::InputFile;
  try {
    InputFile file(parley::learning::fuzzed_file({bytes, size}));
    std::array<std::byte, 4096> part;
    file.skip(3, "the start");
    for (int i = 0; i < 4096 && file.read(part) > 0; ++i) {
    }
    PARLEY_CHECK(file.offset() <= file.most_bytes(), file.offset(), file.most_bytes());
  } catch (const parley::base::OperatorError&) {
  }
  return 0;
}
