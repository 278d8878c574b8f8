#include "common/words/word.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/words/conditions.h"
#include "common/words/exit_code.h"
#include "common/words/labels.h"
#include "common/words/phases.h"
#include "common/words/refusals.h"

namespace eoa {
namespace {

using testing::ElementsAre;

enum class Shape { kRound, kVeryFlat };
constexpr auto WordsOf(Shape) { return Words<Shape>("Round", "very-flat"); }

// What makes a wrong table fail to compile.
static_assert(words_internal::IsEnumerator<Shape::kVeryFlat>() && !words_internal::IsEnumerator<Shape{2}>());
static_assert(words_internal::Names<Shape::kVeryFlat>("VeryFlat"));
static_assert(!words_internal::Names<Shape::kVeryFlat>("Round") && !words_internal::Names<Shape::kVeryFlat>("Very"));
static_assert(!words_internal::Names<Shape::kRound>("Rounded") && !words_internal::Names<Shape::kRound>(""));

TEST(Word, AValueHasOneWordAndTheWordTheValue) {
  EXPECT_EQ(ToWord(Shape::kVeryFlat), "very-flat");
  EXPECT_EQ(FromWord<Shape>("very-flat"), Shape::kVeryFlat);
  EXPECT_EQ(FromWord<Shape>("Very-Flat"), std::nullopt);
  EXPECT_EQ(FromWord<Shape>(""), std::nullopt);
  EXPECT_THAT(kWords<Shape>, ElementsAre("Round", "very-flat"));
  EXPECT_THAT(kValues<Shape>, ElementsAre(Shape::kRound, Shape::kVeryFlat));
}

TEST(Word, WordsAreListedAsAPersonWould) {
  EXPECT_EQ(JoinWords(kWords<Shape>), "Round or very-flat");
  EXPECT_EQ(JoinWords(kWords<ClosedBy>), "All, Quorum, Deadline or Async");
  EXPECT_EQ(JoinWords(kWords<ClosedBy>, ", "), "All, Quorum, Deadline, Async");
}

TEST(ExitCode, OnlyBadConfigurationDataAndNumbersAreHopeless) {
  for (int code = 0; code < 256; ++code) EXPECT_EQ(IsHopeless(code), code >= 64 && code <= 66) << code;
}

}  // namespace
}  // namespace eoa
