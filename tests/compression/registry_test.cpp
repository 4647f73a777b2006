// Specs and the table of operators.
#include "compression/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace parley::compression {
namespace {

std::string refusal_of(const char* spec) {
  try {
    make_compressor(spec, base::ParameterLayout());
  } catch (const base::OperatorError& error) {
    return error.what();
  }
  return "accepted";
}

std::string canonical(const char* spec) {
  return make_compressor(spec, base::ParameterLayout())->spec();
}

TEST(CompressorRegistry, WireIdsAndNamesAreUniqueAndNotZero) {
  std::set<int> ids;
  std::set<std::string_view> names;
  for (const Row& row : registry()) {
    EXPECT_GT(row.wire_id, 0);
    EXPECT_TRUE(ids.insert(row.wire_id).second) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.summary.empty() || row.source.empty()) << row.name;
  }
}

TEST(CompressorRegistry, WireIdsNeverChange) {
  std::set<std::pair<std::string_view, int>> ids;
  for (const Row& row : registry()) ids.emplace(row.name, row.wire_id);
  for (const auto& published : std::initializer_list<std::pair<std::string_view, int>>{{"identity", 1},
                                                                                       {"f16", 2},
                                                                                       {"bf16", 3},
                                                                                       {"topk", 4},
                                                                                       {"randk", 5},
                                                                                       {"qsgd", 6},
                                                                                       {"sign", 7},
                                                                                       {"entropy", 64},
                                                                                       {"kmeans", 65},
                                                                                       {"bytensor", 72}})
    EXPECT_TRUE(ids.contains(published)) << published.first;
}

TEST(CompressorSpec, IsCompletedWithTheDefaults) {
  EXPECT_EQ(canonical("qsgd"), "qsgd(bits=4, bucket=512, norm=linf, scaling=contractive)");
  EXPECT_EQ(canonical("qsgd(bits=04,norm=linf)"), canonical("qsgd"));
  EXPECT_EQ(canonical("topk"), "topk(ratio=0.01)");
  EXPECT_EQ(canonical("topk(0.010)"), "topk(ratio=0.01)");
  EXPECT_EQ(canonical("topk(k=020)"), "topk(k=20)");
  EXPECT_EQ(canonical("randk(k=5)"), "randk(k=5, scaling=biased)");
  EXPECT_EQ(canonical("topk(ratio=0.01)|sign(block=8)"), "topk(ratio=0.01) | sign(block=8)");
}

TEST(CompressorSpec, OfAPipelineHasTheWireIdOfItsFirstStage) {
  EXPECT_EQ(make_compressor("topk | qsgd", base::ParameterLayout())->wire_id(), 4);
}

TEST(CompressorSpec, ErrorsNameTheCauseAndTheRemedy) {
  EXPECT_THAT(refusal_of("topq"), testing::HasSubstr("did you mean \"topk\"?"));
  EXPECT_THAT(refusal_of("topk(ratio=0.1, k=3)"), testing::HasSubstr("ratio or k, not both"));
  EXPECT_THAT(refusal_of("topk(ratio=0)"), testing::HasSubstr("allowed: a number from 1e-09 to 1"));
  EXPECT_THAT(refusal_of("qsgd(bits=1)"), testing::HasSubstr("allowed: a whole number from 2 to 16"));
  EXPECT_THAT(refusal_of("qsgd | topk"), testing::HasSubstr("qsgd keeps every coordinate"));
  EXPECT_THAT(refusal_of("identity(bits=3)"), testing::HasSubstr("bits"));
}

}  // namespace
}  // namespace parley::compression
