#include "common/base/json_guard.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_access.h"

namespace eoa {
namespace {

using nlohmann::json;
using testing::HasSubstr;

ErrorCode CodeOf(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = ParseJson(text, limits);
  EXPECT_FALSE(parsed.ok()) << text.substr(0, 100);
  return parsed.ok() ? ErrorCode::kInternal : parsed.error().code();
}

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(ParseJsonTest, BuildsWhatTheTextSays) {
  const auto parsed = ParseJson(R"( {"a": [1, -2, 2.5, true, null, "é\u00e9\n"], "b": {}, "": []} )");
  ASSERT_TRUE(parsed.ok()) << parsed.error().ToString();
  EXPECT_EQ(*parsed, json({{"a", {1, -2, 2.5, true, nullptr, "éé\n"}}, {"b", json::object()}, {"", json::array()}}));
  EXPECT_EQ(*ParseJson("7"), json(7));
}

TEST(ParseJsonTest, RefusesWhatIsNotJson) {
  for (const std::string& text :
       {std::string(), std::string(" "), std::string("{"), std::string("[1,]"), std::string("{\"a\" 1}"),
        std::string("[1] 2"), std::string("nan"), std::string("NaN"), std::string("Infinity"), std::string("01"),
        std::string("'a'"), std::string("// no\n1"), std::string("\"\xff\""), std::string("\"a\nb\""),
        std::string("\"\\ud800\""), std::string("1\0", 2), std::string("[1]\0{", 5)}) {
    EXPECT_EQ(CodeOf(text), ErrorCode::kInvalidArgument) << text;
  }
}

TEST(ParseJsonTest, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(CodeOf("1e400"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("[-1e400]"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Repeat("9", 400)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(*ParseJson("1e-400"), json(0.0));
}

TEST(ParseJsonTest, RefusesAFieldThatStandsTwice) {
  const auto parsed = ParseJson(R"({"a": {"x": 1, "y": 2, "x": 3}})");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(parsed.error().message(), HasSubstr(R"("x" stands twice)"));
  // Two spellings of one name.
  EXPECT_EQ(CodeOf(R"({"a": 1, "\u0061": 2})"), ErrorCode::kInvalidArgument);
}

TEST(ParseJsonTest, BoundsTheDepth) {
  const JsonLimits limits{.max_depth = 8};
  EXPECT_TRUE(ParseJson(Repeat("[", 8) + Repeat("]", 8), limits).ok());
  EXPECT_EQ(CodeOf(Repeat("[", 9) + Repeat("]", 9), limits), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(Repeat(R"({"a":)", 9) + "1" + Repeat("}", 9), limits), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(Repeat("[", 1'000'000)), ErrorCode::kResourceExhausted);
}

TEST(ParseJsonTest, CutsOffWhatIsTooDeepWhereAskedTo) {
  const JsonLimits limits{.max_depth = 2, .cut_deeper = true};
  EXPECT_EQ(*ParseJson(R"({"a": {"b": {"c": [1, {"d": 2}]}, "e": [[], [3]], "f": 4}, "g": 5})", limits),
            json::parse(R"({"a": {"b": null, "e": null, "f": 4}, "g": 5})"));
  EXPECT_EQ(*ParseJson("[[[[1]]], 2]", limits), json::parse("[[null], 2]"));
  EXPECT_TRUE(ParseJson("[" + Repeat("[", 100'000) + Repeat("]", 100'000) + "]", limits).ok());
  EXPECT_FALSE(ParseJson("[[[[1]]", limits).ok()) << "what is cut off must still be JSON";
}

TEST(ParseJsonTest, BoundsTheSizeAndTheNumberOfValues) {
  EXPECT_EQ(CodeOf("[1,2,3]", {.max_bytes = 6}), ErrorCode::kResourceExhausted);
  EXPECT_TRUE(ParseJson("[1,2,3]", {.max_bytes = 7}).ok());
  EXPECT_TRUE(ParseJson("[1,2,3]", {.max_values = 4}).ok());
  EXPECT_EQ(CodeOf("[1,2,3]", {.max_values = 3}), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeOf("[" + Repeat("[],", 300'000) + "1]"), ErrorCode::kResourceExhausted);
}

TEST(ParseJsonTest, QuotesOnlyAPieceOfWhatWasSent) {
  const std::string large(500'000, 'a');
  EXPECT_LT(ParseJson("\"" + large).error().message().size(), 400U);
  EXPECT_LT(ParseJson("{\"" + large + "\":1,\"" + large + "\":2}", {.max_bytes = 2'000'000}).error().message().size(),
            400U);
}

TEST(DumpJsonTest, WritesOneSafeLine) {
  EXPECT_EQ(DumpJson(json({{"a", {1, "x"}}})), R"({"a":[1,"x"]})");
  EXPECT_EQ(DumpJson(json("\n\x1b\x7f")), R"("\n\u001b\u007f")");
  EXPECT_EQ(DumpJson(json("\xc2\x9bm \xc2\x80 \xc2\x9f \xc2\xa0")), "\"\\u009bm \\u0080 \\u009f \xc2\xa0\"");
  EXPECT_EQ(DumpJson(json("bad \xff end")), "\"bad \xef\xbf\xbd end\"");
  EXPECT_EQ(DumpJson(json(std::numeric_limits<double>::quiet_NaN())), "null");
}

TEST(DumpJsonTest, ReadsBackAsTheSameValue) {
  const json value = {{"text", "\x7f\xc2\x9b\n\"\\é"},
                      {"number", 0.1},
                      {"large", 1e300},
                      {"big", std::numeric_limits<std::uint64_t>::max()}};
  EXPECT_EQ(*ParseJson(DumpJson(value)), value);
  EXPECT_EQ(*ParseJson(DumpJsonPretty(nlohmann::ordered_json::parse(DumpJson(value)))), value);
}

TEST(DumpJsonTest, KeepsTheOrderOfPrettyFiles) {
  EXPECT_EQ(DumpJsonPretty({{"b", 1}, {"a", 2}}), "{\n  \"b\": 1,\n  \"a\": 2\n}\n");
}

TEST(JsonAccess, IsNothingWhereThereIsNothing) {
  const json pod = {{"metadata", {{"name", "wolves-0"}, {"labels", nullptr}}}, {"restarts", 7}, {"share", 1.5}};
  EXPECT_EQ(TextAt(At(pod, "metadata"), "name"), "wolves-0");
  EXPECT_EQ(TextAt(At(pod, "metadata", "labels"), "name"), "");
  EXPECT_EQ(TextAt(pod, "restarts"), "");
  EXPECT_EQ(IntegerAt(pod, "restarts"), 7);
  EXPECT_EQ(IntegerAt(pod, "share"), 0);
  EXPECT_EQ(NumberAt(pod, "share"), 1.5);
  EXPECT_EQ(NumberAt(pod, "none"), std::nullopt);
  EXPECT_TRUE(At(json(3), "a", "b").is_null());
}

}  // namespace
}  // namespace eoa
