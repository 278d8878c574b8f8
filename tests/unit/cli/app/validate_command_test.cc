// `eoa validate` as a user sees it.
#include "cli/app/validate_command.h"

#include <unistd.h>

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/job/read_job.h"

namespace eoa::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Validating : public testing::Test {
 protected:
  int Run(const std::string& text, bool defaults = false) {
    const std::string file = testing::TempDir() + "validate_" + std::to_string(::getpid()) + ".yaml";
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(file, text).ok());
    const int code = RunFile(file, defaults);
    EXPECT_TRUE(RealFileSystem().Remove(file).ok());
    return code;
  }

  int RunFile(const std::string& file, bool defaults = false) {
    file_ = file;
    out_.str("");
    err_.str("");
    return Validate({file, defaults}, RealFileSystem(), out_, err_);
  }

  std::string file_;
  std::ostringstream out_;
  std::ostringstream err_;
};

constexpr const char* kJob = R"(apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {name: a}
spec:
  trainer: {model: {name: wrn-10-1}, dataset: {name: cifar10, path: /data}}
  populations:
  - {name: w, algorithm: {name: Whale}, members: 1}
)";

TEST_F(Validating, AValidFileSaysSoAndEndsWithZero) {
  EXPECT_EQ(Run(kJob), CommandExit::kOk);
  EXPECT_THAT(out_.str(), StartsWith(file_ + ": valid\neach member needs about "));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Validating, SaysWhereAClusterKeepsWhatIsTrained) {
  EXPECT_EQ(Run(kJob), CommandExit::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("on a claim of 2Gi for each pod where there is a default StorageClass, else in the "
                                    "pods, with which they are lost\n"));
  EXPECT_EQ(Run(std::string(kJob) + "  checkpoint: {volumeClaim: {resources: {requests: {storage: 7Gi}}}}\n"),
            CommandExit::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("on a claim of 7Gi for each pod\n"));
  EXPECT_EQ(
      Run(std::string(kJob) + "  template: {spec: {volumes: [{name: checkpoints, nfs: {server: a, path: /}}]}}\n"),
      CommandExit::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("on the template's volume\n"));
}

TEST_F(Validating, MistakesAreAllListedAndEndWithOne) {
  EXPECT_EQ(Run(std::string(kJob) + "  - {name: w, algorithm: {name: Whale}, members: 0}\n  seeds: 1\n"),
            CommandExit::kFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(),
            file_ + ":8:12: spec.populations[1].name: value 'w': spec.populations[0] has this name already\n" +  //
                file_ + ":8:50: spec.populations[1].members: value '0': must be an integer from 1 to 1024\n" +   //
                file_ + ":9:3: spec.seeds: unknown field; did you mean 'seed'?\n" +                              //
                file_ + ": 3 mistakes\n");
}

TEST_F(Validating, WarningsLeaveTheFileValid) {
  EXPECT_EQ(Run(std::string(kJob) + "  checkpoint: {everyGenerations: 1000}\n"), CommandExit::kOk);
  EXPECT_THAT(err_.str(), StartsWith("warning: " + file_ + ":8:34: spec.checkpoint.everyGenerations"));
}

TEST_F(Validating, DefaultsPrintTheCompletedJobAsAValidFile) {
  EXPECT_EQ(Run(kJob, true), CommandExit::kOk);
  const std::string printed = out_.str();
  EXPECT_THAT(printed, StartsWith("apiVersion: eoa.io/v1alpha1\nkind: EOAJob\nmetadata:\n  name: a\nspec:\n"));
  EXPECT_THAT(printed, HasSubstr("    generations: 200\n"));
  EXPECT_EQ(Run(printed, true), CommandExit::kOk);
  EXPECT_EQ(out_.str(), printed);
}

TEST_F(Validating, WhatCannotBeReadEndsWithTwo) {
  EXPECT_EQ(RunFile(testing::TempDir() + "there-is-nothing-here.yaml"), CommandExit::kWrongUsage);
  EXPECT_THAT(err_.str(), HasSubstr("there-is-nothing-here.yaml"));
  EXPECT_EQ(RunFile(testing::TempDir()), CommandExit::kWrongUsage);
  EXPECT_EQ(Run(std::string(api::kMaxJobBytes + 1, ' ')), CommandExit::kWrongUsage);
  EXPECT_EQ(RunFile("/dev/zero"), CommandExit::kWrongUsage);
}

}  // namespace
}  // namespace eoa::app
