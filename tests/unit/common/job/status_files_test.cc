// Statuses in tests/data/jobs, which the integration test of the CRD sends to an API server.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

TEST(StatusFiles, OfANewerOperatorAreReadAsFarAsThisOneKnowsThem) {
  const JobStatus status =
      StatusFromJson({{"phase", "Hibernating"},
                      {"conditions",
                       {{{"type", "Dreaming"}, {"status", "True"}},
                        {{"type", "Running"}, {"status", "Perhaps"}, {"reason", "Unschedulable"}}}},
                      {"populations", {{{"name", "wolves"}, {"phase", "Hunting"}}}}});
  EXPECT_EQ(status.phase, JobPhase::kPending);
  ASSERT_EQ(status.conditions.size(), 1);
  EXPECT_EQ(status.conditions[0].type, ConditionType::kRunning);
  EXPECT_EQ(status.conditions[0].status, ConditionStatus::kUnknown);
  EXPECT_EQ(status.conditions[0].reason, "Unschedulable");
  EXPECT_EQ(status.populations[0].phase, PopulationPhase::kPending);
  EXPECT_EQ(StatusFromJson({}).phase, std::nullopt);
}

}  // namespace
}  // namespace eoa::api
