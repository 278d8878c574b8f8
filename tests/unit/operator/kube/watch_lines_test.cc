#include "operator/kube/watch_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace eoa::kube {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(WatchLinesTest, HandsOutTheSameEventsWhereverTheBytesAreCut) {
  const std::string body = R"({"type":"ADDED","object":{"a":"é"}})"
                           "\n"
                           R"({"type":"BOOKMARK","object":{}})"
                           "\n"
                           R"({"type":"ERROR","object":{"code":410}})"
                           "\n";
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    std::vector<json> events;
    WatchLines lines([&](json event) {
      events.push_back(std::move(event));
      return OkStatus();
    });
    ASSERT_TRUE(lines.Take(std::string_view(body).substr(0, cut)).ok());
    ASSERT_TRUE(lines.Take(std::string_view(body).substr(cut)).ok());
    ASSERT_TRUE(lines.Finish().ok());
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0]["object"]["a"], "é");
    EXPECT_EQ(events[2]["type"], "ERROR");
  }
}

TEST(WatchLinesTest, SaysSoWhenTheBodyEndsWithinALineAtWhateverByte) {
  const std::string line = R"({"type":"ADDED","object":{}})";
  for (std::size_t size = 1; size <= line.size(); ++size) {
    int events = 0;
    WatchLines lines([&](const json&) {
      ++events;
      return OkStatus();
    });
    ASSERT_TRUE(lines.Take(line.substr(0, size)).ok());
    EXPECT_EQ(lines.Finish().error().code(), ErrorCode::kDataLoss);
    EXPECT_EQ(events, 0);
  }
}

TEST(WatchLinesTest, RefusesALineThatNeverEnds) {
  WatchLines lines([](const json&) { return OkStatus(); });
  const std::string piece(WatchLines::kMaxLineBytes / 4, ' ');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(lines.Take(piece).ok());
  EXPECT_EQ(lines.Take("x").error().code(), ErrorCode::kDataLoss);
}

TEST(WatchLinesTest, RefusesWhatIsNotAnObject) {
  const auto code = [](const std::string& line) {
    WatchLines lines([](const json&) { return OkStatus(); });
    return lines.Take(line + "\n").error().code();
  };
  EXPECT_EQ(code("[]"), ErrorCode::kDataLoss);
  EXPECT_EQ(code("{\"type\":"), ErrorCode::kDataLoss);
}

TEST(WatchLinesTest, AnObjectThatIsTooDeepOrHasMillionsOfValuesIsStillAnEvent) {
  std::string many = "[0";
  for (int i = 0; i < 1'000'000; ++i) many += ",0";
  for (const std::string& value : {std::string(10'000, '[') + std::string(10'000, ']'), many + "]"}) {
    std::string name;
    WatchLines lines([&name](const json& event) {
      name = event.at("object").at("metadata").at("name").get<std::string>();
      return OkStatus();
    });
    const Status status =
        lines.Take(R"({"type":"ADDED","object":{"metadata":{"name":"poison"},"spec":)" + value + "}}\n");
    EXPECT_TRUE(status.ok()) << status.error().message();
    EXPECT_EQ(name, "poison") << "one object must not stop the watch of all";
  }
}

TEST(WatchLinesTest, EndsWithTheSinksError) {
  WatchLines lines([](const json&) { return Status(CancelledError("enough")); });
  EXPECT_THAT(lines.Take("{}\n{}\n").error().message(), HasSubstr("enough"));
}

}  // namespace
}  // namespace eoa::kube
