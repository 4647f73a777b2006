#include "learning/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "scratch_files.h"

namespace parley::learning {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

base::ParameterLayout small_layout() {
  base::ParameterLayout layout;
  layout.add("hidden.weight", {2, 3});
  layout.add("hidden.bias", {3});
  layout.add("scale", {});
  return layout;
}

std::vector<float> small_model() {
  return {0.5f, -1, 2, 1e-38f, -1e-42f, 3.4e38f, 7, 8, 9, -0.0f};
}

std::string with_length(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + data;
}

/// The file for small_layout(), with one tensor's entry replaced; an empty entry leaves it out.
std::string with_entry(const std::string& name, const std::string& entry, std::size_t data_bytes = 40) {
  std::map<std::string, std::string> entries = {
      {"hidden.weight", R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})"},
      {"hidden.bias", R"({"dtype":"F32","shape":[3],"data_offsets":[24,36]})"},
      {"scale", R"({"dtype":"F32","shape":[],"data_offsets":[36,40]})"}};
  entries[name] = entry;
  std::string header;
  for (const auto& [key, value] : entries) {
    if (!value.empty()) header += (header.empty() ? "{\"" : ",\"") + key + "\":" + value;
  }
  return with_length(header + "}", std::string(data_bytes, '\0'));
}

std::string refusal(const std::string& bytes) {
  const ScratchDirectory scratch;
  scratch.write("m.safetensors", bytes);
  std::vector<float> x(small_layout().size());
  return error_of([&] { read_safetensors(scratch / "m.safetensors", small_layout(), x); });
}

TEST(Safetensors, WhatIsWrittenIsReadBackToTheBit) {
  const ScratchDirectory scratch;
  const std::vector<float> x = small_model();
  write_safetensors(scratch / "m.safetensors", small_layout(), x, {{"round", "600"}});
  std::vector<float> y(x.size());
  read_safetensors(scratch / "m.safetensors", small_layout(), y);
  EXPECT_EQ(std::memcmp(x.data(), y.data(), x.size() * sizeof(float)), 0);
}

TEST(Safetensors, TheFileIsWhatTheFormatSays) {
  const ScratchDirectory scratch;
  const std::vector<float> x = small_model();
  write_safetensors(scratch / "m.safetensors", small_layout(), x, {{"algorithm", "choco \"x\""}, {"round", "600"}});
  const std::string file = scratch.read("m.safetensors");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) length |= std::uint64_t{static_cast<unsigned char>(file[i])} << 8 * i;
  EXPECT_EQ((8 + length) % 8, 0u);
  EXPECT_EQ(file[8], '{');
  const auto header = nlohmann::json::parse(file.substr(8, length));
  EXPECT_EQ(header.size(), 4u);
  EXPECT_EQ(header["__metadata__"], (nlohmann::json{{"algorithm", "choco \"x\""}, {"round", "600"}}));
  const std::string data = file.substr(8 + length);
  EXPECT_EQ(data.size(), x.size() * sizeof(float));
  const base::ParameterLayout layout = small_layout();
  for (const base::Tensor& tensor : layout.tensors()) {
    const auto& entry = header[tensor.name];
    EXPECT_EQ(entry.size(), 3u);
    EXPECT_EQ(entry["dtype"], "F32");
    EXPECT_EQ(entry["shape"].get<std::vector<std::size_t>>(), tensor.shape);
    const auto begin = entry["data_offsets"][0].get<std::size_t>(), end = entry["data_offsets"][1].get<std::size_t>();
    ASSERT_EQ(end - begin, tensor.size() * sizeof(float));
    EXPECT_EQ(std::memcmp(data.data() + begin, x.data() + tensor.offset, end - begin), 0);
  }
}

