// Files of this repository that must agree with the schema: samples, documentation, and what the fuzzers start from.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/base/json_guard.h"
#include "common/crd/api_reference.h"
#include "common/crd/crd.h"
#include "common/job/read_job.h"

namespace eoa::api {
namespace {

constexpr std::uint64_t kMaxFile = 4 << 20;

std::string Source(const std::string& path) { return std::string(EOA_SOURCE_DIR) + "/" + path; }

std::string ReadText(const std::string& path) {
  const Result<std::string> text = RealFileSystem().ReadFile(path, kMaxFile);
  EXPECT_TRUE(text.ok()) << path;
  return text.ok() ? *text : "";
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(Source(folder))) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Samples, AreValidWithoutWarnings) {
  int samples = 0;
  std::vector<std::string> files = FilesIn("manifests/samples");
  for (std::string& file : FilesIn("manifests/samples/transformers")) files.push_back(std::move(file));
  for (const std::string& file : files) {
    if (!file.ends_with(".yaml")) continue;
    ++samples;
    const JobOutcome outcome = ReadJob(ReadText(file));
    for (const Mistake& mistake : outcome.mistakes) ADD_FAILURE() << ToString(mistake, file);
    for (const Mistake& warning : outcome.warnings) ADD_FAILURE() << ToString(warning, file);
  }
  EXPECT_GE(samples, 17);
}

void ExpectWritten(const std::string& name, const std::string& text) {
  const std::string path = Source(name);
  if (std::getenv("EOA_UPDATE_DOCS") != nullptr) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    ASSERT_TRUE(RealFileSystem().WriteFileAtomically(path, text).ok());
  }
  // Not EXPECT_EQ, which would print the whole page.
  EXPECT_TRUE(ReadText(path) == text) << name << " is not up to date; run this test with EOA_UPDATE_DOCS=1";
}

TEST(ApiReference, IsWhatTheSchemaSays) { ExpectWritten("docs/api.md", ApiReference()); }

// The chart holds a copy, because a chart can read only its own files.
TEST(CustomResourceDefinition, InManifestsAndChartIsWhatTheSchemaSays) {
  ExpectWritten("manifests/crd/eoajobs.yaml", CustomResourceDefinitionYaml());
  ExpectWritten("helm/eoa/files/eoajobs.yaml", CustomResourceDefinitionYaml());
}

TEST(FuzzCorpus, OfJobsIsReadWithoutHarm) {
  int jobs = 0;
  int files = 0;
  for (const std::string& file : FilesIn("tests/fuzz/job/corpus")) {
    ++files;
    const JobOutcome outcome = ReadJob(ReadText(file));
    EXPECT_NE(outcome.job.has_value(), !outcome.mistakes.empty()) << file;
    if (!outcome.job) continue;
    ++jobs;
    const std::string printed = DumpJson(JobToJson(*outcome.job));
    const Result<Job> again = JobFromText(JobToYaml(*outcome.job), file);
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(DumpJson(JobToJson(*again)), printed) << file;
  }
  EXPECT_GE(files, 40);
  EXPECT_GE(jobs, 5);
}

}  // namespace
}  // namespace eoa::api
