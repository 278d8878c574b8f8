#include "operator/rounds/stored_rounds.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/checksum.h"
#include "common/base/hex.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "common/words/labels.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;

constexpr int kChecksumDigits = 8;
constexpr std::size_t kMostChunks = 4096;

// The ConfigMaps by their number.
Result<std::map<int, const json*>> InOrder(const std::string& job, const std::vector<json>& config_maps) {
  std::map<int, const json*> chunks;
  const std::string prefix = job + "-rounds-";
  for (const json& config_map : config_maps) {
    const std::string name = TextAt(At(config_map, "metadata"), "name");
    int number = -1;
    if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
    if (number < 0 || name != RoundsName(job, number)) {
      return DataLossError("ConfigMap " + name + " has the label of the rounds of job " + job + ", but not the name");
    }
    chunks[number] = &config_map;
  }
  int expected = 0;
  for (const auto& [number, config_map] : chunks) {
    if (number != expected) return DataLossError("ConfigMap " + RoundsName(job, expected) + " is missing");
    ++expected;
  }
  return chunks;
}

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

Status DecodeChunk(const json& config_map, RoundsContent& content) {
  content.chunk_bytes = content.chunk_events = 0;
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
  content.exists = true;
  content.closed = IsClosed(config_map);
  content.resource_version = VersionOf(config_map);
  return OkStatus();
}

}  // namespace

std::string VersionOf(const json& object) { return TextAt(At(object, "metadata"), "resourceVersion"); }

bool IsClosed(const json& config_map) {
  return !TextAt(At(config_map, "metadata", "annotations"), kClosedAnnotation).empty();
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

Result<RoundsContent> DecodeRounds(const std::string& job, const std::vector<json>& config_maps) {
  EOA_ASSIGN_OR_RETURN(const auto chunks, InOrder(job, config_maps));
  RoundsContent content;
  for (const auto& [number, config_map] : chunks) {
    const Status decoded = DecodeChunk(*config_map, content);
    if (!decoded.ok()) return Error(decoded.error()).WithContext("ConfigMap " + RoundsName(job, number));
    content.chunk = number;
  }
  return content;
}

Result<RoundsContent> ReadRounds(kube::ApiClient& client, const api::Job& job) {
  kube::ListOptions options;
  options.name_space = job.metadata.name_space;
  options.label_selector = std::string(kJobUidLabel) + "=" + job.metadata.uid + "," + std::string(kStateLabel) + "=" +
                           std::string(kRoundsState);
  options.limit = 8;  // a page of full ones has some megabytes
  std::vector<json> config_maps;
  do {
    EOA_ASSIGN_OR_RETURN(kube::ObjectList page, client.List(kube::kConfigMaps, options));
    std::move(page.items.begin(), page.items.end(), std::back_inserter(config_maps));
    if (config_maps.size() > kMostChunks) return ResourceExhaustedError("too many ConfigMaps of rounds");
    options.continue_token = page.continue_token;
  } while (!options.continue_token.empty());
  Result<RoundsContent> content = DecodeRounds(job.metadata.name, config_maps);
  if (!content.ok()) return std::move(content).error().WithContext("namespace " + options.name_space);
  return content;
}

}  // namespace eoa::cluster
