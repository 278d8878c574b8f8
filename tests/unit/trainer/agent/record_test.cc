#include "trainer/agent/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stored_file.h"
#include "tests/unit/trainer/agent/agent_fixture.h"

namespace eoa::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Record FullRecord() {
  Record record;
  record.job_uid = "uid-1";
  record.checkpoints = {2, 3};
  record.rates = {{2, {0.1, 1.0 / 3}}, {3, {1e-6, 0.2}}};
  record.last_decision = DecisionOf(2);
  record.weights = {{2, "/pod/weights-2", 0xfedcba98U}};
  record.finished.emplace();
  record.finished->attempt = 3;
  record.finished->succeeded = false;
  record.finished->error = "why";
  return record;
}

TEST(AgentRecord, ReadsBackWhatWasWritten) {
  const Record written = FullRecord();
  const Result<Record> read = RecordFromText(RecordToText(written));
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->job_uid, "uid-1");
  EXPECT_EQ(read->checkpoints, written.checkpoints);
  EXPECT_EQ(read->rates, written.rates);
  ASSERT_EQ(read->weights.size(), 1U);
  EXPECT_EQ(read->weights[0].crc32, 0xfedcba98U);
  ASSERT_TRUE(read->last_decision.has_value());
  EXPECT_EQ(read->last_decision->elected.population, "wolves");
  ASSERT_TRUE(read->finished.has_value());
  EXPECT_FALSE(read->finished->succeeded);
  EXPECT_EQ(RecordToText(*read), RecordToText(written));
}

TEST(AgentRecord, NamesTheFieldThatIsWrong) {
  const Result<Record> no_rates = RecordFromText(R"({"version":1,"jobUid":"a","checkpoints":[],"weights":[]})");
  ASSERT_FALSE(no_rates.ok());
  EXPECT_EQ(no_rates.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(no_rates.error().message(), HasSubstr("rates"));
  EXPECT_FALSE(RecordFromText(R"({"version":2})").ok());
}

TEST(AgentRecord, OfVersion01IsReadAndWrittenTheSame) {
  for (const char* file : {"agent.json", "agent-at-start.json"}) {
    const std::string text = StoredFile(file);
    const Result<Record> read = RecordFromText(text);
    ASSERT_TRUE(read.ok()) << file << ": " << read.error().ToString();
    EXPECT_EQ(RecordToText(*read), text);
  }
}

TEST(AgentRecord, EveryCutIsNoticed) {
  const std::string text = RecordToText(FullRecord());
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(RecordFromText(text.substr(0, size)).ok()) << size;
  }
}

TEST(AgentRecord, KeepsCheckpointsWhoseFilesAreThereAndTheRatesTheyNeed) {
  Record record;
  record.rates = {{0, {0.1}}, {1, {0.2}}, {2, {0.3}}, {3, {0.4}}};
  for (const int generation : {1, 2, 2}) AddCheckpoint(record, generation, 0);
  EXPECT_THAT(record.checkpoints, ElementsAre(1, 2)) << "nobody has removed one";
  AddCheckpoint(record, 3, 2);
  EXPECT_THAT(record.checkpoints, ElementsAre(2, 3));
  EXPECT_FALSE(record.rates.contains(1));
  EXPECT_TRUE(record.rates.contains(2));
}

TEST(AgentRecord, WeightsOfAGenerationAreReplacedNotDoubled) {
  Record record;
  AddWeights(record, {1, "old", 1}, 2);
  AddWeights(record, {1, "new", 2}, 2);
  AddWeights(record, {2, "b", 3}, 2);
  AddWeights(record, {3, "c", 4}, 2);
  ASSERT_EQ(record.weights.size(), 2U);
  EXPECT_EQ(record.weights[0].generation, 2);
}

}  // namespace
}  // namespace eoa::agent
