// ConfigMaps that version 0.1 wrote: every event is read, and would be written again to the last byte.
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "operator/cluster/config_map_store.h"
#include "tests/stored_file.h"

namespace eoa::cluster {
namespace {

TEST(StoredRounds, AreReadAndWrittenTheSame) {
  const std::vector<nlohmann::json> config_maps = *ParseJson(StoredFile("rounds.json"));
  RoundsContent content;
  for (std::size_t i = 0; i < config_maps.size(); ++i) {
    const Status decoded = DecodeRounds(config_maps[i], static_cast<int>(i), content);
    ASSERT_TRUE(decoded.ok()) << decoded.error().ToString();
  }
  const std::vector<std::string> lines = StoredLines("events.jsonl");
  ASSERT_EQ(content.events.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(DumpJson(ToJson(content.events[i])), lines[i]);
}

}  // namespace
}  // namespace eoa::cluster
