#include "operator/cluster/config_map_store.h"

#include <algorithm>
#include <utility>

#include "common/base/json_access.h"
#include "common/words/labels.h"
#include "operator/plan/names.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;

constexpr int kTurns = 3;  // when others change labels meanwhile

json LabelsOf(const api::Job& job) {
  json labels = plan::Labels(job);
  labels[kStateLabel] = kRoundsState;
  return labels;
}

std::size_t EventsIn(const json& config_map) {
  const auto data = config_map.find("data");
  return data == config_map.end() || data->empty() ? 0 : data->size() - data->count(kRoundsVersionKey);
}

bool MayHaveHappened(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kDeadlineExceeded ||
         error.code() == ErrorCode::kDataLoss;
}

// How many generations these events have decided.
int Generations(const std::vector<broker::Event>& events) {
  int generations = 0;
  for (const broker::Event& event : events) {
    const auto* closed = std::get_if<broker::RoundClosed>(&event);
    if (closed != nullptr) generations = std::max(generations, closed->decision.generation + 1);
  }
  return generations;
}

bool Holds(const json& config_map, const std::map<std::string, std::string>& records) {
  const json& data = At(config_map, "data");
  return std::all_of(records.begin(), records.end(),
                     [&](const auto& record) { return TextAt(data, record.first) == record.second; });
}

}  // namespace

ConfigMapStore::ConfigMapStore(kube::ApiClient& client, const api::Job& job, ConfigMapStoreOptions options)
    : client_(client), job_(job), options_(options), fresh_(options.fresh) {}

Result<std::vector<broker::Event>> ConfigMapStore::Load() {
  loaded_ = std::exchange(fresh_, false);
  if (loaded_) return std::vector<broker::Event>();
  EOA_ASSIGN_OR_RETURN(RoundsContent content, ReadRounds(client_, job_, options_.limits));
  EOA_RETURN_IF_ERROR(CheckComplete(content));
  chunk_ = content.chunk;
  exists_ = content.exists;
  closed_ = content.closed;
  resource_version_ = std::move(content.resource_version);
  keys_ = content.chunk_events;
  bytes_ = content.chunk_bytes;
  events_ = content.events.size();
  total_bytes_ = content.bytes;
  checksum_ = content.checksum;
  loaded_ = true;
  fault_ = OkStatus();
  return std::move(content.events);
}

// The end of a history can be missing without a trace in what is left.
Status ConfigMapStore::CheckComplete(const RoundsContent& content) const {
  if (content.events.size() < events_) {
    return DataLossError("the ConfigMaps hold " + std::to_string(content.events.size()) + " events; there have been " +
                         std::to_string(events_));
  }
  const int generations = Generations(content.events);
  if (generations >= options_.generations) return OkStatus();
  return DataLossError("the status tells of " + std::to_string(options_.generations) + " decided generations, but " +
                       (content.exists ? "the ConfigMaps up to " : "there is no ConfigMap ") +
                       RoundsName(job_.metadata.name, content.chunk) +
                       (content.exists ? " hold " + std::to_string(generations) : ""));
}

Status ConfigMapStore::AppendTogether(const std::vector<broker::Event>& events) {
  if (!loaded_) {
    const Result<std::vector<broker::Event>> loaded = Load();
    if (!loaded.ok()) return loaded.error();
  }
  if (!fault_.ok()) return fault_;
  Batch batch;
  batch.checksum = checksum_;
  for (const broker::Event& event : events) {
    const std::string key = RoundsEventKey(events_ + batch.records.size());
    RoundsRecord record = EncodeRoundsEvent(event, batch.checksum);
    batch.bytes += key.size() + record.text.size();
    batch.checksum = record.checksum;
    batch.records[key] = std::move(record.text);
  }
  if (batch.bytes > kMaxRoundsEventBytes) {
    // Together they would not fit one ConfigMap.
    if (events.size() > 1) return StateStore::AppendTogether(events);
    return ResourceExhaustedError("an event of " + std::to_string(batch.bytes) + " bytes does not fit a ConfigMap");
  }
  if (total_bytes_ + batch.bytes > options_.limits.bytes) {
    return ResourceExhaustedError("the stored rounds of this job have reached the " +
                                  std::to_string(options_.limits.bytes) + " bytes that one job may have");
  }
  const Status written = Write(batch);
  if (!written.ok()) return Error(written.error()).WithContext("ConfigMap " + ToString(ChunkKey()));
  keys_ += batch.records.size();
  bytes_ += batch.bytes;
  total_bytes_ += batch.bytes;
  checksum_ = batch.checksum;
  events_ += batch.records.size();
  return OkStatus();
}

