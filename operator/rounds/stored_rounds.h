// The rounds of a job as they stand in the ConfigMaps JOB-rounds-0, -1, ... beside it: the format
// (docs/file-formats.md), and reading them. operator/cluster/config_map_store.h writes them. All but ReadRounds is pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/core/event.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "operator/kube/api_client.h"

namespace eoa::cluster {

inline constexpr std::string_view kRoundsState = "rounds";       // value of the label kStateLabel
inline constexpr std::string_view kRoundsVersionKey = "format";  // in every ConfigMap, with
inline constexpr std::string_view kRoundsVersion = "1";
inline constexpr std::size_t kMaxRoundsEventBytes = std::size_t{900} << 10;  // it must fit one ConfigMap

std::string RoundsName(const std::string& job, int chunk);  // JOB-rounds-CHUNK
std::string RoundsEventKey(std::uint64_t event);            // e0000000000

// "CHECKSUM JSON": eight hexadecimal digits, the CRC-32 of the JSON that goes on from the event before (0 at the
// start), so that an event that is missing, changed or out of order does not fit.
struct RoundsRecord {
  std::string text;
  std::uint32_t checksum = 0;
};
RoundsRecord EncodeRoundsEvent(const broker::Event& event, std::uint32_t previous);

struct RoundsContent {
  std::vector<broker::Event> events;
  std::uint32_t checksum = 0;  // of the last event

  // Of the last ConfigMap.
  int chunk = 0;        // its number
  bool exists = false;  // false: there is none yet
  bool closed = false;  // another one is to follow
  std::string resource_version;
  std::size_t chunk_events = 0;
  std::size_t chunk_bytes = 0;  // keys and values
};

// The events of a job's ConfigMaps, in any order.
Result<RoundsContent> DecodeRounds(const std::string& job, const std::vector<nlohmann::json>& config_maps);

// Asks the API server for all of them. Errors of ApiClient; DataLoss names the ConfigMap and the key.
Result<RoundsContent> ReadRounds(kube::ApiClient& client, const api::Job& job);

// ---- a ConfigMap of the API server ----

std::string VersionOf(const nlohmann::json& object);
bool IsClosed(const nlohmann::json& config_map);

}  // namespace eoa::cluster
