#include "operator/cluster/executor.h"

#include <algorithm>
#include <utility>

#include "common/words/labels.h"
#include "operator/kube/object_store.h"
#include "operator/rounds/eoa_jobs.h"

namespace eoa::cluster {
namespace {

constexpr char kConflictHint[] = "; delete or rename it, or give the job another name";

std::string Name(const kube::ResourceType& type, const kube::ObjectKey& key) {
  return std::string(type.kind) + " " + ToString(key);
}

// The type of a job or of one of its children; null when it is none of them.
const kube::ResourceType* TypeOf(std::string_view api_version, std::string_view kind) {
  if (kind == kEoaJobs.kind && api_version == kApiVersion) return &kEoaJobs;
  return kube::FindResourceType(api_version, kind);
}

bool IsCreatorsEntry(const nlohmann::json& entry) {
  return entry.value("manager", "") == kOperatorName && entry.value("operation", "") == "Update" &&
         entry.value("subresource", "").empty();
}

bool IsOwnedBy(const nlohmann::json& object, const std::string& uid) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end()) return false;
  const auto owners = metadata->find("ownerReferences");
  if (owners == metadata->end() || !owners->is_array()) return false;
  for (const nlohmann::json& owner : *owners) {
    if (owner.value("uid", "") == uid) return true;
  }
  return false;
}

// Whether the operator made the object and has not applied it since.
bool HasCreatorsFields(const nlohmann::json& metadata) {
  const auto fields = metadata.find("managedFields");
  if (fields == metadata.end() || !fields->is_array()) return false;
  return std::any_of(fields->begin(), fields->end(), IsCreatorsEntry);
}

}  // namespace

bool IsRefusal(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kAlreadyExists:
      return true;
    default:
      return false;
  }
}

Status Executor::CheckNameIsFree(const JobIdentity& job, const kube::ResourceType& type, const kube::ObjectKey& key) {
  const Result<nlohmann::json> live = client_.Get(type, key);
  if (!live.ok() && live.error().code() == ErrorCode::kNotFound) return OkStatus();
  if (!live.ok()) return Error(live.error()).WithContext("looking for " + Name(type, key));
  if (IsOwnedBy(*live, job.uid)) return OkStatus();
  if (live->at("metadata").contains("deletionTimestamp")) {
    return UnavailableError(Name(type, key) + " of a former job is being deleted");
  }
  for (const nlohmann::json& owner : live->at("metadata").value("ownerReferences", nlohmann::json::array())) {
    // The garbage collector has not come by yet: a job of the same name was deleted a moment ago.
    if (owner.value("kind", "") == kEoaJobs.kind && owner.value("name", "") == job.key.name) {
      return UnavailableError(Name(type, key) + " still belongs to a former job of the same name");
    }
  }
  return AlreadyExistsError(Name(type, key) + " exists and does not belong to this job" + kConflictHint);
}

Status Executor::Apply(const JobIdentity& job, const nlohmann::json& object, bool missing) {
  const kube::ResourceType* type = kube::FindResourceType(object.value("apiVersion", ""), object.value("kind", ""));
  if (type == nullptr) return InternalError("an object of unknown kind is to be applied: " + object.value("kind", ""));
  const std::optional<kube::ObjectKey> key = kube::KeyOf(object);
  if (!key) return InternalError("an object without a name is to be applied");
  Result<nlohmann::json> written = missing ? Create(*type, object) : Change(*type, *key, object);
  if (!written.ok() && missing && written.error().code() == ErrorCode::kAlreadyExists) {
    // An apply would take over whatever bears the name.
    EOA_RETURN_IF_ERROR(CheckNameIsFree(job, *type, *key));
    written = Change(*type, *key, object);
  }
  if (!written.ok()) return Error(written.error()).WithContext("applying " + Name(*type, *key));
  own_writes_.Wrote(job.key, type->kind, *key, written->at("metadata").value("resourceVersion", ""),
                    clock_.SteadyNow());
  return OkStatus();
}

// A third of what an apply of something new costs the API server.
Result<nlohmann::json> Executor::Create(const kube::ResourceType& type, const nlohmann::json& object) {
  return client_.Create(type, object, {.field_manager = std::string(kOperatorName), .metadata_only = true});
}

// What a create has set would stay when later applies leave it out: the fields become those of an apply first.
Result<nlohmann::json> Executor::Change(const kube::ResourceType& type, const kube::ObjectKey& key,
                                        const nlohmann::json& object) {
  const std::string manager(kOperatorName);
  EOA_ASSIGN_OR_RETURN(nlohmann::json live, client_.Get(type, key));
  nlohmann::json& metadata = live.at("metadata");
  if (HasCreatorsFields(metadata)) {
    nlohmann::json fields = metadata.at("managedFields");
    for (nlohmann::json& entry : fields) {
      if (IsCreatorsEntry(entry)) entry["operation"] = "Apply";
    }
    const nlohmann::json patch = {
        {"metadata",
         {{"resourceVersion", metadata.value("resourceVersion", "")}, {"managedFields", std::move(fields)}}}};
    const auto changed = client_.MergePatch(type, key, patch, {.field_manager = manager, .metadata_only = true});
    if (!changed.ok()) return changed.error();
  }
  return client_.Apply(type, object, manager);
}

Status Executor::Delete(const JobIdentity& job, std::string_view api_version, std::string_view kind,
                        const std::string& name, const std::string& uid, const std::string& propagation) {
  const kube::ResourceType* type = TypeOf(api_version, kind);
  if (type == nullptr) return InternalError("an object of unknown kind is to be deleted: " + std::string(kind));
  const kube::ObjectKey key{job.key.name_space, name};
  kube::DeleteOptions options;
  options.uid = uid;
  options.propagation = propagation;
  const Status deleted = client_.Delete(*type, key, options);
  // A conflict: it was replaced meanwhile, so what was to be deleted is gone.
  if (!deleted.ok() && deleted.error().code() != ErrorCode::kAborted) {
    return Error(deleted.error()).WithContext("deleting " + Name(*type, key));
  }
  own_writes_.Deleted(job.key, type->kind, key, uid, clock_.SteadyNow());
  return OkStatus();
}

Status Executor::WriteStatus(const JobIdentity& job, const std::string& resource_version, nlohmann::json status) {
  // A status has all its fields, null where there is nothing: a merge leaves nothing of the last one.
  const nlohmann::json patch = {{"metadata", {{"resourceVersion", resource_version}}}, {"status", std::move(status)}};
  const Result<nlohmann::json> written =
      client_.MergePatch(kEoaJobs, job.key, patch,
                         {.subresource = "status", .field_manager = std::string(kOperatorName), .metadata_only = true});
  if (!written.ok()) return Error(written.error()).WithContext("writing the status of " + ToString(job.key));
  own_writes_.Wrote(job.key, kEoaJobs.kind, job.key, written->at("metadata").value("resourceVersion", ""),
                    clock_.SteadyNow());
  return OkStatus();
}

}  // namespace eoa::cluster
