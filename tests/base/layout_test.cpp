#include "base/layout.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace parley::base {
namespace {

using Shape = std::vector<std::size_t>;
using Tensors = std::vector<std::pair<std::string, Shape>>;

ParameterLayout layout_of(const Tensors& tensors) {
  ParameterLayout layout;
  for (const auto& [name, shape] : tensors) layout.add(name, shape);
  return layout;
}

TEST(Layout, OfNothingIsEmpty) {
  const ParameterLayout layout;
  EXPECT_EQ(layout.size(), 0u);
  EXPECT_TRUE(layout.tensors().empty());
  EXPECT_EQ(ParameterLayout::flat(0).size(), 0u);
}

TEST(Layout, OfAnMlpLiesWithoutGaps) {
  const ParameterLayout layout = layout_of({{"hidden.weight", {128, 784}},
                                            {"hidden.bias", {128}},
                                            {"output.weight", {10, 128}},
                                            {"output.bias", {10}},
                                            {"temperature", {}}});
  EXPECT_EQ(layout.size(), 128u * 784 + 128 + 10 * 128 + 10 + 1);
  ASSERT_EQ(layout.tensors().size(), 5u);
  std::size_t end = 0;
  for (const Tensor& tensor : layout.tensors()) {
    EXPECT_EQ(tensor.offset, end) << tensor.name;
    end += tensor.size();
  }
  EXPECT_EQ(end, layout.size());
  EXPECT_EQ(layout.tensors()[4].size(), 1u);  // a scalar has no axes and one float
}

TEST(Layout, FindsTheTensorOfEveryCoordinate) {
  Random random({.seed = 7});
  for (int trial = 0; trial < 50; ++trial) {
    ParameterLayout layout;
    std::vector<std::string> owner;  // the name that holds each coordinate, by counting
    for (std::uint32_t i = 0, n = 1 + random.below(6); i < n; ++i) {
      Shape shape(random.below(4));
      for (std::size_t& extent : shape) extent = 1 + random.below(5);
      const std::string name = "t" + std::to_string(i);
      layout.add(name, shape);
      owner.resize(layout.size(), name);
    }
    for (std::size_t i = 0; i < owner.size(); ++i) EXPECT_EQ(layout.tensor_of(i).name, owner[i]) << i;
  }
}

TEST(Layout, FlatIsOneTensorOfOneAxis) {
  const ParameterLayout layout = ParameterLayout::flat(42, "w");
  ASSERT_EQ(layout.tensors().size(), 1u);
  EXPECT_EQ(layout.tensors()[0].name, "w");
  EXPECT_EQ(layout.tensors()[0].shape, (Shape{42}));
  EXPECT_EQ(layout.size(), 42u);
}

TEST(Layout, FingerprintTellsModelsApart) {
  // Each differs from the first in one respect: a name, a shape, the same size in another shape, the order, one tensor
  // more or fewer, and names made to look like a neighbour's shape.
  const std::vector<Tensors> models = {
      {{"a", {2, 3}}, {"b", {6}}},
      {{"a", {2, 3}}, {"c", {6}}},
      {{"a", {2, 4}}, {"b", {6}}},
      {{"a", {3, 2}}, {"b", {6}}},
      {{"a", {6}}, {"b", {6}}},
      {{"a", {2, 3, 1}}, {"b", {6}}},
      {{"b", {6}}, {"a", {2, 3}}},
      {{"a", {6}}, {"b", {2, 3}}},
      {{"a", {2, 3}}},
      {{"a", {2, 3}}, {"b", {6}}, {"c", {}}},
      {{"a", {2, 3}}, {"b", {6}}, {"c", {1}}},
      {{"a,2,3;b", {6}}},
      {{"a,2", {3}}, {"b", {6}}},
      {{"a,2,3;1:b", {6}}},
      {},
  };
  std::set<std::uint64_t> fingerprints;
  for (const Tensors& model : models) fingerprints.insert(layout_of(model).fingerprint());
  EXPECT_EQ(fingerprints.size(), models.size());
}

TEST(Layout, FingerprintIsAFunctionOfNamesAndShapes) {
  const Tensors model = {{"hidden.weight", {128, 784}}, {"hidden.bias", {128}}};
  EXPECT_EQ(layout_of(model).fingerprint(), layout_of(model).fingerprint());
}

TEST(LayoutDeathTest, RefusesATensorTwiceAnEmptyAxisAndACoordinateBeyondTheEnd) {
  ParameterLayout layout = ParameterLayout::flat(3);
  EXPECT_DEATH(layout.add("x", {2}), "does not hold \\(name\\) = \\(x\\)");
  EXPECT_DEATH(layout.add("y", {2, 0}), "does not hold \\(name\\) = \\(y\\)");
  EXPECT_DEATH(static_cast<void>(layout.tensor_of(3)), "\\(i, size_\\) = \\(3, 3\\)");
}

}  // namespace
}  // namespace parley::base
