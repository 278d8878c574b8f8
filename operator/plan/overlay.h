// One pod template laid over another, as Kubernetes' strategic merge does it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace eoa::plan {

// `base` with `overlay` on it, both PodTemplateSpecs. Mappings are merged field by field. Lists are merged item by item
// where Kubernetes' OpenAPI names a key for them (containers by name, ports by containerPort, mounts by mountPath, ...)
// and every item has it; all other lists are replaced. Where only one of several fields may be given (value or
// valueFrom, the sources of a volume, the kinds of a probe), the overlay's takes the place of the base's.
nlohmann::json OverlayTemplates(nlohmann::json base, const nlohmann::json& overlay);

}  // namespace eoa::plan
