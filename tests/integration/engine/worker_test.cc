// Workers as real processes: what a population computes, and what it leaves on disk.
#include <cmath>
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/checksum.h"
#include "common/base/file_system.h"
#include "tests/integration/engine/test_world.h"
#include "trainer/checkpoint/safetensors.h"

namespace eoa::train {
namespace {

using ::testing::HasSubstr;

std::string WeightsAt(const TestWorld& world, int generation, int member = 0, int population = 0) {
  return ReadBytes(world.PodDirectory(population, member) + "/checkpoint-" + std::to_string(generation) +
                   ".weights.safetensors");
}

void PlayAll(TestWorld& world, const api::Job& job, int from = 0) {
  for (int generation = from; generation < job.spec.ecosphere.generations; ++generation) {
    world.PlayGeneration(generation, 0.1 / (generation + 1));
  }
}

TEST(Worker, TrainsAloneAndLeavesAModelThatOtherToolsRead) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(1, 2);
  TestWorld world(job, directory.path());
  const auto reports = world.PlayGeneration(0, 0.05);
  ASSERT_EQ(reports[0].members.size(), 1U);
  EXPECT_EQ(reports[0].members[0].learning_rate, 0.1);
  EXPECT_GT(reports[0].members[0].train_loss, 0.5);
  EXPECT_GT(reports[0].images_per_second, 0);
  EXPECT_EQ(world.PlayGeneration(1, 0.05)[0].members[0].learning_rate, 0.05);
  const auto results = world.PlayFinish();
  EXPECT_EQ(results[0].test_images, 1000);
  const std::string bytes = ReadBytes(results[0].model);
  const Result<Safetensors> model = ParseSafetensors(bytes);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  EXPECT_EQ(model->metadata.at("generation"), "2");
  EXPECT_THAT(model->metadata.at("classes"), HasSubstr("airplane"));
  EXPECT_GT(model->arrays.size(), 30U);
}

TEST(Worker, MembersOfAPopulationHaveEqualWeightsAfterAMerge) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(3, 1);
  TestWorld world(job, directory.path());
  world.PlayGeneration(0, 0.1);
  world.PlayFinish();
  EXPECT_EQ(WeightsAt(world, 1, 0), WeightsAt(world, 1, 1));
  EXPECT_EQ(WeightsAt(world, 1, 0), WeightsAt(world, 1, 2));
}

TEST(Worker, TheSameSeedGivesTheSameBitsTwice) {
  const api::Job job = SmallJob(3, 2);
  std::vector<std::string> weights;
  for (int run = 0; run < 2; ++run) {
    const TemporaryDirectory directory;
    TestWorld world(job, directory.path());
    PlayAll(world, job);
    world.PlayFinish();
    weights.push_back(WeightsAt(world, 2));
  }
  EXPECT_EQ(weights[0], weights[1]);
}

// A run that is killed after generation 0 and resumed ends with the weights of one that is not. `rates`: of generation 0.
void ExpectAResumedRunGoesOnBitForBit(const api::Job& job, const std::vector<double>& rates = {}) {
  const int generations = job.spec.ecosphere.generations;
  const TemporaryDirectory uninterrupted;
  TestWorld whole(job, uninterrupted.path(), 0, rates);
  PlayAll(whole, job);
  whole.PlayFinish();

  const TemporaryDirectory interrupted;
  {
    TestWorld first(job, interrupted.path(), 0, rates);
    first.PlayGeneration(0, 0.1);
    for (TestWorker* worker : first.all()) EXPECT_EQ(worker->Await<CheckpointedMessage>().generation, 1);
    for (TestWorker* worker : first.all()) worker->Kill(SIGKILL);
  }
  TestWorld second(job, interrupted.path(), /*resume_generation=*/1);
  PlayAll(second, job, /*from=*/1);
  second.PlayFinish();
  EXPECT_EQ(WeightsAt(whole, generations), WeightsAt(second, generations));
}

