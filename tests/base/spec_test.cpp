#include "base/spec.h"

#include <gtest/gtest.h>

namespace parley::base {
namespace {

TEST(Spec, TextIsReadBackAsTheSameSpec) {
  for (const char* text :
       {"ring", "topk(ratio=0.01)", "qsgd(bits=4, bucket=512)", "libsvm(a9a)", "file(\"a b.csv\")"}) {
    EXPECT_EQ(parse_spec(text).text(), text);
    EXPECT_EQ(parse_spec(parse_spec(text).text()), parse_spec(text));
  }
}

}  // namespace
}  // namespace parley::base
