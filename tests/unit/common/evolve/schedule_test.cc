#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/evolve/rates.h"

namespace eoa::evolve {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kHeader = "generation,population,member,learning_rate,fitness,train_loss,elected,baseline\n";

std::string ErrorOf(const std::string& csv) {
  const Result<std::vector<double>> rates = ParseSchedule(csv);
  return rates.ok() ? "" : rates.error().message();
}

TEST(ParseSchedule, TakesTheElectedPath) {
  EXPECT_THAT(*ParseSchedule(kHeader + "0,wolves,0,0.8,0.3,2.1,0,0.4\n"
                                       "0,whales,1,0.4,0.35,2.0,1,0.4\n"
                                       "1,wolves,0,0.25,0.5,1.5,1,0.25\n"),
              ElementsAre(0.4, 0.25));
}

TEST(ParseSchedule, ColumnsMayComeInAnyOrderAndLinesEndEitherWay) {
  EXPECT_THAT(*ParseSchedule("elected,fitness,learning_rate,generation\r\n1,0.5,0.1,0\r\n1,0.5,0.05,1\r\n\r\n"),
              ElementsAre(0.1, 0.05));
}

TEST(ParseSchedule, OfSeveralElectedRowsOfAGenerationTheOneAnElectionWouldChooseCounts) {
  EXPECT_THAT(*ParseSchedule(kHeader + "0,wolves,0,0.8,0.3,2.1,1,0.4\n"
                                       "0,whales,1,0.4,0.35,2.0,1,0.4\n"
                                       "0,whales,2,0.5,0.35,2.0,1,0.4\n"),
              ElementsAre(0.4));
}

TEST(ParseSchedule, TakesWhatTrainedTheModelAndLeavesTheProbeOut) {
  const std::string header = "generation,learning_rate,fitness,elected,trained\n";
  EXPECT_THAT(*ParseSchedule(header + "0,9,0.1,1,\n1,0.4,0.3,1,0.3\n1,0.2,0.2,0,0.3\n2,0.1,0.3,1,0.2\n"),
              ElementsAre(0.3, 0.2));
  EXPECT_THAT(ErrorOf(header + "0,0.4,0.3,1,0.3\n1,0.1,0.3,1,\n"), HasSubstr("generation 1 has no number"));
  EXPECT_THAT(ErrorOf(header + "0,0.4,0.3,1,\n"), HasSubstr("no generation that trains"));
}

TEST(ParseSchedule, AGenerationInWhichAnOlderReportStayedElectedKeepsItsRate) {
  EXPECT_THAT(*ParseSchedule(kHeader + "0,wolves,0,0.8,0.9,2.1,1,0.8\n"
                                       "1,wolves,0,0.4,0.35,2.0,0,0.8\n"
                                       "2,wolves,0,0.3,0.95,2.0,1,0.3\n"),
              ElementsAre(0.8, 0.8, 0.3));
}

TEST(ParseSchedule, TextThatIsNoScheduleIsRefusedWithItsLine) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("\n\n"), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("epoch,lr\n0,0.1\n"), AllOf(HasSubstr("line 1"), HasSubstr("no column 'generation'")));
  EXPECT_THAT(ErrorOf(kHeader), HasSubstr("no generation that trains"));
  EXPECT_THAT(ErrorOf(kHeader + "0,wolves,0\n"), AllOf(HasSubstr("line 2"), HasSubstr("3 fields; the header has 8")));
  EXPECT_THAT(ErrorOf(kHeader + "0,w,0,fast,0.3,2,1,0.4\n"), AllOf(HasSubstr("line 2"), HasSubstr("'fast'")));
  EXPECT_THAT(ErrorOf(kHeader + "0,w,0,nan,0.3,2,1,0.4\n"), HasSubstr("line 2"));
  EXPECT_THAT(ErrorOf(kHeader + "0,w,0,-0.1,0.3,2,1,0.4\n"), HasSubstr("negative"));
  EXPECT_THAT(ErrorOf(kHeader + "0,w,0,0.1,0.3,2,yes,0.4\n"), HasSubstr("not 0 or 1"));
  EXPECT_THAT(ErrorOf(kHeader + "0.5,w,0,0.1,0.3,2,1,0.4\n"), HasSubstr("'0.5'"));
}

TEST(ParseSchedule, EveryGenerationMustBeThere) {
  EXPECT_THAT(ErrorOf(kHeader + "0,w,0,0.1,0.3,2,1,0.4\n2,w,0,0.1,0.3,2,1,0.4\n"),
              AllOf(HasSubstr("generation 2"), HasSubstr("generation 1 is expected")));
  EXPECT_THAT(ErrorOf(kHeader + "-1,w,0,0.1,0.3,2,1,0.4\n"), HasSubstr("generation -1"));
  EXPECT_THAT(ErrorOf(kHeader + "0,w,0,0.1,0.3,2,0,0.4\n"), HasSubstr("generation 0 is marked as elected"));
}

}  // namespace
}  // namespace eoa::evolve
