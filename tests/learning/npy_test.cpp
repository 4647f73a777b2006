#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "learning/dataset.h"
#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

constexpr const char* kSpec = "npy(features=x.npy, targets=y.npy)";

class Npy : public ::testing::Test {
 protected:
  Npy() { scratch_.write("y.npy", npy<std::int64_t>("<i8", "(3,)", {7, 5, 7})); }

  std::unique_ptr<DataSource> open(const std::string& features, const std::string& spec = kSpec) {
    scratch_.write("x.npy", features);
    return open_dataset(spec, scratch_.path(), 1);
  }
  std::string refusal(const std::string& features, const std::string& spec = kSpec) {
    return error_of([&] { open(features, spec)->load_train({0, 1, 2}); });
  }
  template <class T>
  std::vector<float> values_of(const std::string& descr) {
    const auto source = open(npy<T>(descr, "(3, 2)", {1, 2, 3, 4, 5, 6}));
    return std::get<DenseFloats>(source->load_train({0, 2}).features).values;
  }
  const ScratchDirectory scratch_;
};

TEST_F(Npy, ReadsEveryElementTypeAndVersion) {
  EXPECT_THAT(values_of<float>("<f4"), ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(values_of<double>("<f8"), ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(values_of<std::int32_t>("<i4"), ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(values_of<std::int64_t>("<i8"), ElementsAre(1, 2, 5, 6));
  for (int version : {1, 2, 3}) {
    const auto source = open(npy<float>("<f4", "(3, 1)", {1, 2, 3}, version));
    EXPECT_EQ(source->train_size(), 3u);
    EXPECT_THAT(source->schema().class_names, ElementsAre("5", "7"));
    EXPECT_THAT(source->train_targets(), ElementsAre(1, 0, 1));
  }
}

TEST_F(Npy, BytesStayBytesAndAreScaledOnReading) {
  const Dataset dataset = open(npy<std::uint8_t>("|u1", "(3, 2)", {0, 255, 51, 4, 5, 6}))->load_train({0, 1});
  EXPECT_THAT(std::get<DenseBytes>(dataset.features).values, ElementsAre(0, 255, 51, 4));
  std::vector<float> sample(2);
  dataset.read(1, sample);
  EXPECT_THAT(sample, ElementsAre(FloatEq(0.2f), FloatEq(4.0f / 255)));
  const Dataset whole =
      open(npy<std::uint8_t>("|u1", "(3, 1)", {1, 2, 3}), "npy(x.npy, y.npy, scale=2)")->load_train({2});
  sample.resize(1);
  whole.read(0, sample);
  EXPECT_THAT(sample, ElementsAre(6));
}

TEST_F(Npy, TheShapeOfASampleIsKept) {
  EXPECT_THAT(open(npy<float>("<f4", "(3,)", {1, 2, 3}))->schema().sample_shape, ElementsAre(1));
  EXPECT_THAT(open(npy<float>("<f4", "(3, 1, 2)", {1, 2, 3, 4, 5, 6}))->schema().sample_shape, ElementsAre(1, 1, 2));
  EXPECT_THAT(open(npy<float>("<f4", "(3, 2, 1, 1)", {1, 2, 3, 4, 5, 6}))->schema().sample_shape, ElementsAre(2, 1, 1));
}

TEST_F(Npy, WithoutTargetsTheLastColumnIsTheTarget) {
  const auto source = open(npy<double>("<f8", "(2, 3)", {1, 2, 0.5, 3, 4, 1.5}), "npy(x.npy)");
  EXPECT_EQ(source->classes(), 0u);
  EXPECT_EQ(source->schema().feature_count, 2u);
  EXPECT_THAT(source->train_targets(), ElementsAre(0.5f, 1.5f));
  EXPECT_THAT(std::get<DenseFloats>(source->load_train({1}).features).values, ElementsAre(3, 4));
  const auto bytes = open(npy<std::uint8_t>("|u1", "(2, 3)", {1, 2, 0, 3, 4, 1}), "npy(x.npy)");
  EXPECT_EQ(bytes->classes(), 2u);
  EXPECT_THAT(std::get<DenseBytes>(bytes->load_train({1}).features).values, ElementsAre(3, 4));
}

TEST_F(Npy, TheTestSetIsASecondPair) {
  scratch_.write("tx.npy", npy<float>("<f4", "(1, 2)", {8, 9}));
  scratch_.write("ty.npy", npy<std::int32_t>("<i4", "(1, 1)", {5}));
  const std::string spec = "npy(features=x.npy, targets=y.npy, test_features=tx.npy, test_targets=ty.npy)";
  const auto source = open(npy<float>("<f4", "(3, 2)", {1, 2, 3, 4, 5, 6}), spec);
  EXPECT_EQ(source->test_size(), 1u);
  EXPECT_THAT(source->load_test().targets, ElementsAre(0));
  EXPECT_THAT(std::get<DenseFloats>(source->load_test().features).values, ElementsAre(8, 9));
  EXPECT_THAT(refusal(npy<float>("<f4", "(3, 1)", {1, 2, 3}), spec),
              AllOf(HasSubstr("tx.npy"), HasSubstr("needed (1)")));
  EXPECT_THAT(refusal(npy<float>("<f4", "(3, 1)", {1, 2, 3}), "npy(x.npy, y.npy, test_targets=ty.npy)"),
              HasSubstr("test_features"));
}

TEST_F(Npy, EveryTruncationIsRefused) {
  const std::string whole = npy<float>("<f4", "(3, 2)", {1, 2, 3, 4, 5, 6});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(refusal(whole.substr(0, length)), HasSubstr("x.npy: at byte")) << length;
  }
  EXPECT_THAT(refusal(whole + "x"), HasSubstr("more bytes"));
}

TEST_F(Npy, AHeaderThatPromisesTooMuchIsRefusedBeforeMemoryIsSetAside) {
  for (const char* shape : {"(3, 100000)", "(4000000000, 2)", "(3, 99999999999)", "(18446744073709551615, 16777216)",
                            "(3, 16777216, 16777216)"}) {
    EXPECT_THAT(refusal(npy<float>("<f4", shape, {1, 2, 3, 4, 5, 6})), HasSubstr("more than"));
    EXPECT_THAT(refusal(gzip(npy<float>("<f4", shape, {1, 2, 3, 4, 5, 6}))), HasSubstr("more than"));
  }
  EXPECT_THAT(refusal(npy<float>("<f4", "(99999999999999999999, 2)", {1})), HasSubstr("positive numbers"));
  std::string long_header = npy<float>("<f4", "(3, 1)", {1, 2, 3}, 2);
  for (std::size_t i = 8; i < 12; ++i) long_header[i] = '\xff';
  EXPECT_THAT(refusal(long_header), AllOf(HasSubstr("at byte 8"), HasSubstr("header of 4294967295 bytes")));
}

TEST_F(Npy, WhatCannotBeReadIsRefusedWithARemedy) {
  const std::string six(24, '\0');
  EXPECT_THAT(refusal(npy_with_header("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", six)),
              HasSubstr("ascontiguousarray"));
  for (const char* type : {">f4", "<f2", "<c8", "|O", "<U5", "|b1"}) {
    EXPECT_THAT(refusal(npy_with_header(
                    "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (3, 2), }", six)),
                AllOf(HasSubstr(type), HasSubstr("<f4, <f8, |u1, <i4 or <i8")));
  }
  EXPECT_THAT(refusal("not an array"), AllOf(HasSubstr("at byte 0"), HasSubstr("NUMPY")));
  std::string version = npy<float>("<f4", "(3, 2)", {1, 2, 3, 4, 5, 6});
  version[6] = 9;
  EXPECT_THAT(refusal(version), AllOf(HasSubstr("at byte 6"), HasSubstr("version 9")));
  EXPECT_THAT(refusal(npy<float>("<f4", "()", {1})), HasSubstr("scalar"));
  EXPECT_THAT(refusal(npy<float>("<f4", "(2, 1)", {1, 2})), AllOf(HasSubstr("y.npy"), HasSubstr("found 3 targets")));
  EXPECT_THAT(refusal(npy<float>("<f4", "(3,)", {1, 2, 3}), "npy(x.npy)"), HasSubstr("targets="));
}

TEST_F(Npy, HeadersThatAreNoDictionaryOfTheThreeKeysAreRefused) {
  for (const char* header :
       {"", "{", "{}", "{'descr'", "{'descr': ", "{'descr': '<f4", "{'descr': '<f4'}",
        "{'descr': '<f4' 'shape': (3, 2)}", "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (3, 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, -2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2)}", "{'x': 1}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), } more"}) {
    EXPECT_THAT(refusal(npy_with_header(header, std::string(24, '\0'))), HasSubstr("x.npy: at byte")) << header;
  }
}

TEST_F(Npy, NumbersThatAreNotFiniteAreRefusedWithTheirByte) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string file = npy<float>("<f4", "(3, 2)", {1, 2, 3, nan, 5, 6});
  const std::size_t at = file.size() - 3 * sizeof(float);
  EXPECT_THAT(refusal(file), AllOf(HasSubstr("at byte " + std::to_string(at)), HasSubstr("nan")));
  EXPECT_THAT(refusal(npy<double>("<f8", "(3, 1)", {1, 1e300, 3})), HasSubstr("finite"));
  scratch_.write("y.npy", npy<float>("<f4", "(3,)", {1, nan, 3}));
  EXPECT_THAT(refusal(npy<float>("<f4", "(3,)", {1, 2, 3})), AllOf(HasSubstr("y.npy"), HasSubstr("nan")));
}

TEST_F(Npy, TargetsThatDoNotAllowTheTaskNameTheirSample) {
  scratch_.write("y.npy", npy<float>("<f4", "(3,)", {1, 1.5f, 3}));
  EXPECT_THAT(refusal(npy<float>("<f4", "(3,)", {1, 2, 3}), "npy(x.npy, y.npy, task=classification)"),
              AllOf(HasSubstr("y.npy"), HasSubstr("sample 2"), HasSubstr("task=regression")));
}

}  // namespace
}  // namespace parley::learning
