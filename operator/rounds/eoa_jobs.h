// EOAJobs as a resource of the API server.
#pragma once

#include "common/words/labels.h"
#include "operator/kube/resource_type.h"

namespace eoa::cluster {

inline constexpr kube::ResourceType kEoaJobs{kApiGroup, kCrdVersion, "eoajobs", kJobKind};

}  // namespace eoa::cluster
