// Statuses in tests/data/jobs, which the integration test of the CRD sends to an API server.
#include <string>

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/job/job_status.h"

namespace eoa::api {
namespace {

nlohmann::json Parse(const std::string& file) {
  const Result<std::string> text =
      RealFileSystem().ReadFile(std::string(EOA_SOURCE_DIR) + "/tests/data/jobs/" + file, 1 << 20);
  EXPECT_TRUE(text.ok()) << file;
  return text.ok() ? nlohmann::json::parse(*text) : nlohmann::json();
}

TEST(StatusFiles, AreWhatTheOperatorWritesWithAllOfItsValuesAndWithNone) {
  const auto full = Parse("status.json");
  EXPECT_EQ(ToJson(StatusFromJson(full)), full);
  // Nothing in it is what a status has before it is known.
  const auto unset = [](const nlohmann::json& value) {
    return value.is_null() || value == 0 || value == "" || (value.is_structured() && value.empty());
  };
  const nlohmann::json flat = full.flatten();
  for (const auto& [path, value] : flat.items()) EXPECT_FALSE(unset(value)) << path;
  EXPECT_EQ(ToJson(JobStatus{}), Parse("status-empty.json"));
}

}  // namespace
}  // namespace eoa::api
