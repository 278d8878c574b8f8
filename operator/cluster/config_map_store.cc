#include "operator/cluster/config_map_store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <map>
#include <utility>

#include "common/base/checksum.h"
#include "common/base/json_guard.h"
#include "common/words/labels.h"
#include "operator/plan/names.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;

constexpr std::string_view kRounds = "rounds";
constexpr std::string_view kVersionKey = "format";  // in every ConfigMap
constexpr std::string_view kVersion = "1";
constexpr std::size_t kChecksumDigits = 8;
constexpr std::size_t kMostChunks = 4096;
constexpr int kTurns = 3;  // when others change labels meanwhile

std::string Hex(std::uint32_t value) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

json LabelsOf(const api::Job& job) {
  json labels = plan::Labels(job);
  labels[kStateLabel] = kRounds;
  return labels;
}

// Empty when it is not there, or no text.
std::string TextAt(const json& object, std::initializer_list<std::string_view> path) {
  const json* at = &object;
  for (const std::string_view step : path) {
    const auto found = at->is_object() ? at->find(step) : at->end();
    if (!at->is_object() || found == at->end()) return "";
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : "";
}

std::string VersionOf(const json& object) { return TextAt(object, {"metadata", "resourceVersion"}); }

bool IsClosed(const json& config_map) {
  return !TextAt(config_map, {"metadata", "annotations", kClosedAnnotation}).empty();
}

std::size_t EventsIn(const json& config_map) {
  const auto data = config_map.find("data");
  return data == config_map.end() || data->empty() ? 0 : data->size() - data->count(kVersionKey);
}

bool MayHaveHappened(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kDeadlineExceeded ||
         error.code() == ErrorCode::kDataLoss;
}

// The ConfigMaps by their number.
Result<std::map<int, const json*>> InOrder(const std::string& job, const std::vector<json>& config_maps) {
  std::map<int, const json*> chunks;
  const std::string prefix = job + "-rounds-";
  for (const json& config_map : config_maps) {
    const std::string name = TextAt(config_map, {"metadata", "name"});
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
  if (record.size() <= kChecksumDigits || record[kChecksumDigits] != ' ')
    return DataLossError("is not a checksum, a space and an event");
  const std::string_view payload = std::string_view(record).substr(kChecksumDigits + 1);
  checksum = Crc32(payload, checksum);
  if (!record.starts_with(Hex(checksum))) {
    return DataLossError("does not match its checksum, which also covers the event before");
  }
  const Result<json> document = ParseJson(payload, {.max_bytes = kMaxRoundsEventBytes});
  if (!document.ok()) return DataLossError("is not JSON: " + document.error().message());
  Result<broker::Event> event = broker::EventFromJson(*document);
  if (!event.ok()) return DataLossError("is not an event: " + event.error().message());
  return event;
}

Status DecodeChunk(const json& config_map, RoundsContent& content) {
  content.last_bytes = content.last_events = 0;
  const auto data = config_map.find("data");
  if (data == config_map.end() || !data->is_object()) return DataLossError("has no data");
  if (const std::string version = TextAt(*data, {kVersionKey}); version != kVersion) {
    return DataLossError("key " + std::string(kVersionKey) + ": format version '" + version +
                         "'; this program knows version " + std::string(kVersion));
  }
  // Keys are wide enough for the order of texts to be that of numbers.
  for (const auto& [key, value] : data->items()) {
    if (key == kVersionKey) continue;
    const std::string expected = RoundsEventKey(content.events.size());
    if (key != expected) return DataLossError("key " + key + ": key " + expected + " was expected here");
    Result<broker::Event> event = DecodeRecord(value, content.checksum);
    if (!event.ok()) return DataLossError("key " + key + ": " + event.error().message());
    content.events.push_back(*std::move(event));
    content.last_bytes += key.size() + value.get_ref<const std::string&>().size();
    ++content.last_events;
  }
  return OkStatus();
}

}  // namespace

std::string RoundsName(const std::string& job, int chunk) { return job + "-rounds-" + std::to_string(chunk); }

std::string RoundsEventKey(std::uint64_t event) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "e%010llu", static_cast<unsigned long long>(event));
  return text.data();
}

