#include "base/spec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace parley::base {
namespace {

std::string what_of(void (*action)(std::string_view), std::string_view text) {
  try {
    action(text);
  } catch (const OperatorError& error) {
    return error.what();
  }
  return "accepted";
}
void spec(std::string_view text) {
  static_cast<void>(parse_spec(text));
}
void pipeline(std::string_view text) {
  static_cast<void>(parse_pipeline(text));
}

TEST(Spec, IsANameWithArguments) {
  const Spec parsed = parse_spec("qsgd(bits=4, bucket=512, linf)");
  EXPECT_EQ(parsed.name, "qsgd");
  const std::vector<SpecArgument> expected{{"bits", "4", false}, {"bucket", "512", false}, {"", "linf", false}};
  EXPECT_EQ(parsed.arguments, expected);
}

TEST(Spec, WithoutArgumentsNeedsNoParentheses) {
  EXPECT_EQ(parse_spec("ring"), parse_spec("ring()"));
  EXPECT_EQ(parse_spec("ring()").text(), "ring");
}

TEST(Spec, DoesNotMindSpace) {
  EXPECT_EQ(parse_spec(" \tqsgd \n( bits = 4 ,bucket\r=512 ) ").text(), "qsgd(bits=4, bucket=512)");
}

TEST(Spec, QuotesWhatIsNotAWord) {
  const Spec parsed = parse_spec(R"(file(path="a b, (1).csv", separator="\"\\"))");
  ASSERT_EQ(parsed.arguments.size(), 2u);
  EXPECT_EQ(parsed.arguments[0].value, "a b, (1).csv");
  EXPECT_TRUE(parsed.arguments[0].quoted);
  EXPECT_EQ(parsed.arguments[1].value, "\"\\");
}

TEST(Spec, TakesNumbersAndPathsUnquoted) {
  for (const char* value : {"0.01", "-3", "+1e-7", "a9a", "data/mnist.csv", "127.0.0.1:7100", "A_b.C", "a-b"}) {
    const Spec parsed = parse_spec("f(" + std::string(value) + ")");
    ASSERT_EQ(parsed.arguments.size(), 1u) << value;
    EXPECT_EQ(parsed.arguments[0].value, value);
  }
}

TEST(Spec, ErrorsNameTheColumnAndWhatWasFound) {
  struct Case {
    std::string text;
    std::string rest;
  };
  const Case cases[] = {
      {"", "column 1: expected a name in lower case, found the end"},
      {"   ", "column 4: expected a name in lower case, found the end"},
      {"Ring", "column 1: expected a name in lower case, found \"R\""},
      {"4(x)", "column 1: expected a name in lower case, found \"4\""},
      {"ring ring", "column 6: expected the end, found \"r\""},
      {"ring)", "column 5: expected the end, found \")\""},
      {"topk(", "column 6: expected a value, found the end"},
      {"topk(k=", "column 8: expected a value, found the end"},
      {"topk(k=)", "column 8: expected a value, found \")\""},
      {"topk(k=3", "column 9: expected \",\" or \")\", found the end"},
      {"topk(k=3 4)", "column 10: expected \",\" or \")\", found \"4\""},
      {"topk(k=3,)", "column 10: expected a value, found \")\""},
      {"topk(,k=3)", "column 6: expected a value, found \",\""},
      {"topk(k=3=4)", "column 9: expected \",\" or \")\", found \"=\""},
      {"topk( K=3)", "column 7: expected a parameter's name in lower case before \"=\", found \"K\""},
      {"topk(3k=3)", "column 6: expected a parameter's name in lower case before \"=\", found \"3\""},
      {"topk(\"k\"=3)", "column 9: expected \",\" or \")\", found \"=\""},
      {"file(\"a", "column 8: expected a closing quote, found the end"},
      {"file(\"a\\\"", "column 10: expected a closing quote, found the end"},
      {"topk | qsgd", "column 6: expected the end, found \"|\""},
  };
  for (const Case& c : cases) EXPECT_EQ(what_of(spec, c.text), "in \"" + c.text + "\", " + c.rest);
}

