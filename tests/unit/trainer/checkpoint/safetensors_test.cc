#include "trainer/checkpoint/safetensors.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

std::string File(const std::string& header, const std::string& data) {
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  return file + header + data;
}

std::string WhyNot(const std::string& bytes) {
  const Result<Safetensors> parsed = ParseSafetensors(bytes);
  if (parsed.ok()) return "it is valid";
  EXPECT_EQ(parsed.error().code(), ErrorCode::kDataLoss);
  return parsed.error().message();
}

constexpr const char* kTwoFloats = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

TEST(Safetensors, ReadsTheSpecificationsExampleLayout) {
  const std::string bytes =
      File(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]},)"
           R"("a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   )",
           std::string("\0\0\x80\x3f\0\0\0\x40\x07", 9));
  const Result<Safetensors> file = ParseSafetensors(bytes);
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  EXPECT_EQ(file->metadata.at("format"), "pt");
  ASSERT_EQ(file->arrays.size(), 2U);
  EXPECT_EQ(file->arrays[0].name, "a");
  EXPECT_EQ(file->arrays[0].shape, (std::vector<std::int64_t>{1, 2}));
  float second = 0;
  std::memcpy(&second, file->Find("a")->data.data() + 4, 4);
  EXPECT_EQ(second, 2.0F);
  EXPECT_EQ(file->Find("b")->data, "\x07");
  EXPECT_EQ(file->Find("c"), nullptr);
}

TEST(Safetensors, WhatIsWrittenIsReadBack) {
  const std::string floats(24, 'x');
  const std::vector<NamedArray> arrays = {
      {.name = "w", .type = ElementType::kFloat32, .shape = {2, 3}, .data = floats},
      {.name = "none", .type = ElementType::kInt64, .shape = {0, 5}, .data = {}},
      {.name = "n", .type = ElementType::kUint8, .shape = {}, .data = std::string_view(floats).substr(0, 1)}};
  const std::string header = EncodeSafetensorsHeader(arrays, {{"job", "quotes \" and \n"}}).value();
  EXPECT_EQ(header.size() % 8, 0U);
  const std::string bytes = header + floats + "x";
  const Result<Safetensors> file = ParseSafetensors(bytes);
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  EXPECT_EQ(file->metadata.at("job"), "quotes \" and \n");
  EXPECT_EQ(file->arrays.size(), 3U);
  EXPECT_EQ(file->Find("w")->data, floats);
  EXPECT_EQ(file->Find("none")->shape, (std::vector<std::int64_t>{0, 5}));
}

TEST(Safetensors, NothingIsWrittenThatCouldNotBeRead) {
  const NamedArray good{.name = "a", .type = ElementType::kUint8, .shape = {1}, .data = "x"};
  EXPECT_FALSE(EncodeSafetensorsHeader({good, good}, {}).ok());
  NamedArray wrong = good;
  wrong.shape = {2};
  EXPECT_FALSE(EncodeSafetensorsHeader({wrong}, {}).ok());
  wrong = good;
  wrong.name = "__metadata__";
  EXPECT_FALSE(EncodeSafetensorsHeader({wrong}, {}).ok());
}

TEST(Safetensors, EveryTruncationIsNoticed) {
  const std::string bytes = File(kTwoFloats, std::string(8, '\0'));
  ASSERT_EQ(WhyNot(bytes), "it is valid");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(WhyNot(bytes.substr(0, size)), "it is valid") << size;
  EXPECT_THAT(WhyNot(bytes + "x"), HasSubstr("1 bytes belong to no array"));
}

TEST(Safetensors, BrokenHeadersAreRefusedWithTheReason) {
  const std::string eight(8, '\0');
  EXPECT_THAT(WhyNot(std::string(8, '\xff') + "{}"), HasSubstr("header is longer"));
  EXPECT_THAT(WhyNot(File("[]", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(WhyNot(File(R"({"a":1,"a":2})", "")), HasSubstr("a"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", eight)),
              HasSubstr("unknown dtype 'F31'"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight)),
              HasSubstr("dimension"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight)),
              HasSubstr("size of its shape"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "")),
              HasSubstr("size of its shape"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,80]}})", eight)),
              HasSubstr("of only 8"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight)),
              HasSubstr("lies at bytes"));
  EXPECT_THAT(WhyNot(File(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight)),
              HasSubstr("does not start"));
  EXPECT_THAT(
      WhyNot(File(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
          eight)),
      HasSubstr("does not start"));
  EXPECT_THAT(WhyNot(File(R"({"__metadata__":{"a":1}})", "")), HasSubstr("__metadata__.a"));
}

}  // namespace
}  // namespace eoa::train
