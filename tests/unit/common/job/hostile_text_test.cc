// Text that is meant to hurt: it gets an error, soon.
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/job/read_job.h"
#include "tests/unit/common/job/job_text.h"

namespace eoa::api {
namespace {

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// The only mistake's message, or all of them; fails when reading takes longer than people wait.
std::string Refusal(const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  const JobOutcome outcome = ReadJob(text);
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_LT(taken, std::chrono::seconds(10));
  EXPECT_FALSE(outcome.job.has_value());
  EXPECT_FALSE(outcome.mistakes.empty());
  EXPECT_LE(outcome.mistakes.size(), kMaxMistakes);
  std::string all;
  for (const Mistake& mistake : outcome.mistakes) all += mistake.message + "\n";
  return all;
}

TEST(HostileText, OfTooManyBytesIsRefusedUnread) {
  EXPECT_THAT(Refusal(std::string(100 << 20, ' ')), testing::HasSubstr("104857600 bytes; at most 1048576"));
}

TEST(HostileText, ThatIsEmptyIsNamedSo) {
  EXPECT_THAT(Refusal(""), testing::HasSubstr("empty"));
  EXPECT_THAT(Refusal("# nothing\n"), testing::HasSubstr("empty"));
  EXPECT_THAT(Refusal("---\n...\n"), testing::HasSubstr("empty"));
}

TEST(HostileText, ThatIsNotAMappingIsRefused) {
  EXPECT_THAT(Refusal("hello"), testing::HasSubstr("not a string"));
  EXPECT_THAT(Refusal("[1, 2]"), testing::HasSubstr("not a list"));
  EXPECT_THAT(Refusal("3"), testing::HasSubstr("not an integer"));
}

TEST(HostileText, NestedDeeplyIsRefused) {
  for (const std::string& text :
       {Repeat("[", 500'000), Repeat("{a: ", 200'000), Repeat("- ", 400'000), Repeat("? ", 400'000)}) {
    EXPECT_THAT(Refusal(text), testing::AnyOf(testing::HasSubstr("nested deeper than 64"),
                                              testing::HasSubstr("plain word"), testing::HasSubstr("not YAML")));
  }
  EXPECT_THAT(Refusal(JobText({{12, "  template: " + Repeat("{a: ", 70) + Repeat("}", 70)}})),
              testing::HasSubstr("nested deeper"));
}

TEST(HostileText, OfManyValuesIsRefused) {
  EXPECT_THAT(Refusal(JobText({{12, "  template: {a: [" + Repeat("1,", 300'000) + "]}"}})),
              testing::HasSubstr("more than 20000 values"));
}

TEST(HostileText, WithAnAliasBombIsRefused) {
  EXPECT_THAT(Refusal("a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n"),
              testing::HasSubstr("aliases"));
}

TEST(HostileText, OfManyMistakesNamesTheFirstHundred) {
  std::string text = JobText();
  for (int i = 0; i < 5000; ++i) text += "  unknown" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(ReadJob(text).mistakes.size(), kMaxMistakes);
}

TEST(HostileText, ThatIsNotUtf8NamesItsLine) {
  const JobOutcome outcome = ReadJob(JobText({{4, "  name: caf\xe9"}}));
  ASSERT_EQ(outcome.mistakes.size(), 1U);
  EXPECT_EQ(outcome.mistakes[0].mark.line, 4);
  EXPECT_THAT(outcome.mistakes[0].message, testing::HasSubstr("not UTF-8"));
  EXPECT_THAT(Refusal("\xff\xfe" + std::string("a\0:\0", 4)), testing::HasSubstr("not UTF-8"));
}

TEST(HostileText, WithControlCharactersIsRefusedAndPrintedHarmless) {
  EXPECT_THAT(Refusal(JobText({{4, std::string("  name: a\0b", 11)}})), testing::HasSubstr("control characters"));
  const JobOutcome outcome = ReadJob(JobText({{8, "    dataset: {name: cifar10, path: \"\\e[2Jgone\\r\\n\"}"}}));
  ASSERT_EQ(outcome.mistakes.size(), 1U);
  const std::string line = ToString(outcome.mistakes[0], "job.yaml");
  EXPECT_THAT(line, testing::HasSubstr("\\u001b[2Jgone\\r\\n"));
  EXPECT_THAT(line, testing::Not(testing::HasSubstr("\x1b")));
}

TEST(HostileText, WithLineSeparatorsThatJsonWouldPrintRawIsRefused) {
  EXPECT_THAT(Refusal(JobText({{12, "  template: {a: \"b\\L\"}"}})), testing::HasSubstr("control character"));
  EXPECT_THAT(Refusal(JobText({{12, "  template: {\"b\\x85\": 1}"}})), testing::HasSubstr("control character"));
}

TEST(HostileText, WithLongWordsIsShortened) {
  const JobOutcome outcome = ReadJob(JobText({{2, "kind: " + std::string(500'000, 'x')}}));
  ASSERT_EQ(outcome.mistakes.size(), 1U);
  EXPECT_LT(ToString(outcome.mistakes[0], "job.yaml").size(), 300U);
}

TEST(HostileText, WithLongFieldNamesIsRefused) {
  EXPECT_THAT(Refusal(JobText({{12, "  template: {" + std::string(300, 'k') + ": 1}"}})),
              testing::HasSubstr("256 bytes"));
}

}  // namespace
}  // namespace eoa::api
