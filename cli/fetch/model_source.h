// Where a job's model is to be had: from the agent of the population's first pod, or, when no pod is left, from a pod
// that is made for the purpose and given the first pod's volume.
#pragma once

#include <memory>
#include <string>

#include "cli/fetch/pod_files.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "operator/kube/api_client.h"

namespace eoa::fetch {

// While it lives the pod gives out its files; then the key is taken back, or the pod deleted.
class ModelSource {
 public:
  // Waits until the pod answers. NotFound: neither pod nor volume is left. Errors of ApiClient; `client` and `clock`
  // outlive it.
  static Result<std::unique_ptr<ModelSource>> Open(const api::Job& job, const std::string& population,
                                                   kube::ApiClient& client, Clock& clock);
  ~ModelSource();
  ModelSource(const ModelSource&) = delete;
  ModelSource& operator=(const ModelSource&) = delete;

  PodFiles& files() { return *files_; }
  const std::vector<RemoteFile>& list() const { return list_; }

 private:
  ModelSource(kube::ApiClient& client, kube::ObjectKey pod) : client_(client), pod_(std::move(pod)) {}
  Status MakePod(const api::Job& job, const std::string& population);
  Status AwaitRunning(Clock& clock);
  Status AwaitAnswer(int port, Clock& clock);

  kube::ApiClient& client_;
  kube::ObjectKey pod_;
  std::string key_;
  bool made_ = false;  // by this object, which deletes it
  std::unique_ptr<PodFiles> files_;
  std::vector<RemoteFile> list_;
};

// The pod that serves what the first pod of a StatefulSet has stored; null when that was in the pod alone. `set` as the
// API server has it, `first` the name of its first pod. Pure.
nlohmann::json ServingPod(const nlohmann::json& set, const std::string& first, const std::string& name,
                          const std::string& key_digest);

}  // namespace eoa::fetch
