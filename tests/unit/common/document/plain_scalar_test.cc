#include "common/document/plain_scalar.h"

#include <gtest/gtest.h>

namespace eoa::api {
namespace {

Node Resolve(std::string_view text) {
  Node node;
  const std::string complaint = ResolvePlainScalar(text, node);
  EXPECT_EQ(complaint.empty(), node.kind != Node::Kind::kRefused) << text;
  return node;
}

TEST(PlainScalar, IsWhatKubernetesTakesItFor) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_EQ(Resolve(text).kind, Node::Kind::kNull) << text;
  for (const char* text : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    EXPECT_EQ(Resolve(text).kind, Node::Kind::kBoolean) << text;
  }
  for (const char* text : {"0", "-0", "+7", "12", "-9223372036854775808", "9223372036854775807"}) {
    EXPECT_EQ(Resolve(text).kind, Node::Kind::kInteger) << text;
  }
  for (const char* text : {"0.5", ".5", "5.", "-1e3", "1E+3", "2e-7", "9223372036854775808", "0e0", "0.0"}) {
    EXPECT_EQ(Resolve(text).kind, Node::Kind::kNumber) << text;
  }
  for (const char* text :
       {"a",          "tRUE", "nULL", "1.2.3", "1e",  "e5",  ".",   "-",   "+",        "--1",      "1-2",  "1:30",
        "2001-01-01", "0x",   "0xg",  "_1",    "1_a", "yES", "Inf", "nan", "infinity", "wrn-16-8", "10Gi", "1,5"}) {
    EXPECT_EQ(Resolve(text).kind, Node::Kind::kString) << text;
  }
}

TEST(PlainScalar, HasItsValue) {
  EXPECT_TRUE(Resolve("True").boolean);
  EXPECT_FALSE(Resolve("FALSE").boolean);
  EXPECT_EQ(Resolve("-12").integer, -12);
  EXPECT_EQ(Resolve("+12").integer, 12);
  EXPECT_EQ(Resolve("-1.5e2").number, -150.0);
  EXPECT_EQ(Resolve("+.25").number, 0.25);
  EXPECT_EQ(Resolve("9223372036854775808").number, 9223372036854775808.0);
}

TEST(PlainScalar, IsRefusedWhereReadersDisagree) {
  for (const char* text :
       {"yes",   "Yes",     "YES",  "no",    "No",    "NO",   "on",   "On",    "ON",     "off",   "Off",  "OFF",
        "y",     "Y",       "n",    "N",     "010",   "-07",  "00.5", "0x1F",  "0X1f",   "-0x1",  "0o17", "0b101",
        "1_000", "1_000.5", ".inf", "-.INF", "+.Inf", ".nan", ".NaN", "1e999", "-1e999", "1e-999"}) {
    EXPECT_EQ(Resolve(text).kind, Node::Kind::kRefused) << text;
  }
}

}  // namespace
}  // namespace eoa::api