TEST(Pipeline, IsSpecsJoinedByBars) {
  const std::vector<Spec> stages = parse_pipeline("topk(ratio=0.01) | qsgd(bits=4)|f16");
  ASSERT_EQ(stages.size(), 3u);
  EXPECT_EQ(stages[0].text(), "topk(ratio=0.01)");
  EXPECT_EQ(stages[1].text(), "qsgd(bits=4)");
  EXPECT_EQ(stages[2].text(), "f16");
}

TEST(Pipeline, OfOneStageIsThatSpec) {
  const std::vector<Spec> stages = parse_pipeline("sign");
  ASSERT_EQ(stages.size(), 1u);
  EXPECT_EQ(stages[0], parse_spec("sign"));
}

TEST(Pipeline, DoesNotSplitInsideQuotes) {
  EXPECT_EQ(parse_pipeline("file(\"a|b\")").size(), 1u);
}

TEST(Pipeline, ErrorsCountColumnsFromItsStart) {
  EXPECT_EQ(what_of(pipeline, "topk |"), "in \"topk |\", column 7: expected a name in lower case, found the end");
  EXPECT_EQ(what_of(pipeline, "| topk"), "in \"| topk\", column 1: expected a name in lower case, found \"|\"");
  EXPECT_EQ(what_of(pipeline, "a || b"), "in \"a || b\", column 4: expected a name in lower case, found \"|\"");
  EXPECT_EQ(what_of(pipeline, "a | b(x=)"), "in \"a | b(x=)\", column 9: expected a value, found \")\"");
}

char one_of(Random& random, std::string_view characters) {
  return characters[random.below(static_cast<std::uint32_t>(characters.size()))];
}

std::string random_name(Random& random) {
  std::string name(1, one_of(random, "abcxyz"));
  for (std::uint32_t i = random.below(6); i > 0; --i) name += one_of(random, "abcxyz019_-");
  return name;
}

/// Any spec at all: quoted values may hold every byte, also none.
Spec random_spec(Random& random) {
  Spec made{random_name(random), {}};
  for (std::uint32_t i = random.below(4); i > 0; --i) {
    SpecArgument argument;
    if (random.below(2) == 0) argument.name = random_name(random);
    argument.quoted = random.below(2) == 0;
    if (argument.quoted) {
      for (std::uint32_t n = random.below(8); n > 0; --n)
        argument.value += random.below(3) == 0 ? one_of(random, "\"\\(),=|") : static_cast<char>(random.below(256));
    } else {
      for (std::uint32_t n = 1 + random.below(8); n > 0; --n) argument.value += one_of(random, "aZ09_.+/:-");
    }
    made.arguments.push_back(argument);
  }
  return made;
}

TEST(Spec, EverySpecIsReadBackFromItsText) {
  Random random(RandomKey{.seed = 1});
  for (int i = 0; i < 5000; ++i) {
    const Spec made = random_spec(random);
    ASSERT_EQ(parse_spec(made.text()), made) << made.text();
    ASSERT_EQ(parse_spec(made.text()).text(), made.text());
  }
}

TEST(Pipeline, EveryPipelineIsReadBackFromItsText) {
  Random random(RandomKey{.seed = 2});
  for (int i = 0; i < 1000; ++i) {
    std::vector<Spec> made{random_spec(random)};
    std::string text = made[0].text();
    for (std::uint32_t n = random.below(3); n > 0; --n) {
      made.push_back(random_spec(random));
      text += " | " + made.back().text();
    }
    ASSERT_EQ(parse_pipeline(text), made) << text;
  }
}

TEST(Spec, AnyTextIsReadOrRefusedAndWhatIsReadHasOneText) {
  Random random(RandomKey{.seed = 3});
  int read = 0, refused = 0;
  for (int i = 0; i < 50000; ++i) {
    // A spec with a few characters overwritten, dropped or added: close enough to be read now and then.
    std::string text = random_spec(random).text();
    for (std::uint32_t n = random.below(3); n > 0; --n) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(text.size()));
      const char c = one_of(random, "a0(),=|\" \\\xff");
      if (random.below(2) == 0)
        text.insert(at, 1, c);
      else
        text[at] = c;
    }
    try {
      const Spec parsed = parse_spec(text);
      ++read;
      ASSERT_EQ(parse_spec(parsed.text()), parsed) << text;
    } catch (const OperatorError&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 1000);  // the test sees both kinds
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace parley::base
