#include "common/net/server/request_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/server/response_head.h"

namespace eoa::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TEST(RequestTargetTest, SplitsPathAndQuery) {
  const auto target = ParseRequestTarget("/v1/jobs/a%20b?x=1&y=%26%3D&flag&z=a=b");
  ASSERT_TRUE(target.ok());
  EXPECT_THAT(target->path, ElementsAre("v1", "jobs", "a b"));
  EXPECT_THAT(target->query, ElementsAre(Pair("flag", ""), Pair("x", "1"), Pair("y", "&="), Pair("z", "a=b")));
}

TEST(RequestTargetTest, KeepsEmptySegments) {
  EXPECT_THAT(ParseRequestTarget("/")->path, IsEmpty());
  EXPECT_THAT(ParseRequestTarget("/a/")->path, ElementsAre("a", ""));
  EXPECT_THAT(ParseRequestTarget("//a")->path, ElementsAre("", "a"));
  EXPECT_THAT(ParseRequestTarget("/?")->query, IsEmpty());
  EXPECT_THAT(ParseRequestTarget("/?&&a=1&")->query, ElementsAre(Pair("a", "1")));
}

TEST(RequestTargetTest, TakesTheAbsoluteForm) {
  EXPECT_THAT(ParseRequestTarget("http://host:80/a?b=c")->path, ElementsAre("a"));
  EXPECT_THAT(ParseRequestTarget("HTTPS://host")->path, IsEmpty());
}

TEST(RequestTargetTest, RefusesWhatIsMalformedOrCouldLeaveADirectory) {
  for (const char* target :
       {"", "*", "a", "host:80", "/a#b", "/%", "/%ff", "/%00", "/a?%", "/a?b=%zz", "/a?b=1&b=2", "/a?b=1&%62=2", "/..",
        "/a/../b", "/.", "/%2e%2E", "/a/.%2e", "/a%2fb", "http://host/../x"}) {
    const auto parsed = ParseRequestTarget(target);
    ASSERT_FALSE(parsed.ok()) << target;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument) << target;
  }
}

TEST(ResponseHeadTest, WritesStatusAndHeaders) {
  ServerResponse response;
  response.status = 409;
  response.headers = {{"X-A", "1"}};
  EXPECT_EQ(*ResponseHead(response, 3, true),
            "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: 3\r\nX-A: 1\r\nConnection: "
            "keep-alive\r\n\r\n");
  response.status = 204;
  EXPECT_THAT(*ResponseHead(response, 3, false), Not(HasSubstr("Content-Length")));
  response.status = 499;
  EXPECT_THAT(*ResponseHead(response, 0, false), HasSubstr("HTTP/1.1 499 \r\n"));
}

TEST(ResponseHeadTest, RefusesToSendAForgedHeader) {
  ServerResponse response;
  response.headers = {{"X-A", "1\r\nSet-Cookie: x"}};
  EXPECT_FALSE(ResponseHead(response, 0, true).ok());
  response.headers = {{"X A", "1"}};
  EXPECT_FALSE(ResponseHead(response, 0, true).ok());
  response.headers = {};
  response.content_type = "a\n";
  EXPECT_FALSE(ResponseHead(response, 0, true).ok());
  response.content_type = "a";
  response.status = 99;
  EXPECT_FALSE(ResponseHead(response, 0, true).ok());
}

}  // namespace
}  // namespace eoa::net
