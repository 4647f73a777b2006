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
                                                                                       {"topk", 48},
                                                                                       {"randk", 5},
                                                                                       {"qsgd", 6},
                                                                                       {"sign", 7},
                                                                                       {"blocktopk", 49},
                                                                                       {"threshold", 50},
                                                                                       {"sampledtopk", 51},
                                                                                       {"lowrank", 52},
                                                                                       {"eden", 53},
                                                                                       {"natural", 32},
                                                                                       {"natural-dithering", 33},
                                                                                       {"uniform", 34},
                                                                                       {"dorefa", 35},
                                                                                       {"nuqsgd", 36},
                                                                                       {"clip", 38},
                                                                                       {"zipml", 39},
                                                                                       {"ecq", 40},
                                                                                       {"lab", 41},
                                                                                       {"sketch", 54},
                                                                                       {"atomo", 55},
                                                                                       {"entropy", 71},
                                                                                       {"kmeans", 65},
                                                                                       {"hessian-kmeans", 66},
                                                                                       {"product", 67},
                                                                                       {"residual", 68},
                                                                                       {"weighted-entropy", 69},
                                                                                       {"huffman", 70},
                                                                                       {"bytensor", 72}})
    EXPECT_TRUE(ids.contains(published)) << published.first;
  int id = 16;
  for (const char* name : {"terngrad", "signsgd", "onebit", "fixed", "twn", "ttq", "wage", "mx"})
    EXPECT_TRUE(ids.contains({name, id++})) << name;
}

TEST(CompressorSpec, IsCompletedWithTheDefaults) {
  EXPECT_EQ(canonical("qsgd"), "qsgd(bits=4, bucket=512, norm=linf, scaling=contractive)");
  EXPECT_EQ(canonical("qsgd(bits=04,norm=linf)"), canonical("qsgd"));
  EXPECT_EQ(canonical("qsgd(levels=7, code=fixed)"), canonical("qsgd"));
  EXPECT_EQ(canonical("qsgd(levels=5)"), "qsgd(bits=4, bucket=512, norm=linf, scaling=contractive, levels=5)");
  EXPECT_EQ(canonical("qsgd(bits=2, norm=l2, code=elias)"),
            "qsgd(bits=2, bucket=512, norm=l2, scaling=contractive, code=elias)");
  EXPECT_EQ(canonical("topk"), "topk(ratio=0.01)");
  EXPECT_EQ(canonical("topk(0.010)"), "topk(ratio=0.01)");
  EXPECT_EQ(canonical("topk(k=020)"), "topk(k=20)");
  EXPECT_EQ(canonical("randk(k=5)"), "randk(k=5, scaling=biased)");
  EXPECT_EQ(canonical("topk(ratio=0.01)|sign(block=8)"), "topk(ratio=0.01) | sign(block=8)");
}

TEST(CompressorSpec, OfAPipelineHasTheWireIdOfItsFirstStage) {
  EXPECT_EQ(make_compressor("topk | qsgd", base::ParameterLayout())->wire_id(), 48);
}

TEST(CompressorSpec, OfQsgdHasAnotherWireIdWithAnotherCode) {
  // No row has it; WireIdsAndNamesAreUniqueAndNotZero sees rows alone.
  const auto elias = make_compressor("qsgd(code=elias)", base::ParameterLayout());
  EXPECT_EQ(elias->wire_id(), 37);
  for (const Row& row : registry()) EXPECT_NE(row.wire_id, 37) << row.name;
  EXPECT_EQ(make_compressor("qsgd(levels=5)", base::ParameterLayout())->wire_id(), 6);
}

TEST(CompressorSpec, ErrorsNameTheCauseAndTheRemedy) {
  EXPECT_THAT(refusal_of("topq"), testing::HasSubstr("did you mean \"topk\"?"));
  EXPECT_THAT(refusal_of("topk(ratio=0.1, k=3)"), testing::HasSubstr("ratio or k, not both"));
  EXPECT_THAT(refusal_of("topk(ratio=0)"), testing::HasSubstr("allowed: a number from 1e-09 to 1"));
  EXPECT_THAT(refusal_of("qsgd(bits=1)"), testing::HasSubstr("allowed: a whole number from 2 to 16"));
  EXPECT_THAT(refusal_of("qsgd(levels=8)"), testing::HasSubstr("8 levels of either sign need 5 bits; say bits=5"));
  EXPECT_THAT(refusal_of("qsgd | topk"), testing::HasSubstr("qsgd keeps every coordinate"));
  EXPECT_THAT(refusal_of("identity(bits=3)"), testing::HasSubstr("bits"));
}

}  // namespace
}  // namespace parley::compression
