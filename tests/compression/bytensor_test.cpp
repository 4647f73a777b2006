// A model of several tensors, each with its operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "compression/coding/tensor_rules.h"
#include "feedback_link.h"

namespace parley::compression::test {
namespace {

base::ParameterLayout layout() {
  base::ParameterLayout layout;
  layout.add("hidden.weight", {40, 30});
  layout.add("hidden.bias", {30});
  layout.add("out.weight", {30, 50});
  layout.add("out.bias", {50});
  layout.add("scale", {});
  return layout;
}

struct Model {
  explicit Model(const std::string& spec)
      : size(layout().size()), compressor(make_compressor(spec, layout())), state(compressor->make_state()) {}

  Bytes encode(const Floats& x, std::uint64_t seed = 1) {
    Bytes bytes(compressor->max_payload_size(size));
    const auto written = compressor->encode(x, key_of(seed), *state, std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(written.ok());
    bytes.resize(*written);
    return bytes;
  }
  base::Result<void> decode_add(const Bytes& bytes, Floats& y, std::uint64_t seed = 1) {
    return compressor->decode_add(std::as_bytes(std::span(bytes)), key_of(seed), 1.0f, *state, y);
  }

  std::size_t size;
  std::unique_ptr<Compressor> compressor;
  std::unique_ptr<State> state;
};

Bytes part(const Bytes& bytes, std::size_t index) {
  std::size_t at = 0;
  for (;; --index) {
    const std::size_t length = bytes[at] + 256u * bytes[at + 1] + 65536u * bytes[at + 2];
    if (index == 0)
      return {bytes.begin() + static_cast<std::ptrdiff_t>(at + 4),
              bytes.begin() + static_cast<std::ptrdiff_t>(at + 4 + length)};
    at += 4 + length;
  }
}

TEST(Bytensor, SendsEveryTensorByItsRuleOrSizeOrDefault) {
  Model model("bytensor(default=bf16, rules=\"*.bias=identity; out.*=sign(block=100)\", min_size=20)");
  const Floats x = gaussian(model.size, 1);
  const Bytes bytes = model.encode(x);
  const auto expected = [&](const char* spec, std::size_t tensor) {
    const base::ParameterLayout whole = layout();
    const base::Tensor& t = whole.tensors()[tensor];
    return Harness(spec).encode(std::span(x).subspan(t.offset, t.size()));
  };
  EXPECT_EQ(part(bytes, 0), expected("bf16", 0));
  EXPECT_EQ(part(bytes, 1), expected("identity", 1));
  EXPECT_EQ(part(bytes, 2), expected("sign(block=100)", 2));
  EXPECT_EQ(part(bytes, 3), expected("identity", 3));  // the first rule that matches
  EXPECT_EQ(part(bytes, 4), expected("identity", 4));  // too small
  Floats y(model.size);
  ASSERT_TRUE(model.decode_add(bytes, y).ok());
  EXPECT_EQ(Floats(y.begin() + 1200, y.begin() + 1230), Floats(x.begin() + 1200, x.begin() + 1230));
}

TEST(Bytensor, DrawsForEveryTensorAnew) {
  base::ParameterLayout two;
  two.add("a", {64});
  two.add("b", {64});
  const auto compressor = make_compressor("bytensor(default=\"qsgd(bits=2)\", min_size=0)", two);
  const auto state = compressor->make_state();
  Floats x(128, 0.3f);
  x[0] = x[64] = 1;
  Bytes bytes(compressor->max_payload_size(128));
  ASSERT_TRUE(compressor->encode(x, kKey, *state, std::as_writable_bytes(std::span(bytes))).ok());
  EXPECT_NE(part(bytes, 0), part(bytes, 1));
}

TEST(Bytensor, GuaranteesWhatItsWorstTensorDoes) {
  const Model mixed("bytensor(default=\"qsgd(scaling=unbiased)\", rules=\"out.*=topk(ratio=0.1)\", min_size=100)");
  const Properties properties = mixed.compressor->properties(mixed.size);
  EXPECT_FALSE(properties.unbiased);
  EXPECT_DOUBLE_EQ(properties.delta, make_compressor("qsgd(scaling=unbiased)", {})->properties(1200).delta);
  const Model unbiased("bytensor(default=\"qsgd(scaling=unbiased)\", min_size=100)");
  EXPECT_TRUE(unbiased.compressor->properties(unbiased.size).unbiased);
  EXPECT_DOUBLE_EQ(unbiased.compressor->properties(unbiased.size).omega,
                   make_compressor("qsgd(scaling=unbiased)", {})->properties(1200).omega);
}

TEST(Bytensor, ChecksAllTensorsBeforeItAddsAny) {
  for (const char* spec : {"bytensor(default=bf16)", "bytensor(default=\"topk(ratio=0.1)\")",
                           "bytensor(default=qsgd, rules=\"out.weight=identity; *.bias=sign\", min_size=0)"}) {
    Model model(spec);
    const Bytes good = model.encode(gaussian(model.size, 2));
    for (std::size_t at = 0; at < good.size(); at += 5) {
      Bytes bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ 0xFF);
      Floats y(model.size, 0.5f);
      if (model.decode_add(bad, y).ok()) continue;
      EXPECT_EQ(y, Floats(model.size, 0.5f)) << spec << ' ' << at;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{3}, good.size() / 2, good.size() - 1, good.size() + 1}) {
      Bytes bad = good;
      bad.resize(size);
      Floats y(model.size, 0.5f);
      EXPECT_FALSE(model.decode_add(bad, y).ok()) << spec << ' ' << size;
      EXPECT_EQ(y, Floats(model.size, 0.5f));
    }
  }
}

TEST(Bytensor, NamesTheCoordinateThatIsNotFiniteInTheWholeVector) {
  Model model("bytensor");
  Floats x = gaussian(model.size, 3);
  x[2000] = INFINITY;
  Bytes out(model.compressor->max_payload_size(model.size));
  const auto size = model.compressor->encode(x, kKey, *model.state, std::as_writable_bytes(std::span(out)));
  ASSERT_FALSE(size.ok());
  EXPECT_THAT(size.refusal().detail, testing::HasSubstr("x[2000]"));
}

TEST(Bytensor, ContinuesFromACheckpointOfAllTensors) {
  const char* spec = "bytensor(default=\"kmeans(k=8, iterations=1)\", rules=\"out.weight=kmeans(k=3, iterations=1)\")";
  Model one(spec), two(spec);
  one.encode(gaussian(one.size, 1));
  const Floats memory(one.state->memory().begin(), one.state->memory().end());
  ASSERT_FALSE(memory.empty());
  ASSERT_TRUE(two.state->restore(memory).ok());
  EXPECT_EQ(one.encode(gaussian(one.size, 2)), two.encode(gaussian(one.size, 2)));

  const Floats before(two.state->memory().begin(), two.state->memory().end());
  Floats longer = memory, shorter = memory, wrong = memory;
  longer.push_back(0);
  shorter.pop_back();
  wrong[1] = 1e9f;
  for (const Floats& bad : {longer, shorter, wrong}) EXPECT_FALSE(two.state->restore(bad).ok());
  EXPECT_EQ(Floats(two.state->memory().begin(), two.state->memory().end()), before);
}

TEST(Bytensor, HasACanonicalSpec) {
  const auto spec = [](const char* text) { return make_compressor(text, layout())->spec(); };
  EXPECT_EQ(spec("bytensor(default=\"qsgd(8)\", rules=\" *.bias = identity ;scale=topk|sign; \", min_size=5)"),
            "bytensor(default=\"qsgd(bits=8, bucket=512, norm=linf, scaling=contractive)\", "
            "rules=\"*.bias=identity; scale=topk(ratio=0.01) | sign(block=64)\", min_size=5)");
  EXPECT_EQ(spec(spec("bytensor(rules=\"*=sign\")").c_str()), spec("bytensor(rules=\"*=sign\")"));
}

TEST(Bytensor, RefusesRulesThatAreNone) {
  EXPECT_THROW(make_compressor("bytensor(rules=\"sign\")", {}), base::OperatorError);
  EXPECT_THROW(make_compressor("bytensor(rules=\"=sign\")", {}), base::OperatorError);
  EXPECT_THROW(make_compressor("bytensor(rules=\"a=\")", {}), base::OperatorError);
  EXPECT_THROW(make_compressor("bytensor(rules=\"a=sing\")", {}), base::OperatorError);
  EXPECT_THROW(make_compressor("bytensor(default=\"qsgd | topk\")", {}), base::OperatorError);
}

TEST(TensorPattern, MatchesWithStarsForAnything) {
  EXPECT_TRUE(matches("*.bias", "hidden.bias"));
  EXPECT_TRUE(matches("*.bias", ".bias"));
  EXPECT_TRUE(matches("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(matches("**", ""));
  EXPECT_TRUE(matches("abc", "abc"));
  EXPECT_FALSE(matches("*.bias", "hidden.bias2"));
  EXPECT_FALSE(matches("a*b*c", "aXbY"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("abc", "ab"));
}

TEST(Bytensor, RefusesARuleForNoTensor) {
  const auto refusal = [](const char* spec, const base::ParameterLayout& of) -> std::string {
    try {
      make_compressor(spec, of);
    } catch (const base::OperatorError& error) {
      return error.what();
    }
    return "accepted";
  };
  const char* misspelt = "bytensor(rules=\"out.*=sign; hiden.*=bf16\")";
  EXPECT_THAT(refusal(misspelt, layout()),
              testing::HasSubstr("the rule \"hiden.*=bf16\" names no tensor; the model has hidden.weight, hidden.bias, "
                                 "out.weight, out.bias, scale"));
  EXPECT_EQ(refusal(misspelt, {}), "accepted");  // no names to compare with
  // A rule behind one that takes all its tensors names them nevertheless.
  EXPECT_EQ(refusal("bytensor(rules=\"*=sign; out.bias=bf16\")", layout()), "accepted");
}

}  // namespace
}  // namespace parley::compression::test
