#include "common/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/json_access.h"
#include "common/base/json_guard.h"

namespace eoa {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow{std::chrono::milliseconds(1'769'860'800'123)};

std::string Text(std::string_view message, std::initializer_list<LogField> fields = {}) {
  return FormatLogLine({}, kNow, LogLevel::kInfo, message, fields);
}

TEST(LogTest, WritesOneReadableLine) {
  EXPECT_EQ(Text("population joined", {{"population", "wolves"}, {"attempt", "2"}}),
            "2026-01-31T12:00:00.123Z INFO population joined population=wolves attempt=2");
}

TEST(LogTest, NamesTheProgramWhenThereIsOne) {
  EXPECT_EQ(FormatLogLine({.program = "eoa"}, kNow, LogLevel::kError, "gone", {}),
            "2026-01-31T12:00:00.123Z ERROR eoa: gone");
}

TEST(LogTest, QuotesValuesThatWouldBeAmbiguous) {
  EXPECT_THAT(Text("m", {{"a", "two words"}}), HasSubstr(R"(a="two words")"));
  EXPECT_THAT(Text("m", {{"a", ""}}), HasSubstr(R"(a="")"));
  EXPECT_THAT(Text("m", {{"a", "x=y"}}), HasSubstr(R"(a="x=y")"));
  EXPECT_THAT(Text("m", {{"a", R"(say "hi")"}}), HasSubstr(R"(a="say \"hi\"")"));
}

TEST(LogTest, LetsNoPeerForgeALineOrMoveTheCursor) {
  for (const std::string& hostile : {std::string("x\n2026-01-31T12:00:00.123Z INFO all is well"),
                                     std::string("\r\x1b[2J"), std::string("a\0b", 3), std::string("\x7f"),
                                     std::string("\xc2\x9b"
                                                 "2J"),
                                     std::string("\xff\xfe"), std::string("\xe2\x80\xa8")}) {
    for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
      const std::string line =
          FormatLogLine({.format = format, .program = {}}, kNow, LogLevel::kInfo, hostile, {{"field", hostile}});
      for (const char c : line) {
        EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
        EXPECT_NE(c, '\x7f') << line;
      }
      EXPECT_THAT(line, Not(HasSubstr("\xc2\x9b")));
      EXPECT_THAT(line, Not(HasSubstr("\xff")));
    }
  }
}

TEST(LogTest, KeepsOtherLanguagesReadable) {
  EXPECT_THAT(Text("grüße 世界", {{"a", "é"}}), HasSubstr("grüße 世界 a=\"é\""));
}

TEST(LogTest, WritesJsonThatReadsBack) {
  const std::string line = FormatLogLine({.format = LogFormat::kJson, .program = "eoa"}, kNow, LogLevel::kWarning,
                                         "two\nlines", {{"n", "1"}});
  const auto parsed = ParseJson(line);
  ASSERT_TRUE(parsed.ok()) << line;
  EXPECT_EQ(TextAt(*parsed, "message"), "two\nlines");
  EXPECT_EQ(TextAt(*parsed, "level"), "WARNING");
  EXPECT_EQ(TextAt(*parsed, "program"), "eoa");
  EXPECT_EQ(TextAt(*parsed, "n"), "1");
  EXPECT_EQ(TextAt(*parsed, "time"), "2026-01-31T12:00:00.123Z");
}

TEST(LogTest, WritesWhatIsAtLeastOfTheMinimumLevel) {
  ConfigureLog({.minimum = LogLevel::kWarning, .program = {}});
  testing::internal::CaptureStderr();
  Log(LogLevel::kInfo, "quiet");
  Log(LogLevel::kError, "loud");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kError));
  ConfigureLog({});
  EXPECT_THAT(written, Not(HasSubstr("quiet")));
  EXPECT_THAT(written, testing::EndsWith("ERROR loud\n"));
}

}  // namespace
}  // namespace eoa
