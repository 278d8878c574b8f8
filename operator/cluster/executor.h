// Executor: does what Plan wants done to a job's children in the API server, and remembers what was written.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "operator/cluster/own_writes.h"
#include "operator/kube/api_client.h"
#include "operator/kube/resource_type.h"

namespace eoa::cluster {

// The job on whose behalf something is written.
struct JobIdentity {
  kube::ObjectKey key;
  std::string uid;
};

// Thread-safety: every method from any thread. All that it refers to outlives it.
class Executor {
 public:
  Executor(kube::ApiClient& client, OwnWrites& own_writes, Clock& clock)
      : client_(client), own_writes_(own_writes), clock_(clock) {}

  // With `missing` (no object of ours bears the name, as far as the cache goes) it is created; an object of that name
  // that does not belong to the job is left alone, and AlreadyExists names it. Otherwise a server-side apply.
  Status Apply(const JobIdentity& job, const nlohmann::json& object, bool missing);

  // Only the object with this uid. Ok also when it is not there.
  Status Delete(const JobIdentity& job, std::string_view api_version, std::string_view kind, const std::string& name,
                const std::string& uid, const std::string& propagation);

  // All of status, which must hold every field; only if the job is still at `resource_version`: Aborted otherwise.
  Status WriteStatus(const JobIdentity& job, const std::string& resource_version, nlohmann::json status);

 private:
  Status CheckNameIsFree(const JobIdentity& job, const kube::ResourceType& type, const kube::ObjectKey& key);
  Result<nlohmann::json> Create(const kube::ResourceType& type, const nlohmann::json& object);
  Result<nlohmann::json> Change(const kube::ResourceType& type, const kube::ObjectKey& key,
                                const nlohmann::json& object);

  kube::ApiClient& client_;
  OwnWrites& own_writes_;
  Clock& clock_;
};

// A refusal is the user's business (a quota, a policy, a name that is taken); every other error may pass. Pure.
bool IsRefusal(const Error& error);

}  // namespace eoa::cluster
