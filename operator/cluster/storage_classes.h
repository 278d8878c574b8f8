// Whether the cluster makes volumes for claims that name no StorageClass: some class that has a
// provisioner is marked as the default one.
#pragma once

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/kube/api_client.h"

namespace eoa::cluster {

// Thread-safety: every method from any thread. `client` and `clock` outlive it.
class StorageClasses {
 public:
  StorageClasses(kube::ApiClient& client, Clock& clock) : client_(client), clock_(clock) {}

  // Asks the API server at most once a minute. Without an answer, as before; false when it may not be asked: an
  // operator that is confined to namespaces has no right to look.
  bool HasDefault();

 private:
  kube::ApiClient& client_;
  Clock& clock_;
  Mutex mutex_;
  bool asked_ GUARDED_BY(mutex_) = false;
  bool has_default_ GUARDED_BY(mutex_) = false;
  SteadyTime asked_at_ GUARDED_BY(mutex_);
};

}  // namespace eoa::cluster
