// MNIST and whatever is distributed under the same four names (Fashion-MNIST, KMNIST, ...).
#include "learning/datasets/idx.h"
#include "learning/datasets/input_file.h"
#include "learning/datasets/rows.h"

namespace parley::learning {
namespace {

std::unique_ptr<DataSource> open(const base::Arguments& arguments, const std::string& directory,
                                 std::uint64_t /*seed*/) {
  const auto file = [&](const char* name) { return find_file(directory, name); };
  return open_idx(arguments.canonical(), {file("train-images-idx3-ubyte"), file("train-labels-idx1-ubyte")},
                  IdxPair{file("t10k-images-idx3-ubyte"), file("t10k-labels-idx1-ubyte")});
}

}  // namespace

constinit const DatasetRow kMnistRow = {
    .name = "mnist",
    .summary = "28x28 images in the four IDX files of the MNIST family, by their well-known names",
    .parameters = {},
    .open = open,
};

}  // namespace parley::learning
