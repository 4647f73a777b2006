#include "wire/text.h"

#include <gtest/gtest.h>

namespace parley::wire {
namespace {

TEST(Text, PrintableUtf8IsClean) {
  for (const char* text : {"", "topk(ratio=0.01)", "h\xC3\xB4pital", "\xC2\xA0", "\xE2\x82\xAC", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_clean(text)) << text;
}

TEST(Text, ControlCharactersAndMalformedUtf8AreNot) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"\0"sv, "a\nb"sv, "\x1B[2J"sv, "\x7F"sv, "\xC2\x9B"sv, "\x80"sv, "\xC3"sv,
                                      "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv, "\xE2\x82"sv,
                                      "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv})
    EXPECT_FALSE(is_clean(text)) << text.size();
}

TEST(Text, CleaningKeepsWhatIsCleanAndNeverSplitsACharacter) {
  EXPECT_EQ(cleaned("loss is NaN\nin round 3", 100), "loss is NaN?in round 3");
  EXPECT_EQ(cleaned("\xC3\xA9\xC3\xA9", 3), "\xC3\xA9");
  EXPECT_EQ(cleaned("abcdef", 3), "abc");
}

TEST(Text, AnExcerptIsShortAndCleanAndHoldsThePlace) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "\xE2\x82\xAC";
  for (std::size_t at = 0; at < text.size(); at += 7) {
    const std::string part = excerpt(text, at);
    EXPECT_LE(part.size(), 130U);
    EXPECT_TRUE(is_clean(part));
  }
  EXPECT_EQ(excerpt("short", 3), "short");
}

}  // namespace
}  // namespace parley::wire
