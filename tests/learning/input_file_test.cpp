#include "learning/datasets/input_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/random.h"
#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string read_in_pieces(const std::filesystem::path& path, std::size_t piece) {
  InputFile file(path);
  std::string text, part(piece, '\0');
  while (const std::size_t got = file.read(std::as_writable_bytes(std::span(part)))) text += part.substr(0, got);
  EXPECT_EQ(file.offset(), text.size());
  EXPECT_LE(file.offset(), file.most_bytes());
  return text;
}

/// Half noise and half repetition, longer than the buffers.
std::string sample_text(std::size_t size) {
  base::Random random({.seed = 1, .peer = {}, .round = {}, .stream = base::Stream::test});
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size / 2; ++i) text[i] = static_cast<char>(random.bits() & 0xff);
  return text;
}

TEST(InputFile, PlainGzipAndXzReadTheSame) {
  const ScratchDirectory scratch;
  for (std::size_t size : {0u, 1u, 5u, 6u, 7u, 300'000u}) {
    const std::string text = sample_text(size);
    scratch.write("plain", text);
    scratch.write("packed.gz", gzip(text));
    scratch.write("packed.xz", xz(text));
    for (std::size_t piece : {1000u, 65536u, 1'000'000u}) {
      EXPECT_EQ(read_in_pieces(scratch / "plain", piece), text);
      EXPECT_EQ(read_in_pieces(scratch / "packed.gz", piece), text);
      EXPECT_EQ(read_in_pieces(scratch / "packed.xz", piece), text);
    }
  }
}

TEST(InputFile, ConcatenatedAndPaddedMembersReadAsOne) {
  const ScratchDirectory scratch;
  const std::string a = sample_text(100'000), b = sample_text(7);
  scratch.write("two.gz", gzip(a) + gzip(b) + std::string(100'000, '\0'));
  scratch.write("two.xz", xz(a) + xz(b) + std::string(8, '\0'));
  EXPECT_EQ(read_in_pieces(scratch / "two.gz", 4096), a + b);
  EXPECT_EQ(read_in_pieces(scratch / "two.xz", 4096), a + b);
}

TEST(InputFile, SkippingIsReadingWithoutLooking) {
  const ScratchDirectory scratch;
  const std::string text = sample_text(200'000);
  for (const auto& [name, bytes] : {std::pair{"plain", text}, {"packed.gz", gzip(text)}, {"packed.xz", xz(text)}}) {
    scratch.write(name, bytes);
    InputFile file(scratch / name);
    file.skip(150'000, "the text");
    std::string part(10, '\0');
    file.read_exactly(std::as_writable_bytes(std::span(part)), "the text");
    EXPECT_EQ(part, text.substr(150'000, 10));
    file.skip(text.size() - 150'010, "the text");
    file.expect_end("the text");
    EXPECT_THAT(error_of([&] { file.skip(1, "the text"); }), AllOf(HasSubstr(name), HasSubstr("cut off")));
  }
}

TEST(InputFile, EveryTruncationOfACompressedFileIsRefused) {
  const ScratchDirectory scratch;
  const std::string text = sample_text(500);
  for (const std::string& packed : {gzip(text), xz(text)}) {
    for (std::size_t length = 6; length < packed.size(); ++length) {
      scratch.write("cut", packed.substr(0, length));
      EXPECT_THAT(error_of([&] { read_in_pieces(scratch / "cut", 4096); }), HasSubstr("cut off")) << length;
    }
  }
}

TEST(InputFile, DamagedDataAreNeverReadAsSomethingElse) {
  const ScratchDirectory scratch;
  const std::string text = sample_text(500);
  for (const std::string& packed : {gzip(text), xz(text)}) {
    for (std::size_t at = 0; at < packed.size(); ++at) {
      std::string damaged = packed;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      scratch.write("damaged", damaged);
      try {
        // What is read without complaint is the text (a flag or time in the header was hit), or the file as it is
        // because its first bytes no longer say that it is compressed.
        const std::string read = read_in_pieces(scratch / "damaged", 4096);
        EXPECT_TRUE(read == text || read == damaged) << at;
      } catch (const base::OperatorError&) {
      }
    }
  }
}

TEST(InputFile, WhatIsNotAFileIsRefused) {
  const ScratchDirectory scratch;
  EXPECT_THAT(error_of([&] { InputFile(scratch / ""); }), HasSubstr("not a regular file"));
  EXPECT_THAT(error_of([&] { InputFile(scratch / "missing"); }),
              AllOf(HasSubstr("missing"), HasSubstr("No such file")));
}

TEST(FindFile, LooksInTheDirectoryAndItsFoldersAndForCompressedFiles) {
  const ScratchDirectory scratch;
  scratch.write("a", "");
  scratch.write("a.gz", "");
  scratch.write("mnist/b.gz", "");
  scratch.write("libsvm/c.xz", "");
  EXPECT_EQ(find_file(scratch.path(), "a"), scratch / "a");
  EXPECT_EQ(find_file(scratch.path(), "b"), scratch / "mnist/b.gz");
  EXPECT_EQ(find_file(scratch.path(), "b.gz"), scratch / "mnist/b.gz");
  EXPECT_EQ(find_file(scratch.path(), "c"), scratch / "libsvm/c.xz");
  EXPECT_EQ(find_file("", (scratch / "mnist/b").string()), scratch / "mnist/b.gz");
  EXPECT_EQ(look_for_file(scratch.path(), "mnist"), std::nullopt) << "a folder is no file";
}

TEST(FindFile, SaysWhatIsMissingAndWhereToSetIt) {
  const ScratchDirectory scratch;
  EXPECT_THAT(error_of([&] { find_file(scratch.path(), "d"); }),
              AllOf(HasSubstr("\"d\""), HasSubstr(scratch.path()), HasSubstr("learning.data")));
  EXPECT_THAT(error_of([&] { find_file("", "d"); }), AllOf(HasSubstr("learning.data"), HasSubstr("PARLEY_DATA")));
}

}  // namespace
}  // namespace parley::learning