std::string EncodeRoundsEvent(const broker::Event& event, std::uint32_t previous) {
  const std::string payload = DumpJson(ToJson(event));
  return Hex(Crc32(payload, previous)) + " " + payload;
}

Result<RoundsContent> DecodeRounds(const std::string& job, const std::vector<json>& config_maps) {
  EOA_ASSIGN_OR_RETURN(const auto chunks, InOrder(job, config_maps));
  RoundsContent content;
  for (const auto& [number, config_map] : chunks) {
    const Status decoded = DecodeChunk(*config_map, content);
    if (!decoded.ok()) return Error(decoded.error()).WithContext("ConfigMap " + RoundsName(job, number));
  }
  return content;
}

ConfigMapStore::ConfigMapStore(kube::ApiClient& client, const api::Job& job, bool fresh, std::size_t chunk_bytes)
    : client_(client),
      job_{job.metadata.name_space, job.metadata.name},
      labels_(LabelsOf(job)),
      owners_(plan::OwnerReferences(job)),
      selector_(plan::PodSelector(job) + "," + std::string(kStateLabel) + "=" + std::string(kRounds)),
      uid_(job.metadata.uid),
      chunk_bytes_(chunk_bytes),
      fresh_(fresh) {}

Result<std::vector<broker::Event>> ConfigMapStore::Load() {
  loaded_ = std::exchange(fresh_, false);
  if (loaded_) return std::vector<broker::Event>();
  kube::ListOptions options;
  options.name_space = job_.name_space;
  options.label_selector = selector_;
  options.limit = 8;  // a page of full ones has some megabytes
  std::vector<json> config_maps;
  do {
    EOA_ASSIGN_OR_RETURN(kube::ObjectList page, client_.List(kube::kConfigMaps, options));
    std::move(page.items.begin(), page.items.end(), std::back_inserter(config_maps));
    if (config_maps.size() > kMostChunks) return ResourceExhaustedError("too many ConfigMaps of rounds");
    options.continue_token = page.continue_token;
  } while (!options.continue_token.empty());
  Result<RoundsContent> content = DecodeRounds(job_.name, config_maps);
  if (!content.ok()) return std::move(content).error().WithContext("namespace " + job_.name_space);

  chunk_ = std::max(0, static_cast<int>(config_maps.size()) - 1);
  exists_ = closed_ = false;
  resource_version_.clear();
  for (const json& config_map : config_maps) {
    if (TextAt(config_map, {"metadata", "name"}) != RoundsName(job_.name, chunk_)) continue;
    exists_ = true;
    closed_ = IsClosed(config_map);
    resource_version_ = VersionOf(config_map);
  }
  keys_ = content->last_events;
  bytes_ = content->last_bytes;
  events_ = content->events.size();
  checksum_ = content->checksum;
  loaded_ = true;
  fault_ = OkStatus();
  return std::move(content->events);
}

Status ConfigMapStore::Append(const broker::Event& event) {
  if (!loaded_) {
    const Result<std::vector<broker::Event>> loaded = Load();
    if (!loaded.ok()) return loaded.error();
  }
  if (!fault_.ok()) return fault_;
  const std::string key = RoundsEventKey(events_);
  const std::string record = EncodeRoundsEvent(event, checksum_);
  if (record.size() > kMaxRoundsEventBytes) {
    return ResourceExhaustedError("an event of " + std::to_string(record.size()) + " bytes does not fit a ConfigMap");
  }
  const Status written = Write(key, record);
  if (!written.ok()) return Error(written.error()).WithContext("ConfigMap " + ToString(ChunkKey()));
  ++keys_;
  bytes_ += key.size() + record.size();
  checksum_ = Crc32(std::string_view(record).substr(kChecksumDigits + 1), checksum_);
  ++events_;
  return OkStatus();
}