// Momentum, SAM's perturbation, dropout, data order and the rounding of averaged gradients (three members: the order of
// the sum matters) must all be as if nothing had happened.
TEST(Worker, AResumedRunGoesOnBitForBit) {
  api::Job job = SmallJob(3, 3);
  job.spec.trainer.optimizer.name = api::Optimizer::kAsam;
  job.spec.trainer.model.dropout = 0.1;
  ExpectAResumedRunGoesOnBitForBit(job);
}

// ---- probe generations: two trials of one step each, and one step's images that are passed over ----

api::Job ProbingJob(int generations) {
  api::Job job = SmallJob(2, generations);
  job.spec.ecosphere.probe_generations = 1;
  job.spec.populations[0].algorithm.name = api::Algorithm::kWhale;
  return job;
}

TEST(Worker, AProbeTriesEachRateFromTheInitialWeightsAndForgetsWhatItTrained) {
  std::vector<std::string> weights;
  std::vector<GenerationEndMessage> reports;
  for (const double other : {0.3, 1e39}) {
    const TemporaryDirectory directory;
    TestWorld world(ProbingJob(1 + 1), directory.path(), 0, {0.01, other});
    reports.push_back(world.PlayGeneration(0, 0.1)[0]);
    world.PlayGeneration(1, 0.1);
    world.PlayFinish();
    weights.push_back(WeightsAt(world, 1));
  }
  EXPECT_EQ(weights[0], weights[1]);
  EXPECT_EQ(reports[0].members[0].fitness_loss, reports[1].members[0].fitness_loss);
  EXPECT_NE(reports[0].members[0].fitness_loss, reports[0].members[1].fitness_loss);
  EXPECT_EQ(reports[1].members[1].fitness_loss, std::nullopt) << "it diverged";
  EXPECT_EQ(reports[1].members[1].fitness, 0);
}

TEST(Worker, AfterAProbeAResumedRunGoesOnBitForBit) { ExpectAResumedRunGoesOnBitForBit(ProbingJob(2), {0.01, 0.3}); }

TEST(Worker, ResumesAfterTheLastGenerationToGiveTheResultAgain) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(2, 1);
  TestWorld first(job, directory.path());
  PlayAll(first, job);
  const ResultMessage before = first.PlayFinish()[0];
  TestWorld again(job, directory.path(), /*resume_generation=*/1);
  const ResultMessage after = again.PlayFinish()[0];
  EXPECT_EQ(before.test_accuracy, after.test_accuracy);
  EXPECT_EQ(before.test_loss, after.test_loss);
}

TEST(Worker, KeepsOneCheckpointMoreThanAskedForAndNoOlderOnes) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(1, 4);
  job.spec.checkpoint.keep = 1;
  TestWorld world(job, directory.path());
  PlayAll(world, job);
  world.PlayFinish();
  const auto exists = [&](int generation) {
    return RealFileSystem().Exists(world.PodDirectory(0, 0) + "/checkpoint-" + std::to_string(generation) +
                                   ".weights.json");
  };
  EXPECT_FALSE(exists(2));
  EXPECT_TRUE(exists(3));
  EXPECT_TRUE(exists(4));
}

// A disk that is full, read-only or gone for a while. The peers keep what the world would resume from.
TEST(Worker, ACheckpointThatCannotBeWrittenIsLeftOutAndTheOneBeforeStands) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(2, 4);
  job.spec.checkpoint.keep = 1;
  TestWorld world(job, directory.path());
  world.PlayGeneration(0, 0.1);
  for (TestWorker* worker : world.all()) EXPECT_EQ(worker->Await<CheckpointedMessage>().generation, 1);
  const std::string disk = world.PodDirectory(0, 1);
  std::filesystem::rename(disk, disk + "-away");
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(disk, "no folder").ok());
  world.PlayGeneration(1, 0.1);
  world.PlayGeneration(2, 0.1);
  while (world.worker(0, 1).Await<ProgressMessage>().checkpoint_failures == 0) {
  }
  EXPECT_TRUE(RealFileSystem().Exists(world.PodDirectory(0, 0) + "/checkpoint-1.weights.json"));
  std::filesystem::remove(disk);
  std::filesystem::rename(disk + "-away", disk);
  world.PlayGeneration(3, 0.1);
  world.PlayFinish();
  EXPECT_TRUE(RealFileSystem().Exists(disk + "/checkpoint-4.weights.json"));
  EXPECT_FALSE(RealFileSystem().Exists(world.PodDirectory(0, 0) + "/checkpoint-1.weights.json"));
}

