#include "operator/cluster/executor.h"

#include <utility>

#include "operator/kube/object_store.h"
#include "operator/plan/names.h"

namespace eoa::cluster {
namespace {

constexpr char kConflictHint[] = "; delete or rename it, or give the job another name";

std::string Name(const kube::ResourceType& type, const kube::ObjectKey& key) {
  return std::string(type.kind) + " " + ToString(key);
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
  // An apply would take over whatever bears the name.
  const Result<nlohmann::json> live = client_.Get(type, key);
  if (!live.ok() && live.error().code() == ErrorCode::kNotFound) return OkStatus();
  if (!live.ok()) return Error(live.error()).WithContext("looking for " + Name(type, key));
  if (IsOwnedBy(*live, job.uid)) return OkStatus();
  if (live->at("metadata").contains("deletionTimestamp")) {
    return UnavailableError(Name(type, key) + " of a former job is being deleted");
  }
  for (const nlohmann::json& owner : live->at("metadata").value("ownerReferences", nlohmann::json::array())) {
    // The garbage collector has not come by yet: a job of the same name was deleted a moment ago.
    if (owner.value("kind", "") == kube::kEoaJobs.kind && owner.value("name", "") == job.key.name) {
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
  if (missing) EOA_RETURN_IF_ERROR(CheckNameIsFree(job, *type, *key));
  const Result<nlohmann::json> applied = client_.Apply(*type, object, std::string(plan::kFieldManager));
  if (!applied.ok()) return Error(applied.error()).WithContext("applying " + Name(*type, *key));
  own_writes_.Wrote(job.key, type->kind, *key, applied->at("metadata").value("resourceVersion", ""),
                    clock_.SteadyNow());
  return OkStatus();
}

Status Executor::Delete(const JobIdentity& job, std::string_view api_version, std::string_view kind,
                        const std::string& name, const std::string& uid, const std::string& propagation) {
  const kube::ResourceType* type = kube::FindResourceType(api_version, kind);
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
  const nlohmann::json object = {{"apiVersion", ApiVersionOf(kube::kEoaJobs)},
                                 {"kind", kube::kEoaJobs.kind},
                                 {"metadata",
                                  {{"namespace", job.key.name_space},
                                   {"name", job.key.name},
                                   {"uid", job.uid},
                                   {"resourceVersion", resource_version}}},
                                 {"status", std::move(status)}};
  const Result<nlohmann::json> written =
      client_.Apply(kube::kEoaJobs, object, std::string(plan::kFieldManager), "status");
  if (!written.ok()) return Error(written.error()).WithContext("writing the status of " + ToString(job.key));
  own_writes_.Wrote(job.key, kube::kEoaJobs.kind, job.key, written->at("metadata").value("resourceVersion", ""),
                    clock_.SteadyNow());
  return OkStatus();
}

}  // namespace eoa::cluster