Status ConfigMapStore::Write(const std::string& key, const std::string& record) {
  if (exists_ && !closed_ && keys_ > 0 && bytes_ + key.size() + record.size() > chunk_bytes_) {
    EOA_RETURN_IF_ERROR(Close());
  }
  if (closed_) {
    ++chunk_;
    exists_ = closed_ = false;
    keys_ = bytes_ = 0;
  }
  return exists_ ? Change({{"data", {{key, record}}}}, key, record) : Begin(key, record);
}

// Whoever is behind finds its ConfigMap changed, also when the next event goes to another one.
Status ConfigMapStore::Close() {
  EOA_RETURN_IF_ERROR(Change({{"metadata", {{"annotations", {{kClosedAnnotation, "true"}}}}}}, "", ""));
  closed_ = true;
  return OkStatus();
}

Status ConfigMapStore::Begin(const std::string& key, const std::string& record) {
  const json config_map = {{"apiVersion", "v1"},
                           {"kind", "ConfigMap"},
                           {"metadata",
                            {{"name", RoundsName(job_.name, chunk_)},
                             {"namespace", job_.name_space},
                             {"labels", labels_},
                             {"ownerReferences", owners_}}},
                           {"data", {{kVersionKey, kVersion}, {key, record}}}};
  const Result<json> answer = client_.Create(kube::kConfigMaps, config_map);
  if (!answer.ok()) return Settle(answer.error(), key, record);
  exists_ = true;
  resource_version_ = VersionOf(*answer);
  return OkStatus();
}

Status ConfigMapStore::Change(json patch, const std::string& key, const std::string& record) {
  Status status = OkStatus();
  for (int turn = 0; turn < kTurns; ++turn) {
    patch["metadata"]["resourceVersion"] = resource_version_;
    const Result<json> answer = client_.MergePatch(kube::kConfigMaps, ChunkKey(), patch, {.metadata_only = true});
    if (answer.ok()) {
      resource_version_ = VersionOf(*answer);
      return OkStatus();
    }
    const std::string before = resource_version_;
    status = Settle(answer.error(), key, record);
    if (status.ok() || !fault_.ok() || resource_version_ == before) return status;
  }
  return status;
}

// After a write that failed or was not answered: reads the ConfigMap and returns ok if the record is there. If only
// other parts of it have changed, returns the error and keeps the new version for the next try.
Status ConfigMapStore::Settle(const Error& error, const std::string& key, const std::string& record) {
  const bool conflict = error.code() == ErrorCode::kAborted || error.code() == ErrorCode::kAlreadyExists;
  if (exists_ && error.code() == ErrorCode::kNotFound) {
    fault_ = DataLossError("the ConfigMap has been deleted, and its events with it");
    return fault_;
  }
  if (!conflict && !MayHaveHappened(error)) return error;
  const Result<json> found = client_.Get(kube::kConfigMaps, ChunkKey());
  if (!found.ok()) return UnavailableError(error.message() + "; looking it up: " + found.error().message());
  if (TextAt(*found, {"metadata", "labels", kJobUidLabel}) != uid_) {
    return FailedPreconditionError("it belongs to another owner, perhaps to a job of this name that is being deleted");
  }
  // Another leader may have written the same event; with more behind it, that was somebody else.
  const bool last = !IsClosed(*found) && EventsIn(*found) == keys_ + 1;
  const bool there = key.empty() ? IsClosed(*found) : last && TextAt(*found, {"data", key}) == record;
  if (there) {
    exists_ = true;
    resource_version_ = VersionOf(*found);
    return OkStatus();
  }
  if (!exists_ || IsClosed(*found) || EventsIn(*found) != keys_) {
    fault_ = AbortedError("another leader has written events of this job");
    return fault_;
  }
  if (conflict) resource_version_ = VersionOf(*found);
  return UnavailableError(error.message());
}

kube::ObjectKey ConfigMapStore::ChunkKey() const { return {job_.name_space, RoundsName(job_.name, chunk_)}; }

}  // namespace eoa::cluster
