#include "fuzzed_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <numeric>

#include "base/error.h"
#include "learning/dataset.h"

namespace parley::learning {

std::filesystem::path fuzzed_file(std::span<const std::uint8_t> bytes) {
  static const int descriptor = ::memfd_create("fuzzed", 0);
  PARLEY_CHECK(descriptor >= 0 && ::ftruncate(descriptor, 0) == 0);
  const ::ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), 0);
  PARLEY_CHECK(written == static_cast<::ssize_t>(bytes.size()), written, bytes.size());
  return fmt::format("/proc/self/fd/{}", descriptor);
}

void load_everything(const char* spec, std::span<const std::uint8_t> bytes) {
  const std::string file = fuzzed_file(bytes).string();
  try {
    const auto source = open_dataset(fmt::format(fmt::runtime(spec), file), "", 1);
    Rows rows(source->train_size());
    std::iota(rows.begin(), rows.end(), std::uint32_t{0});
    const Dataset dataset = source->load_train(rows);
    PARLEY_CHECK(dataset.targets == source->train_targets() && dataset.size() == rows.size(), dataset.size(),
                 rows.size());
    // Samples of many features are made large by a few bytes of sparse text: they are read, but not all of them.
    std::vector<float> sample(dataset.feature_count);
    const std::size_t most = 1 + (std::size_t{1} << 22) / (dataset.feature_count + 1);
    for (std::size_t i = 0; i < std::min(most, dataset.size()); ++i) dataset.read(i, sample);
  } catch (const base::OperatorError&) {
  }
}

}  // namespace parley::learning
