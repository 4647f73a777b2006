#include "learning/dataset.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace parley::learning {
namespace {

TEST(Mnist, HasSixtyThousandTrainingAndTenThousandTestImages) {
  const char* directory = std::getenv("PARLEY_DATA");
  if (directory == nullptr) GTEST_SKIP() << "PARLEY_DATA is not set";
  const auto source = open_dataset("mnist", directory, 1);
  EXPECT_EQ(source->train_size(), 60000u);
  EXPECT_EQ(source->test_size(), 10000u);
  EXPECT_EQ(source->classes(), 10u);
}

}  // namespace
}  // namespace parley::learning
