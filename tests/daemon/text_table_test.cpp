#include "daemon/text_table.h"

#include <gtest/gtest.h>

namespace parley::daemon {
namespace {

TEST(TextTable, ColumnsAreAlignedAndTheLastIsWrapped) {
  TextTable table({"name", "what it is"});
  table.add({"a", "one two three four five six"});
  table.add({"longer", ""});
  EXPECT_EQ(table.text(34),
            "name    what it is\n"
            "a       one two three four five\n"
            "        six\n"
            "longer  \n");
}

TEST(TextTable, AWordThatIsTooLongHasALineOfItsOwn) {
  EXPECT_EQ(wrap("a bbbbbb c", 3), (std::vector<std::string>{"a", "bbbbbb", "c"}));
  EXPECT_EQ(wrap("", 3), std::vector<std::string>{""});
}

}  // namespace
}  // namespace parley::daemon
