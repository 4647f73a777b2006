#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"

namespace parley::base {
namespace {

constexpr std::array<Parameter, 5> kParameters{{
    {.name = "bits", .kind = ParameterKind::integer, .fallback = "4", .low = 1, .high = 16},
    {.name = "ratio", .kind = ParameterKind::real, .low = 0, .high = 0.5},
    {.name = "bucket", .kind = ParameterKind::integer, .fallback = "512", .low = 1, .high = 1048576, .choices = "all"},
    {.name = "norm", .kind = ParameterKind::word, .fallback = "l2", .choices = "l2|linf"},
    {.name = "file", .kind = ParameterKind::word},
}};

Arguments read(std::string_view spec) {
  return Arguments(parse_spec(spec), kParameters);
}

std::string refusal(std::string_view spec) {
  try {
    read(spec);
  } catch (const OperatorError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Arguments, NotGivenHaveTheirFallbackOrNoValue) {
  const Arguments arguments = read("q");
  EXPECT_EQ(arguments.integer("bits"), 4);
  EXPECT_EQ(arguments.integer("bucket"), 512);
  EXPECT_EQ(arguments.word("norm"), "l2");
  EXPECT_TRUE(arguments.given("bits"));
  EXPECT_FALSE(arguments.given("ratio"));
  EXPECT_FALSE(arguments.given("file"));
  EXPECT_FALSE(arguments.is("file", ""));
}

TEST(Arguments, AreTakenByNameInAnyOrder) {
  const Arguments arguments = read("q(norm=linf, ratio=0.25, bits=7)");
  EXPECT_EQ(arguments.integer("bits"), 7);
  EXPECT_EQ(arguments.real("ratio"), 0.25);
  EXPECT_TRUE(arguments.is("norm", "linf"));
}

TEST(Arguments, WithoutANameAreTakenByPosition) {
  const Arguments arguments = read("q(7, 0.25, norm=linf)");
  EXPECT_EQ(arguments.integer("bits"), 7);
  EXPECT_EQ(arguments.real("ratio"), 0.25);
  // The position counts all arguments before it, named ones too.
  EXPECT_EQ(read("q(norm=l2, 0.125)").real("ratio"), 0.125);
}

TEST(Arguments, MayBeAWordInPlaceOfANumber) {
  EXPECT_TRUE(read("q(bucket=all)").is("bucket", "all"));
  EXPECT_FALSE(read("q(bucket=7)").is("bucket", "all"));
}

TEST(Arguments, MayLieOnTheirBounds) {
  EXPECT_EQ(read("q(bits=1)").integer("bits"), 1);
  EXPECT_EQ(read("q(bits=16)").integer("bits"), 16);
  EXPECT_EQ(read("q(ratio=0)").real("ratio"), 0);
  EXPECT_EQ(read("q(ratio=5e-1)").real("ratio"), 0.5);
}

TEST(Arguments, RefusedSayWhatWasFoundAndWhatIsAllowed) {
  struct Case {
    std::string spec;
    std::string rest;
  };
  const Case cases[] = {
      {"q(bits=0)", "bits = 0; allowed: a whole number from 1 to 16"},
      {"q(bits=17)", "bits = 17; allowed: a whole number from 1 to 16"},
      {"q(bits=4.5)", "bits = 4.5; allowed: a whole number from 1 to 16"},
      {"q(bits=4x)", "bits = 4x; allowed: a whole number from 1 to 16"},
      {"q(bits=99999999999999999999)", "bits = 99999999999999999999; allowed: a whole number from 1 to 16"},
      {"q(ratio=0.51)", "ratio = 0.51; allowed: a number from 0 to 0.5"},
      {"q(ratio=-1e-9)", "ratio = -1e-9; allowed: a number from 0 to 0.5"},
      {"q(ratio=nan)", "ratio = nan; allowed: a number from 0 to 0.5"},
      {"q(ratio=inf)", "ratio = inf; allowed: a number from 0 to 0.5"},
      {"q(ratio=\"\")", "ratio = ; allowed: a number from 0 to 0.5"},
      {"q(bucket=0)", "bucket = 0; allowed: a whole number from 1 to 1048576, or all"},
      {"q(bucket=al)", "bucket = al; allowed: a whole number from 1 to 1048576, or all"},
      {"q(norm=l1)", "norm = l1; allowed: one of l2|linf"},
      {"q(norm=\"l2|linf\")", "norm = l2|linf; allowed: one of l2|linf"},
      {"q(bit=4)", "unknown parameter \"bit\"; did you mean \"bits\"? known: bits, ratio, bucket, norm, file"},
      {"q(temperature=4)", "unknown parameter \"temperature\"; known: bits, ratio, bucket, norm, file"},
      {"q(bits=4, bits=4)", "bits is given twice"},
      {"q(4, bits=4)", "bits is given twice"},
      {"q(1, 0, 1, l2, f, g)", "q takes at most 5 arguments, found 6"},
  };
  for (const Case& c : cases) EXPECT_EQ(refusal(c.spec), "in \"" + c.spec + "\": " + c.rest);
}

TEST(Arguments, RequiredAreAskedForWithTheirHelp) {
  constexpr std::array<Parameter, 1> parameters{
      {{.name = "file", .kind = ParameterKind::word, .help = "what to read", .required = true}}};
  try {
    const Arguments arguments(parse_spec("csv"), parameters);
    FAIL() << "accepted";
  } catch (const OperatorError& error) {
    EXPECT_STREQ(error.what(), "in \"csv\": csv needs file (what to read)");
  }
  EXPECT_EQ(Arguments(parse_spec("csv(\"a b\")"), parameters).word("file"), "a b");
}

TEST(Arguments, WithoutParametersTakeNone) {
  EXPECT_EQ(Arguments(parse_spec("ring"), {}).canonical(), "ring");
  try {
    const Arguments arguments(parse_spec("ring(n=3)"), {});
    FAIL() << "accepted";
  } catch (const OperatorError& error) {
    EXPECT_STREQ(error.what(), "in \"ring(n=3)\": unknown parameter \"n\"; known: none");
  }
}

TEST(Arguments, ThatMeanTheSameHaveOneCanonicalText) {
  const std::vector<std::vector<std::string_view>> meanings = {
      {"q", "q()", "q(bits=4)", "q(4)", "q(norm=l2)", "q(bucket=512, bits=04)", "q(norm=\"l2\", bits=\"4\")"},
      {"q(ratio=0.01)", "q(4, 0.01)", "q(ratio=1e-2)", "q(ratio=0.010)", "q( ratio = 1.0e-02 )"},
      {"q(ratio=0)", "q(ratio=0.0)", "q(ratio=-0)", "q(ratio=0e9)"},
      {"q(file=a)", "q(file=\"a\")"},
      {"q(file=\"a b\")"},
      {"q(file=\"\")"},
      {"q(bucket=all)", "q(bucket=\"all\")"},
  };
  for (const auto& specs : meanings) {
    const std::string canonical = read(specs[0]).canonical();
    for (std::string_view spec : specs) EXPECT_EQ(read(spec).canonical(), canonical) << spec;
    for (const auto& others : meanings) {
      if (&others == &specs) continue;
      EXPECT_NE(read(others[0]).canonical(), canonical) << others[0];
    }
  }
}

TEST(Arguments, CanonicalTextIsItsOwnCanonicalText) {
  for (std::string_view spec :
       {"q", "q(ratio=1e-7)", "q(ratio=0.1, file=\"a \\\"b\\\"\")", "q(bucket=all, norm=linf)"}) {
    const std::string canonical = read(spec).canonical();
    EXPECT_EQ(read(canonical).canonical(), canonical);
    EXPECT_EQ(parse_spec(canonical).text(), canonical);
  }
}

TEST(Arguments, CanonicalTextKeepsEveryBitOfANumber) {
  for (double value : {0.1, 1.0 / 3, 1e-300, 0.49999999999999994}) {
    const Arguments arguments = read(fmt::format("q(ratio={:.17g})", value));
    EXPECT_EQ(read(arguments.canonical()).real("ratio"), value);
  }
}

TEST(ArgumentsDeathTest, AskedForWhatIsNotThereAreABug) {
  const Arguments arguments = read("q(bucket=all)");
  EXPECT_DEATH(static_cast<void>(arguments.integer("bit")), "\\(q, bit\\)");
  EXPECT_DEATH(static_cast<void>(arguments.real("ratio")), "\\(q, ratio\\)");
  EXPECT_DEATH(static_cast<void>(arguments.word("bits")), "\\(q, bits\\)");
  EXPECT_DEATH(static_cast<void>(arguments.integer("bucket")), "\\(q, bucket\\)");
}

TEST(Nearest, IsTheNameWithinAFewSlips) {
  const std::vector<std::string_view> known{"ring", "torus", "hypercube", "complete"};
  EXPECT_EQ(nearest("ring", known), "ring");
  EXPECT_EQ(nearest("rign", known), "ring");  // two neighbours swapped
  EXPECT_EQ(nearest("tours", known), "torus");
  EXPECT_EQ(nearest("hypecrubes", known), "hypercube");
  EXPECT_EQ(nearest("Ring", known), "ring");
  EXPECT_EQ(nearest("star", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(1000, 'r'), known), std::nullopt);
  EXPECT_EQ(nearest("ring", {}), std::nullopt);
}

TEST(FindRow, FindsTheRowOrListsWhatThereIs) {
  struct Row {
    std::string_view name;
    int value;
  };
  constexpr std::array<Row, 2> rows{{{"ring", 1}, {"torus", 2}}};
  const std::span<const Row> table(rows);
  EXPECT_EQ(find_row(table, "graph", "torus").value, 2);
  try {
    find_row(table, "graph", "rong");
    FAIL() << "accepted";
  } catch (const OperatorError& error) {
    EXPECT_STREQ(error.what(), "unknown graph \"rong\"; did you mean \"ring\"? known: ring, torus");
  }
}

}  // namespace
}  // namespace parley::base