TEST(Worker, StoppedBetweenTwoCheckpointsItKeepsTheNewestGenerationAndGoesOnBitForBit) {
  api::Job job = SmallJob(2, 3);
  job.spec.checkpoint.every_generations = 10;
  const TemporaryDirectory uninterrupted;
  TestWorld whole(job, uninterrupted.path());
  PlayAll(whole, job);
  whole.PlayFinish();

  const TemporaryDirectory stopped;
  {
    TestWorld first(job, stopped.path());
    first.PlayGeneration(0, 0.1);
    first.PlayGeneration(1, 0.1 / 2);
    for (TestWorker* worker : first.all()) {
      while (worker->Await<ProgressMessage>().generation != 2) {
      }
    }
    for (TestWorker* worker : first.all()) worker->Tell(StopMessage{});
    for (TestWorker* worker : first.all()) {
      EXPECT_EQ(worker->Await<CheckpointedMessage>().generation, 2);
      worker->AwaitExit();
    }
  }
  TestWorld second(job, stopped.path(), /*resume_generation=*/2, {0.05, 0.05});
  PlayAll(second, job, /*from=*/2);
  second.PlayFinish();
  EXPECT_EQ(WeightsAt(whole, 3), WeightsAt(second, 3));
}

TEST(Worker, ADamagedCheckpointIsRefusedByNameAndGivenUp) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(1, 2);
  {
    TestWorld first(job, directory.path());
    first.PlayGeneration(0, 0.1);
    first.leader().Await<CheckpointedMessage>();
    first.leader().Kill(SIGKILL);
  }
  const std::string path = directory.path() + "/wolves-0/checkpoint-1.weights.safetensors";
  std::string bytes = ReadBytes(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(path, bytes).ok());
  TestWorld second(job, directory.path(), /*resume_generation=*/1);
  EXPECT_EQ(second.leader().Await<CheckpointLostMessage>().generation, 1);
  EXPECT_THAT(second.leader().Errors(), HasSubstr("checkpoint-1.weights: its checksum is wrong"));
  EXPECT_EQ(second.leader().AwaitExit().code, static_cast<int>(ExitCode::kStartOver));
}

TEST(Worker, ACheckpointOfAnotherJobModelOrFormatIsRefusedWithWhatDiffersAndKept) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(1, 2);
  {
    TestWorld first(job, directory.path());
    first.PlayGeneration(0, 0.1);
    first.leader().Await<CheckpointedMessage>();
    first.leader().Kill(SIGKILL);
  }
  const std::string stem = directory.path() + "/wolves-0/checkpoint-1.weights";
  const std::string weights = ReadBytes(stem + ".safetensors");
  const auto refused = [&](const api::Job& other, const std::string& why) {
    TestWorld second(other, directory.path(), /*resume_generation=*/1);
    EXPECT_THAT(second.leader().Errors(), HasSubstr(why));
    EXPECT_EQ(second.leader().AwaitExit().code, static_cast<int>(ExitCode::kBadConfiguration));
    EXPECT_EQ(ReadBytes(stem + ".safetensors"), weights);
  };
  api::Job other = job;
  other.metadata.uid = "another";
  refused(other, "its jobUid is '', this job's 'another'");
  other = job;
  other.spec.trainer.model.name = "wrn-16-1";
  refused(other, "its model is 'wrn-10-1', this job's 'wrn-16-1'");
  std::string manifest = ReadBytes(stem + ".json");
  const std::string format = "\"format\": 1";
  ASSERT_NE(manifest.find(format), std::string::npos) << manifest;
  manifest.replace(manifest.find(format), format.size(), "\"format\": 2");
  ASSERT_TRUE(RealFileSystem().WriteFileAtomically(stem + ".json", manifest).ok());
  refused(job, "has format 2, this version reads 1");
}

