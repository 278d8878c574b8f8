// The label by which the Service of the broker finds the pod that leads.
#pragma once

#include <string>

#include "common/base/result.h"
#include "operator/kube/api_client.h"
#include "operator/kube/resource_type.h"

namespace eoa::cluster {

// Labels `own_pod` as the leader and takes the label off every other pod of its namespace, so that no trainer is sent
// to a predecessor that hangs.
Status TakeLeaderLabel(kube::ApiClient& client, const kube::ObjectKey& own_pod);

// Takes it off again; ok when the pod is gone.
Status DropLeaderLabel(kube::ApiClient& client, const kube::ObjectKey& own_pod);

}  // namespace eoa::cluster
