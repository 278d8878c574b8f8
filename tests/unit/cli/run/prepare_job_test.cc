#include "cli/run/prepare_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run/schedule_csv.h"
#include "common/evolve/load_schedules.h"
#include "tests/temporary_directory.h"
#include "tests/unit/cli/run/view_fixture.h"

namespace eoa::local {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PrepareJobTest : public ::testing::Test {
 protected:
  FileSystem& files_ = RealFileSystem();
  const TemporaryDirectory temporary_;
  const std::string& directory_ = temporary_.path();
};

TEST(PrepareJob, RelativePathsCountFromTheJobFilesFolder) {
  api::JobSpec spec = TestJob().spec;
  spec.trainer.dataset.path = "./data/cifar10";
  spec.trainer.model.pretrained = "/models/a.safetensors";
  spec.populations[0].algorithm.name = api::Algorithm::kFixed;
  spec.populations[0].algorithm.schedule = "../old/schedule.csv";
  MakePathsAbsolute(spec, "/home/me/jobs");
  EXPECT_EQ(spec.trainer.dataset.path, "/home/me/jobs/data/cifar10");
  EXPECT_EQ(spec.trainer.model.pretrained, "/models/a.safetensors");
  EXPECT_EQ(spec.populations[0].algorithm.schedule, "/home/me/old/schedule.csv");
  EXPECT_EQ(spec.populations[1].algorithm.schedule, "Constant");
}

TEST_F(PrepareJobTest, ADataSetThatIsNotThereIsNamedWithWhatToDo) {
  api::JobSpec spec = TestJob().spec;
  spec.trainer.dataset.path = directory_ + "/nothing";
  const Status checked = CheckInputs(spec, files_);
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message(),
              AllOf(HasSubstr("spec.trainer.dataset.path"), HasSubstr("nothing"), HasSubstr("eoa data cifar10")));
}

TEST_F(PrepareJobTest, AScheduleIsReadIntoTheJob) {
  api::JobSpec spec = TestJob().spec;
  spec.ecosphere.generations = 4;
  spec.populations[0].algorithm.name = api::Algorithm::kFixed;
  spec.populations[0].algorithm.schedule = JoinPath(directory_, "schedule.csv");
  ASSERT_TRUE(files_.WriteFileAtomically(spec.populations[0].algorithm.schedule, ScheduleCsv({}, TestView())).ok());
  ASSERT_TRUE(evolve::LoadSchedules(spec, files_).ok());
  EXPECT_EQ(spec.populations[0].algorithm.learning_rates, std::vector<double>(4, (0.1 + 0.25 + 1.0 / 3 + 1e-6) / 4));
  spec.ecosphere.generations = 5;
  const Status too_short = evolve::LoadSchedules(spec, files_);
  ASSERT_FALSE(too_short.ok());
  EXPECT_THAT(too_short.error().message(), AllOf(HasSubstr("spec.populations[0].algorithm.schedule"), HasSubstr("4")));
}

TEST(PrepareJob, CoresAreSharedAmongAllMembers) {
  EXPECT_EQ(ThreadsPerMember(2, 8), 1);
  EXPECT_EQ(ThreadsPerMember(64, 8), 8);
  EXPECT_EQ(ThreadsPerMember(7, 2), 3);
  EXPECT_GE(AvailableCores(), 1);
}

TEST(PrepareJob, RunsAreNumberedOn) {
  EXPECT_EQ(NextRunNumber({}, "quickstart"), 1);
  EXPECT_EQ(NextRunNumber({"quickstart-1", "quickstart-12", "quickstart-x", "other-40", "quickstart-"}, "quickstart"),
            13);
}

TEST_F(PrepareJobTest, EachRunGetsADirectoryOfItsOwn) {
  const std::string parent = JoinPath(directory_, "runs");
  EXPECT_EQ(MakeRunDirectory(parent, "a", files_).value(), parent + "/a-1");
  EXPECT_EQ(MakeRunDirectory(parent, "a", files_).value(), parent + "/a-2");
  EXPECT_EQ(MakeRunDirectory(parent, "b", files_).value(), parent + "/b-1");
}

}  // namespace
}  // namespace eoa::local