TEST(Worker, WhenAMemberDiesItsPeersSaySoAndExitForARetry) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(3, 1);
  job.spec.ecosphere.generation_steps = 1'000'000;
  TestWorld world(job, directory.path());
  for (TestWorker* worker : world.all()) {
    while (worker->Await<ProgressMessage>().phase != TrainerPhase::kTraining) {
    }
  }
  world.worker(0, 1).Kill(SIGKILL);
  for (const int member : {0, 2}) {
    EXPECT_THAT(world.worker(0, member).Errors(), HasSubstr("UNAVAILABLE"));
    EXPECT_EQ(world.worker(0, member).AwaitExit().code, static_cast<int>(ExitCode::kPeerLost));
  }
}

TEST(Worker, StopsWithinASecondWhileItTrains) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(2, 1);
  job.spec.ecosphere.generation_steps = 1'000'000;
  TestWorld world(job, directory.path());
  while (world.leader().Await<ProgressMessage>().phase != TrainerPhase::kTraining) {
  }
  const auto begin = std::chrono::steady_clock::now();
  for (TestWorker* worker : world.all()) worker->Tell(StopMessage{});
  EXPECT_TRUE(world.leader().AwaitExit().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(Worker, EndsWithItsAgent) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(1, 1);
  job.spec.ecosphere.generation_steps = 1'000'000;
  TestWorld world(job, directory.path());
  while (world.leader().Await<ProgressMessage>().phase != TrainerPhase::kTraining) {
  }
  world.leader().CloseChannel();
  EXPECT_EQ(world.leader().AwaitExit().code, static_cast<int>(ExitCode::kInternal));
}

// ---- merging ----

TEST(Worker, BestGivesEveryMemberTheElectedsWeights) {
  api::Job job = SmallJob(2, 1);
  job.spec.ecosphere.weight_merge = api::WeightMerge::kBest;
  std::vector<std::string> weights;
  for (const int elected : {0, 1}) {
    const TemporaryDirectory directory;
    TestWorld world(job, directory.path(), 0, {0.1, 0.4});
    world.leader().Tell(MergeMessage{.generation = 0, .population = "wolves", .member = elected});
    world.PlayGeneration(0, 0.1);
    world.PlayFinish();
    EXPECT_EQ(WeightsAt(world, 1, 0), WeightsAt(world, 1, 1));
    weights.push_back(WeightsAt(world, 1));
  }
  EXPECT_NE(weights[0], weights[1]);
}

TEST(Worker, NoneKeepsEveryMembersOwnWeightsAndTestsTheChosenOnes) {
  api::Job job = SmallJob(2, 1);
  job.spec.ecosphere.weight_merge = api::WeightMerge::kNone;
  const TemporaryDirectory directory;
  TestWorld world(job, directory.path(), 0, {0.1, 0.4});
  world.PlayGeneration(0, 0.1);
  const ResultMessage result = world.PlayFinish(/*member=*/1)[0];
  const std::string own = ReadBytes(world.PodDirectory(0, 0) + "/checkpoint-1.weights-0.safetensors");
  const std::string others = ReadBytes(world.PodDirectory(0, 1) + "/checkpoint-1.weights-1.safetensors");
  const std::string chosen = ReadBytes(result.model);
  const auto first_array = [](const std::string& bytes) {
    return std::string(ParseSafetensors(bytes).value().arrays.front().data);
  };
  EXPECT_NE(first_array(own), first_array(others));
  EXPECT_EQ(first_array(chosen), first_array(others));
}

TEST(Worker, OneWorldOverAllPopulationsMergesAllOfThem) {
  api::Job job = SmallJob(2, 1);
  job.spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
  job.spec.populations.push_back(job.spec.populations.front());
  job.spec.populations.back().name = "whales";
  const TemporaryDirectory directory;
  TestWorld world(job, directory.path());
  const auto reports = world.PlayGeneration(0, 0.1);
  EXPECT_EQ(reports[0].members.size(), 2U);
  EXPECT_EQ(reports[1].members.size(), 2U);
  world.PlayFinish();
  const auto arrays = [](const std::string& bytes) {
    std::string all;
    const Safetensors file = ParseSafetensors(bytes).value();
    for (const NamedArray& array : file.arrays) all += array.data;
    return all;
  };
  const std::string expected = arrays(WeightsAt(world, 1, 0, 0));
  EXPECT_EQ(arrays(WeightsAt(world, 1, 1, 0)), expected);
  EXPECT_EQ(arrays(WeightsAt(world, 1, 0, 1)), expected);
  EXPECT_EQ(arrays(WeightsAt(world, 1, 1, 1)), expected);
}

