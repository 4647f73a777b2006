#include <algorithm>
#include <array>
#include <cstdio>

#include "fuzzed_file.h"

// The first byte says whether the rest is a file of labels, or one of images beside a file of three labels.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::string good = [] {
    constexpr std::array<std::uint8_t, 11> kLabels = {0, 0, 8, 1, 0, 0, 0, 3, 0, 2, 1};
    std::string name = (std::filesystem::temp_directory_path() / "parley_fuzz_labels").string();
    std::FILE* file = std::fopen(name.c_str(), "wb");
    std::fwrite(kLabels.data(), 1, kLabels.size(), file);
    std::fclose(file);
    return name;
  }();
  if (size == 0) return 0;
  const std::string labels_first = "idx(train_images=\"" + good + "\", train_labels=\"{}\")";
  const std::string images_first = "idx(train_images=\"{}\", train_labels=\"" + good + "\")";
  parley::learning::load_everything((bytes[0] % 2 == 0 ? labels_first : images_first).c_str(), {bytes + 1, size - 1});
  return 0;
}
