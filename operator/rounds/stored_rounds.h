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

// What one job may have in all; the same when it is written and when it is read, so that nothing is stored that the
// next leader could not take.
struct RoundsLimits {
  std::size_t bytes = std::size_t{64} << 20;  // keys and values
  int config_maps = 4096;
};

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
  std::size_t bytes = 0;       // of all keys and values
  std::uint32_t checksum = 0;  // of the last event

  // Of the last ConfigMap.
  int chunk = 0;        // its number
  bool exists = false;  // false: there is none yet
  bool closed = false;  // another one is to follow
  std::string resource_version;
  std::size_t chunk_events = 0;
  std::size_t chunk_bytes = 0;  // keys and values
};

// Adds the events of the next ConfigMap, number `chunk`. DataLoss names it and the key.
Status DecodeRounds(const nlohmann::json& config_map, int chunk, RoundsContent& content);

// Asks the API server for one after the other by its name, up to the one that is not closed or not there. What another
// object controls counts as not there. Errors of ApiClient; DataLoss names the ConfigMap and the key;
// ResourceExhausted: more than `limits`; DeadlineExceeded: not within three minutes.
Result<RoundsContent> ReadRounds(kube::ApiClient& client, const api::Job& job, const RoundsLimits& limits = {});

// ---- a ConfigMap of the API server ----

std::string VersionOf(const nlohmann::json& object);
bool IsClosed(const nlohmann::json& config_map);

// Whether the job controls it. Labels prove nothing: whoever may make ConfigMaps gives them any.
bool IsOfJob(const nlohmann::json& config_map, const api::Job& job);

}  // namespace eoa::cluster
