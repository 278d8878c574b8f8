#include "trainer/config/worker_protocol.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stored_file.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

template <typename Message>
Message ThereAndBack(const Message& message) {
  if constexpr (std::is_constructible_v<ToWorker, Message>) {
    return std::get<Message>(DecodeToWorker(EncodeLine(ToWorker(message))).value());
  } else {
    return std::get<Message>(DecodeFromWorker(EncodeLine(FromWorker(message))).value());
  }
}

TEST(WorkerProtocol, AStartMessageArrivesWhole) {
  StartMessage start;
  start.job = {{"spec", {{"seed", 42}}}};
  start.population = "wolves";
  start.attempt = 3;
  start.member = 2;
  start.rank = 6;
  start.world_size = 8;
  start.store_host = "wolves-0.job";
  start.store_port = 12345;
  start.store_descriptor = 4;
  start.directory = "/checkpoints with spaces";
  start.resume_generation = 7;
  start.learning_rates = {0.1, 1.0 / 3};
  start.threads = 2;
  start.profile_steps = 7;
  start.profile_directory = "/traces";
  start.collective_timeout_seconds = 300;
  const StartMessage got = ThereAndBack(start);
  EXPECT_EQ(got.job, start.job);
  EXPECT_EQ(got.population, "wolves");
  EXPECT_EQ(got.attempt, 3);
  EXPECT_EQ(got.member, 2);
  EXPECT_EQ(got.rank, 6);
  EXPECT_EQ(got.world_size, 8);
  EXPECT_EQ(got.store_host, "wolves-0.job");
  EXPECT_EQ(got.store_port, 12345);
  EXPECT_EQ(got.store_descriptor, 4);
  EXPECT_EQ(got.directory, start.directory);
  EXPECT_EQ(got.resume_generation, 7);
  EXPECT_EQ(got.learning_rates, start.learning_rates);
  EXPECT_EQ(got.threads, 2);
  EXPECT_EQ(got.profile_steps, 7);
  EXPECT_EQ(got.profile_directory, "/traces");
  EXPECT_EQ(got.collective_timeout_seconds, 300);
}

TEST(WorkerProtocol, LearningRatesAndFitnessesArriveToTheLastBit) {
  NextMessage next;
  next.generation = 1;
  next.learning_rates = {0.1, 1e-300, std::nextafter(1.0, 2.0)};
  next.own_weight = 1.0 / 3;
  next.foreign = {{.file = "/a", .weight = 2.0 / 3}};
  const NextMessage got = ThereAndBack(next);
  EXPECT_EQ(got.learning_rates, next.learning_rates);
  EXPECT_EQ(got.own_weight, next.own_weight);
  EXPECT_EQ(got.foreign[0].weight, 2.0 / 3);
  GenerationEndMessage end;
  end.members = {{.member = 1, .learning_rate = 0.1, .fitness = 1.0 / 7, .train_loss = 2.3}};
  EXPECT_EQ(ThereAndBack(end).members[0].fitness, 1.0 / 7);
}

TEST(WorkerProtocol, ATestThatWasNotMeasuredStaysUnmeasured) {
  ResultMessage result;
  result.model = "/m";
  EXPECT_EQ(ThereAndBack(result).test_accuracy, std::nullopt);
  result.test_accuracy = 0.5;
  EXPECT_EQ(ThereAndBack(result).test_accuracy, 0.5);
}

TEST(WorkerProtocol, AChecksumUsesAll32Bits) {
  MergedMessage merged;
  merged.crc32 = 0xffffffffU;
  merged.bytes = std::uint64_t{1} << 40;
  EXPECT_EQ(ThereAndBack(merged).crc32, 0xffffffffU);
  EXPECT_EQ(ThereAndBack(merged).bytes, std::uint64_t{1} << 40);
}

TEST(WorkerProtocol, ALineNeverHoldsANewline) {
  const std::string line = EncodeLine(FromWorker(ErrorMessage{.code = "INTERNAL", .message = "two\nlines"}));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(std::get<ErrorMessage>(DecodeFromWorker(line).value()).message, "two\nlines");
}

// What has been added since stands beside what was there.
void ExpectTheSameFields(const Result<std::string>& written, const std::string& line) {
  ASSERT_TRUE(written.ok()) << line << ": " << written.error().ToString();
  const nlohmann::json before = nlohmann::json::parse(line);
  nlohmann::json now = nlohmann::json::parse(*written);
  for (auto field = now.begin(); field != now.end();) {
    field = before.contains(field.key()) ? std::next(field) : now.erase(field);
  }
  EXPECT_EQ(now, before);
}

TEST(WorkerProtocol, StoredLinesAreReadAndWrittenTheSame) {
  for (const std::string& line : StoredLines("to-worker.jsonl")) {
    const Result<ToWorker> message = DecodeToWorker(line);
    ExpectTheSameFields(message.ok() ? Result<std::string>(EncodeLine(*message)) : message.error(), line);
  }
  for (const std::string& line : StoredLines("from-worker.jsonl")) {
    const Result<FromWorker> message = DecodeFromWorker(line);
    ExpectTheSameFields(message.ok() ? Result<std::string>(EncodeLine(*message)) : message.error(), line);
  }
}

TEST(WorkerProtocol, WhatIsWrongWithALineIsNamed) {
  const auto why = [](const std::string& line) {
    const Result<ToWorker> message = DecodeToWorker(line);
    return message.ok() ? std::string("nothing") : message.error().message();
  };
  EXPECT_EQ(why(R"({"type":"stop"})"), "nothing");
  EXPECT_THAT(why("not JSON"), HasSubstr("JSON"));
  EXPECT_THAT(why(R"({"type":"dance"})"), HasSubstr("dance"));
  EXPECT_THAT(why(R"({"type":"finish","measureTest":1,"member":0})"), HasSubstr("measureTest"));
  EXPECT_THAT(why(R"({"type":"finish","measureTest":true})"), HasSubstr("member"));
  EXPECT_THAT(why(R"({"type":"next","generation":1,"learningRates":[-1],"ownWeight":1,"foreign":[]})"),
              HasSubstr("learningRates"));
  EXPECT_THAT(why(R"({"type":"next","generation":1,"learningRates":[],"ownWeight":2,"foreign":[]})"),
              HasSubstr("ownWeight"));
  EXPECT_NE(why(std::string(kMaxLineBytes + 1, ' ')), "nothing");
}

TEST(WorkerProtocol, APhaseThatNoWorkerHasIsRefusedWithThoseThatThereAre) {
  std::string line = EncodeLine(FromWorker(ProgressMessage{.phase = TrainerPhase::kExchanging}));
  ASSERT_TRUE(DecodeFromWorker(line).ok());
  line.replace(line.find("Exchanging"), 10, "Wondering");
  const Result<FromWorker> message = DecodeFromWorker(line);
  ASSERT_FALSE(message.ok());
  EXPECT_THAT(message.error().message(), HasSubstr("progress.phase must be Joining, Starting, "));
  EXPECT_THAT(message.error().message(), HasSubstr("not 'Wondering'"));
}

TEST(WorkerProtocol, AMessageOfTheOtherDirectionIsRefused) {
  EXPECT_FALSE(DecodeFromWorker(EncodeLine(ToWorker(StopMessage{}))).ok());
  EXPECT_FALSE(DecodeToWorker(EncodeLine(FromWorker(CheckpointedMessage{1}))).ok());
}

}  // namespace
}  // namespace eoa::train