TEST(Safetensors, AnOlderFileIsReplacedAndNothingElseIsLeft) {
  const ScratchDirectory scratch;
  scratch.write("m.safetensors", std::string(10'000, 'x'));
  const std::vector<float> x = small_model();
  write_safetensors(scratch / "m.safetensors", small_layout(), x, {});
  std::vector<float> y(x.size());
  read_safetensors(scratch / "m.safetensors", small_layout(), y);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(Safetensors, AFileThatCannotBeWrittenLeavesTheOlderOne) {
  const ScratchDirectory scratch;
  const std::vector<float> x = small_model();
  scratch.write("m.safetensors", "older");
  std::filesystem::create_directory(scratch / "m.safetensors.partial");  // where the new file would be written
  EXPECT_THAT(error_of([&] { write_safetensors(scratch / "m.safetensors", small_layout(), x, {}); }),
              AllOf(HasSubstr("m.safetensors"), HasSubstr("cannot be written")));
  EXPECT_EQ(scratch.read("m.safetensors"), "older");
  EXPECT_THAT(error_of([&] { write_safetensors(scratch / "none/m", small_layout(), x, {}); }),
              AllOf(HasSubstr("none/m"), HasSubstr("No such file")));
}

TEST(Safetensors, TensorsMayLieInAnyOrder) {
  const ScratchDirectory scratch;
  const std::string header =
      R"({"scale":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
      R"("hidden.bias":{"dtype":"F32","shape":[3],"data_offsets":[28,40]},)"
      R"("hidden.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},"__metadata__":{"format":"pt"}}   )";
  std::vector<float> values = {10, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::string data(40, '\0');
  std::memcpy(data.data(), values.data(), 40);
  scratch.write("m", with_length(header, data));
  std::vector<float> x(10);
  read_safetensors(scratch / "m", small_layout(), x);
  EXPECT_THAT(x, ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

TEST(Safetensors, EveryTruncationAndExtensionIsRefused) {
  const ScratchDirectory scratch;
  write_safetensors(scratch / "m", small_layout(), small_model(), {});
  const std::string whole = scratch.read("m");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(refusal(whole.substr(0, length)), HasSubstr("m.safetensors")) << length;
  }
  EXPECT_THAT(refusal(whole + std::string(4, '\0')), AllOf(HasSubstr("found 44 bytes"), HasSubstr("needed 40")));
}

TEST(Safetensors, ALyingHeaderLengthIsRefusedBeforeMemoryIsSetAside) {
  std::string file = with_entry("scale", R"({"dtype":"F32","shape":[],"data_offsets":[36,40]})");
  for (char high : {'\x01', '\x7f', '\xff'}) {
    file[7] = high;
    EXPECT_THAT(refusal(file), AllOf(HasSubstr("at byte 0"), HasSubstr("header length")));
  }
}

TEST(Safetensors, HeadersThatAreNoObjectAreRefused) {
  for (const char* header : {"", "{", "[]", "3", "{\"a\":}", "{'scale': 1}", "{\"\xff\": 1}"}) {
    EXPECT_THAT(refusal(with_length(header, "")), AllOf(HasSubstr("at byte 8"), HasSubstr("JSON"))) << header;
  }
  EXPECT_THAT(refusal(with_length(std::string(100'000, '['), "")), HasSubstr("JSON"));
  EXPECT_THAT(refusal(with_length(R"({"scale":1,"scale":2})", "")), AllOf(HasSubstr("\"scale\""), HasSubstr("twice")));
}

TEST(Safetensors, TensorsThatAreNotTheModelsAreRefusedByName) {
  EXPECT_THAT(refusal(with_entry("scale", "")), AllOf(HasSubstr("no tensor \"scale\"")));
  EXPECT_THAT(refusal(with_entry("other", R"({"dtype":"F32","shape":[],"data_offsets":[40,44]})", 44)),
              AllOf(HasSubstr("\"other\""), HasSubstr("does not have")));
  const auto bias = [](const std::string& entry) { return refusal(with_entry("hidden.bias", entry)); };
  const auto about = [](const char* what) { return AllOf(HasSubstr("tensor \"hidden.bias\""), HasSubstr(what)); };
  EXPECT_THAT(bias(R"({"dtype":"F16","shape":[3],"data_offsets":[24,36]})"),
              about("found dtype \"F16\"; needed \"F32\""));
  EXPECT_THAT(bias(R"({"dtype":"F32","shape":[4],"data_offsets":[24,36]})"), about("found shape [4]; needed [3]"));
  EXPECT_THAT(bias(R"({"dtype":"F32","shape":[3,1],"data_offsets":[24,36]})"), about("found shape [3,1]; needed [3]"));
  EXPECT_THAT(bias(R"({"dtype":"F32","shape":3,"data_offsets":[24,36]})"), about("shape"));
  EXPECT_THAT(bias(R"({"dtype":"F32","shape":[3]})"), about("no data_offsets"));
  EXPECT_THAT(bias("17"), about("no dtype"));
}

TEST(Safetensors, OffsetsThatLieAreRefused) {
  const auto bias = [](const std::string& offsets) {
    return refusal(with_entry("hidden.bias", R"({"dtype":"F32","shape":[3],"data_offsets":)" + offsets + "}"));
  };
  EXPECT_THAT(bias("[20,32]"), HasSubstr("its data begin at 20; needed 24"));  // overlaps hidden.weight
  EXPECT_THAT(bias("[0,12]"), HasSubstr("its data begin at"));                 // lies on hidden.weight
  EXPECT_THAT(bias("[28,40]"), HasSubstr("its data begin at 28; needed 24"));  // leaves a gap
  EXPECT_THAT(bias("[24,32]"), HasSubstr("found 8 bytes of data; needed 12"));
  EXPECT_THAT(bias("[36,24]"), HasSubstr("needed a range within"));
  EXPECT_THAT(bias("[24,4000000000000]"), HasSubstr("needed a range within"));
  EXPECT_THAT(bias("[18446744073709551604,18446744073709551615]"), HasSubstr("needed a range within"));
  for (const char* wrong : {"[24]", "[24,36,48]", "24", "[-24,36]", "[24.5,36]", "[\"24\",36]", "null", "{}"}) {
    EXPECT_THAT(bias(wrong), HasSubstr("needed [begin, end]")) << wrong;
  }
}

TEST(Safetensors, NumbersThatAreNotFiniteAreRefusedByNameAndElement) {
  const ScratchDirectory scratch;
  std::vector<float> x = small_model();
  x[7] = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(scratch / "m", small_layout(), x, {});
  EXPECT_THAT(error_of([&] { read_safetensors(scratch / "m", small_layout(), x); }),
              AllOf(HasSubstr("tensor \"hidden.bias\""), HasSubstr("element 1")));
}

TEST(Safetensors, AMissingFileIsNamed) {
  std::vector<float> x(small_layout().size());
  EXPECT_THAT(error_of([&] { read_safetensors("/nowhere/m.safetensors", small_layout(), x); }),
              HasSubstr("/nowhere/m.safetensors"));
}

}  // namespace
}  // namespace parley::learning
