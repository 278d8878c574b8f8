#include "operator/rounds/stored_rounds.h"

#include <array>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/checksum.h"
#include "common/base/hex.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "common/words/labels.h"
#include "operator/kube/object_store.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;

constexpr int kChecksumDigits = 8;

// Longer than the biggest history takes from an API server that works; a worker of the operator waits for it.
constexpr Duration kReadWithin = std::chrono::minutes(3);

Result<broker::Event> DecodeRecord(const json& value, std::uint32_t& checksum) {
  if (!value.is_string()) return DataLossError("is not a string");
  const auto& record = value.get_ref<const std::string&>();
  if (record.size() <= kChecksumDigits || record[kChecksumDigits] != ' ') {
    return DataLossError("is not a checksum, a space and an event");
  }
  const std::string_view payload = std::string_view(record).substr(kChecksumDigits + 1);
  checksum = Crc32(payload, checksum);
  if (!record.starts_with(HexNumber(checksum, kChecksumDigits))) {
    return DataLossError("does not match its checksum, which also covers the event before");
  }
  const Result<json> document = ParseJson(payload, {.max_bytes = kMaxRoundsEventBytes});
  if (!document.ok()) return DataLossError("is not JSON: " + document.error().message());
  Result<broker::Event> event = broker::EventFromJson(*document);
  if (!event.ok()) return DataLossError("is not an event: " + event.error().message());
  return event;
}

Status DecodeData(const json& config_map, RoundsContent& content) {
  const auto data = config_map.find("data");
  if (data == config_map.end() || !data->is_object()) return DataLossError("has no data");
  if (const std::string version = TextAt(*data, kRoundsVersionKey); version != kRoundsVersion) {
    return DataLossError("key " + std::string(kRoundsVersionKey) + ": format version '" + version +
                         "'; this program knows version " + std::string(kRoundsVersion));
  }
  // Keys are wide enough for the order of texts to be that of numbers.
  for (const auto& [key, value] : data->items()) {
    if (key == kRoundsVersionKey) continue;
    const std::string expected = RoundsEventKey(content.events.size());
    if (key != expected) return DataLossError("key " + key + ": key " + expected + " was expected here");
    Result<broker::Event> event = DecodeRecord(value, content.checksum);
    if (!event.ok()) return DataLossError("key " + key + ": " + event.error().message());
    content.events.push_back(*std::move(event));
    content.chunk_bytes += key.size() + value.get_ref<const std::string&>().size();
    ++content.chunk_events;
  }
  return OkStatus();
}

// The job's ConfigMap of this number; null when it is not there, or is somebody else's.
Result<json> FindChunk(kube::ApiClient& client, const api::Job& job, int chunk) {
  Result<json> found = client.Get(kube::kConfigMaps, {job.metadata.name_space, RoundsName(job.metadata.name, chunk)});
  if (found.ok()) return IsOfJob(*found, job) ? *std::move(found) : json();
  if (found.error().code() == ErrorCode::kNotFound) return json();
  // The API server's 429; here that word is kept for the limits.
  if (found.error().code() == ErrorCode::kResourceExhausted) return UnavailableError(found.error().message());
  return std::move(found).error().WithContext("ConfigMap " + RoundsName(job.metadata.name, chunk));
}

Result<RoundsContent> ReadAll(kube::ApiClient& client, const api::Job& job, const RoundsLimits& limits) {
  const SteadyTime deadline = client.clock().SteadyNow() + kReadWithin;
  RoundsContent content;
  for (int chunk = 0; !content.exists || content.closed; ++chunk) {
    EOA_ASSIGN_OR_RETURN(const json found, FindChunk(client, job, chunk));
    if (found.is_null()) {
      EOA_ASSIGN_OR_RETURN(const json next, FindChunk(client, job, chunk + 1));
      if (next.is_null()) return content;
      return DataLossError("ConfigMap " + RoundsName(job.metadata.name, chunk) + " is missing");
    }
    EOA_RETURN_IF_ERROR(DecodeRounds(found, chunk, content));
    if (content.bytes > limits.bytes || chunk >= limits.config_maps) {
      return ResourceExhaustedError("the stored rounds of this job are more than " + std::to_string(limits.bytes) +
                                    " bytes or " + std::to_string(limits.config_maps) + " ConfigMaps");
    }
    if (client.clock().SteadyNow() > deadline) {
      return DeadlineExceededError("the stored rounds were not read within three minutes");
    }
  }
  return content;
}

}  // namespace

std::string VersionOf(const json& object) { return TextAt(At(object, "metadata"), "resourceVersion"); }

bool IsClosed(const json& config_map) {
  return !TextAt(At(config_map, "metadata", "annotations"), kClosedAnnotation).empty();
}

bool IsOfJob(const json& config_map, const api::Job& job) {
  return kube::ControllerUid(config_map) == job.metadata.uid &&
         TextAt(At(config_map, "metadata"), "namespace") == job.metadata.name_space;
}

std::string RoundsName(const std::string& job, int chunk) { return job + "-rounds-" + std::to_string(chunk); }

std::string RoundsEventKey(std::uint64_t event) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "e%010llu", static_cast<unsigned long long>(event));
  return text.data();
}

RoundsRecord EncodeRoundsEvent(const broker::Event& event, std::uint32_t previous) {
  const std::string payload = DumpJson(ToJson(event));
  const std::uint32_t checksum = Crc32(payload, previous);
  return {.text = HexNumber(checksum, kChecksumDigits) + " " + payload, .checksum = checksum};
}

Status DecodeRounds(const json& config_map, int chunk, RoundsContent& content) {
  content.chunk_bytes = content.chunk_events = 0;
  const Status decoded = DecodeData(config_map, content);
  if (!decoded.ok())
    return Error(decoded.error()).WithContext("ConfigMap " + TextAt(At(config_map, "metadata"), "name"));
  content.bytes += content.chunk_bytes;
  content.chunk = chunk;
  content.exists = true;
  content.closed = IsClosed(config_map);
  content.resource_version = VersionOf(config_map);
  return OkStatus();
}

Result<RoundsContent> ReadRounds(kube::ApiClient& client, const api::Job& job, const RoundsLimits& limits) {
  Result<RoundsContent> content = ReadAll(client, job, limits);
  if (!content.ok()) return std::move(content).error().WithContext("namespace " + job.metadata.name_space);
  return content;
}

}  // namespace eoa::cluster