// Two populations of one member each: each a world without a network.
TEST(Worker, MixesInOtherPopulationsWeightsByTheSharesItIsTold) {
  api::Job job = SmallJob(1, 1);
  job.spec.populations.push_back(job.spec.populations.front());
  job.spec.populations.back().name = "whales";
  const TemporaryDirectory directory;
  TestWorld world(job, directory.path());
  world.leader(0).Await<GenerationEndMessage>();
  world.leader(1).Await<GenerationEndMessage>();
  const MergedMessage wolves = world.leader(0).Await<MergedMessage>();
  const MergedMessage whales = world.leader(1).Await<MergedMessage>();
  NextMessage next;
  next.generation = 1;
  next.own_weight = 0.25;
  next.foreign = {{.file = whales.file, .weight = 0.75}};
  world.leader(0).Tell(next);
  next.foreign = {{.file = wolves.file, .weight = 0.75}};
  world.leader(1).Tell(next);
  world.PlayFinish();
  const std::string own = ReadBytes(wolves.file);
  const std::string other = ReadBytes(whales.file);
  const std::string mixed = WeightsAt(world, 1, 0, 0);
  EXPECT_EQ(wolves.crc32, Crc32(own));
  const auto first = [](const std::string& bytes) {
    float value = 0;
    std::memcpy(&value, ParseSafetensors(bytes).value().arrays.front().data.data(), sizeof value);
    return value;
  };
  EXPECT_NE(first(own), first(other));
  EXPECT_FLOAT_EQ(first(mixed), 0.25F * first(own) + 0.75F * first(other));
}

// ---- what goes wrong in training ----

TEST(Worker, ADivergedMemberIsLeftOutAndTheOthersGoOn) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(2, 2);
  TestWorld world(job, directory.path(), 0, {0.1, 1e39});
  const GenerationEndMessage report = world.PlayGeneration(0, 0.1)[0];
  EXPECT_EQ(report.members[1].fitness, 0);
  EXPECT_GT(report.members[0].fitness, 0);
  EXPECT_TRUE(std::isfinite(report.members[1].train_loss));
  const GenerationEndMessage second = world.PlayGeneration(1, 0.1)[0];
  EXPECT_GT(second.members[1].fitness, 0);
  world.PlayFinish();
}

TEST(Worker, WhenAllMembersDivergeTheJobIsNotRetried) {
  const TemporaryDirectory directory;
  const api::Job job = SmallJob(2, 1);
  TestWorld world(job, directory.path(), 0, {1e39, 1e39});
  EXPECT_THAT(world.leader().Errors(), HasSubstr("all members have diverged in generation 0"));
  EXPECT_EQ(world.leader().AwaitExit().code, static_cast<int>(ExitCode::kNotFinite));
}

TEST(Worker, MissingDataEndsItWithTheFieldsName) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(1, 1);
  job.spec.trainer.dataset.path = directory.path() + "/nowhere";
  TestWorld world(job, directory.path());
  EXPECT_THAT(world.leader().Errors(), HasSubstr("dataset.path"));
  EXPECT_EQ(world.leader().AwaitExit().code, static_cast<int>(ExitCode::kBadData));
}

TEST(Worker, ABatchThatNoMemberCanFillIsRefusedWithTheReason) {
  const TemporaryDirectory directory;
  api::Job job = SmallJob(1, 1);
  job.spec.trainer.batch_size_per_member = 5000;
  TestWorld world(job, directory.path());
  EXPECT_THAT(world.leader().Errors(), HasSubstr("batch"));
  EXPECT_EQ(world.leader().AwaitExit().code, static_cast<int>(ExitCode::kBadConfiguration));
}

}  // namespace
}  // namespace eoa::train