Status ConfigMapStore::Write(const Batch& batch) {
  if (exists_ && !closed_ && keys_ > 0 && bytes_ + batch.bytes > options_.chunk_bytes) {
    if (chunk_ + 1 >= options_.limits.config_maps) {
      return ResourceExhaustedError("this job has the " + std::to_string(options_.limits.config_maps) +
                                    " ConfigMaps of rounds that one job may have");
    }
    EOA_RETURN_IF_ERROR(Close());
  }
  if (closed_) {
    ++chunk_;
    exists_ = closed_ = false;
    keys_ = bytes_ = 0;
  }
  return exists_ ? Change({{"data", batch.records}}, batch) : Begin(batch);
}

// Whoever is behind finds its ConfigMap changed, also when the next event goes to another one.
Status ConfigMapStore::Close() {
  EOA_RETURN_IF_ERROR(Change({{"metadata", {{"annotations", {{kClosedAnnotation, "true"}}}}}}, {}));
  closed_ = true;
  return OkStatus();
}

Status ConfigMapStore::Begin(const Batch& batch) {
  json config_map = {{"apiVersion", "v1"},
                     {"kind", "ConfigMap"},
                     {"metadata",
                      {{"name", ChunkKey().name},
                       {"namespace", ChunkKey().name_space},
                       {"labels", LabelsOf(job_)},
                       {"ownerReferences", plan::OwnerReferences(job_)}}},
                     {"data", batch.records}};
  config_map["data"][kRoundsVersionKey] = kRoundsVersion;
  const Result<json> answer = client_.Create(kube::kConfigMaps, config_map);
  if (!answer.ok()) return Settle(answer.error(), batch);
  exists_ = true;
  resource_version_ = VersionOf(*answer);
  return OkStatus();
}

Status ConfigMapStore::Change(json patch, const Batch& batch) {
  Status status = OkStatus();
  for (int turn = 0; turn < kTurns; ++turn) {
    patch["metadata"]["resourceVersion"] = resource_version_;
    const Result<json> answer = client_.MergePatch(kube::kConfigMaps, ChunkKey(), patch, {.metadata_only = true});
    if (answer.ok()) {
      resource_version_ = VersionOf(*answer);
      return OkStatus();
    }
    const std::string before = resource_version_;
    status = Settle(answer.error(), batch);
    if (status.ok() || !fault_.ok() || resource_version_ == before) return status;
  }
  return status;
}

// After a write that failed or was not answered: reads the ConfigMap and returns ok if the batch is there. If only
// other parts of it have changed, returns the error and keeps the new version for the next try.
Status ConfigMapStore::Settle(const Error& error, const Batch& batch) {
  const bool conflict = error.code() == ErrorCode::kAborted || error.code() == ErrorCode::kAlreadyExists;
  if (exists_ && error.code() == ErrorCode::kNotFound) {
    fault_ = DataLossError("the ConfigMap has been deleted, and its events with it");
    return fault_;
  }
  if (error.code() == ErrorCode::kResourceExhausted) return UnavailableError(error.message());
  if (!conflict && !MayHaveHappened(error)) return error;
  const Result<json> found = client_.Get(kube::kConfigMaps, ChunkKey());
  if (!found.ok()) return UnavailableError(error.message() + "; looking it up: " + found.error().message());
  if (!IsOfJob(*found, job_)) {
    return FailedPreconditionError("it belongs to another owner, perhaps to a job of this name that is being deleted");
  }
  // Another leader may have written the same events; with more behind them, that was somebody else.
  const bool last = !IsClosed(*found) && EventsIn(*found) == keys_ + batch.records.size();
  const bool there = batch.records.empty() ? IsClosed(*found) : last && Holds(*found, batch.records);
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

kube::ObjectKey ConfigMapStore::ChunkKey() const {
  return {job_.metadata.name_space, RoundsName(job_.metadata.name, chunk_)};
}

}  // namespace eoa::cluster
