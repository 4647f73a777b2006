#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learning/dataset.h"
#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kSpec = "idx(train_images=x, train_labels=y)";

std::vector<std::uint8_t> counting(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

const std::vector<std::uint8_t>& stored(const Dataset& dataset) {
  return std::get<DenseBytes>(dataset.features).values;
}

TEST(Idx, ReadsTheImagesOfTheRowsAsked) {
  const ScratchDirectory scratch;
  for (const auto& pack : {+[](const std::string& b) { return b; }, gzip, xz}) {
    scratch.write("x", pack(idx({4, 2, 3}, counting(24))));
    scratch.write("y", pack(idx({4}, {2, 0, 1, 2})));
    const auto source = open_dataset(kSpec, scratch.path(), 1);
    EXPECT_EQ(source->train_size(), 4u);
    EXPECT_EQ(source->test_size(), 0u);
    EXPECT_THAT(source->train_targets(), ElementsAre(2, 0, 1, 2));
    EXPECT_THAT(source->schema().class_names, ElementsAre("0", "1", "2"));
    const Dataset part = source->load_train({1, 3});
    EXPECT_THAT(part.targets, ElementsAre(0, 2));
    EXPECT_THAT(part.sample_shape, ElementsAre(1, 2, 3));
    EXPECT_THAT(stored(part), ElementsAre(6, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 23));
    EXPECT_EQ(source->load_test().size(), 0u);
  }
}

TEST(Idx, ReadsFlatSamplesAndColourImages) {
  const ScratchDirectory scratch;
  scratch.write("y", idx({2}, {0, 1}));
  scratch.write("x", idx({2, 5}, counting(10)));
  EXPECT_THAT(open_dataset(kSpec, scratch.path(), 1)->schema().sample_shape, ElementsAre(5));
  scratch.write("x", idx({2, 3, 2, 2}, counting(24)));
  EXPECT_THAT(open_dataset(kSpec, scratch.path(), 1)->schema().sample_shape, ElementsAre(3, 2, 2));
}

TEST(Idx, MnistIsFoundByItsFourNames) {
  const ScratchDirectory scratch;
  scratch.write("mnist/train-images-idx3-ubyte.gz", gzip(idx({3, 2, 2}, counting(12))));
  scratch.write("mnist/train-labels-idx1-ubyte.gz", gzip(idx({3}, {0, 1, 0})));
  scratch.write("t10k-images-idx3-ubyte", idx({1, 2, 2}, {9, 9, 9, 8}));
  scratch.write("t10k-labels-idx1-ubyte", idx({1}, {4}));
  const auto source = open_dataset("mnist", scratch.path(), 1);
  EXPECT_EQ(source->classes(), 5u);
  const Dataset test = source->load_test();
  EXPECT_THAT(stored(test), ElementsAre(9, 9, 9, 8));
  EXPECT_THAT(test.targets, ElementsAre(4));
}

/// What is said when the files of images and labels hold these bytes and everything is loaded.
std::string refusal(const std::string& images, const std::string& labels) {
  const ScratchDirectory scratch;
  scratch.write("x", images);
  scratch.write("y", labels);
  return error_of([&] {
    const auto source = open_dataset(kSpec, scratch.path(), 1);
    Rows all(source->train_size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
    source->load_train(all);
  });
}

TEST(Idx, EveryTruncationIsRefused) {
  const std::string images = idx({3, 2, 2}, counting(12)), labels = idx({3}, {0, 1, 2});
  for (std::size_t length = 0; length < images.size(); ++length) {
    EXPECT_THAT(refusal(images.substr(0, length), labels), AllOf(HasSubstr("/x: at byte"), HasSubstr("")));
  }
  for (std::size_t length = 0; length < labels.size(); ++length) {
    EXPECT_THAT(refusal(images, labels.substr(0, length)), HasSubstr("/y: at byte"));
  }
  EXPECT_THAT(refusal(gzip(images).substr(0, 30), labels), HasSubstr("cut off"));
}

TEST(Idx, AHeaderThatPromisesTooMuchIsRefusedBeforeMemoryIsSetAside) {
  const std::string labels = idx({3}, {0, 1, 2});
  for (const auto& pack : {+[](const std::string& b) { return b; }, gzip}) {
    EXPECT_THAT(refusal(pack(idx({3, 4000, 4000}, counting(12))), labels), HasSubstr("more than the file can hold"));
    EXPECT_THAT(refusal(pack(idx({3, 0xffffffff, 0xffffffff}, counting(12))), labels), HasSubstr("more than"));
    EXPECT_THAT(refusal(pack(idx({3, 2, 2}, counting(12))), pack(idx({0xffffffff}, {0, 1, 2}))),
                HasSubstr("promises 4294967295 labels"));
  }
}

TEST(Idx, WhatIsNotIdxIsRefusedWithTheByteAndTheNeed) {
  const std::string images = idx({3, 2, 2}, counting(12)), labels = idx({3}, {0, 1, 2});
  EXPECT_THAT(refusal("hello world, how are you", labels), AllOf(HasSubstr("at byte 0"), HasSubstr("00 00")));
  std::string floats = images;
  floats[2] = 0x0d;
  EXPECT_THAT(refusal(floats, labels), AllOf(HasSubstr("at byte 2"), HasSubstr("0x0d"), HasSubstr("0x08")));
  EXPECT_THAT(refusal(labels, labels), AllOf(HasSubstr("at byte 3"), HasSubstr("1 axes")));
  EXPECT_THAT(refusal(images, images), AllOf(HasSubstr("/y: at byte 3"), HasSubstr("3 axes")));
  EXPECT_THAT(refusal(idx({3, 0, 2}, {}), labels), AllOf(HasSubstr("at byte 8"), HasSubstr("extent of 0")));
}

TEST(Idx, CountsThatDoNotAgreeAreRefused) {
  const std::string labels = idx({3}, {0, 1, 2});
  EXPECT_THAT(refusal(idx({2, 2, 2}, counting(8)), labels), AllOf(HasSubstr("found 2 images"), HasSubstr("needed 3")));
  EXPECT_THAT(refusal(idx({3, 2, 2}, counting(13)), labels), AllOf(HasSubstr("at byte 28"), HasSubstr("more bytes")));
  EXPECT_THAT(refusal(idx({3, 2, 2}, counting(12)), idx({3}, {0, 1, 2, 0})), HasSubstr("more bytes"));
}

TEST(Idx, TestImagesNeedTheShapeOfTheTrainingImages) {
  const ScratchDirectory scratch;
  scratch.write("x", idx({1, 2, 2}, counting(4)));
  scratch.write("y", idx({1}, {0}));
  scratch.write("tx", idx({1, 2, 3}, counting(6)));
  const std::string spec = "idx(train_images=x, train_labels=y, test_images=tx, test_labels=y)";
  EXPECT_THAT(error_of([&] { open_dataset(spec, scratch.path(), 1); }),
              AllOf(HasSubstr("/tx"), HasSubstr("1x2x3"), HasSubstr("1x2x2")));
  EXPECT_THAT(error_of([&] { open_dataset("idx(train_images=x, train_labels=y, test_images=tx)", scratch.path(), 1); }),
              HasSubstr("need each other"));
}

}  // namespace
}  // namespace parley::learning
