#include "common/net/http_message.h"

#include <gtest/gtest.h>

#include "common/net/header_check.h"
#include "common/net/http_server.h"

namespace eoa::net {
namespace {

TEST(HeadersTest, FindsNamesInAnyCase) {
  Headers headers = {{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}};
  EXPECT_EQ(headers.Get("content-TYPE"), "a");
  EXPECT_EQ(headers.Get("X"), "1");
  EXPECT_EQ(headers.Count("X"), 2U);
  EXPECT_EQ(headers.Get("Y"), "");
  EXPECT_FALSE(headers.Has("Y"));
}

TEST(PercentTest, DecodesWhatItEncodes) {
  std::string every;
  for (int c = 1; c < 128; ++c) every += static_cast<char>(c);
  every += "é世🙂";
  std::string decoded;
  ASSERT_TRUE(PercentDecode(PercentEncode(every), decoded));
  EXPECT_EQ(decoded, every);
}

TEST(PercentTest, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("a-B_1.~/ +%é"), "a-B_1.~%2F%20%2B%25%C3%A9");
}

TEST(PercentTest, RefusesMalformedText) {
  std::string decoded = "kept";
  for (const char* text : {"%", "%1", "%zz", "%0", "a%2", "%00", "%ff", "%c3", "%c3%28", "%c0%80", "%ed%a0%80",
                           "%f4%90%80%80", "%e0%80%80", "\xff"}) {
    EXPECT_FALSE(PercentDecode(text, decoded)) << text;
  }
  EXPECT_EQ(decoded, "kept");
}

TEST(PercentTest, LeavesAPlusSign) {
  std::string decoded;
  ASSERT_TRUE(PercentDecode("a+b", decoded));
  EXPECT_EQ(decoded, "a+b");
}

TEST(HeaderCheckTest, AcceptsTokensAndVisibleText) {
  EXPECT_TRUE(IsHeaderName("X-Request_Id.1"));
  EXPECT_TRUE(IsHeaderValue("a b\tc é"));
  EXPECT_TRUE(IsHeaderValue(""));
}

TEST(HeaderCheckTest, RefusesWhatWouldForgeAHeader) {
  for (const char* name : {"", "a b", "a:", "a\r\n", "é"}) EXPECT_FALSE(IsHeaderName(name)) << name;
  for (const std::string& value :
       {std::string("a\r\nB: c"), std::string("a\n"), std::string("a\0", 2), std::string("\x7f")}) {
    EXPECT_FALSE(IsHeaderValue(value)) << value;
  }
}

TEST(HasBearerTokenTest, AcceptsExactlyTheToken) {
  EXPECT_TRUE(HasBearerToken({{"authorization", "Bearer s3cret"}}, "s3cret"));
  for (const char* value :
       {"Bearer s3cre", "Bearer s3cret ", "Bearer s3cretx", "bearer s3cret", "Basic s3cret", "s3cret", "Bearer ", ""}) {
    EXPECT_FALSE(HasBearerToken({{"Authorization", value}}, "s3cret")) << value;
  }
  EXPECT_FALSE(HasBearerToken({}, "s3cret"));
  EXPECT_FALSE(HasBearerToken({{"Authorization", "Bearer s3cret"}, {"Authorization", "Bearer s3cret"}}, "s3cret"));
}

TEST(HasBearerTokenTest, AcceptsNothingForAnEmptyToken) {
  EXPECT_FALSE(HasBearerToken({{"Authorization", "Bearer "}}, ""));
}

}  // namespace
}  // namespace eoa::net
