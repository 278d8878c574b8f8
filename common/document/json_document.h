// Node trees and nlohmann::json documents, turned into each other.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "common/document/document.h"

namespace eoa::api {

// ResourceExhausted beyond kMaxDepth or kMaxNodes, InvalidArgument for a number that is not finite. Nodes have no mark.
Result<Node> NodeFromJson(const nlohmann::json& document);

// Refused nodes become null, whole numbers integers: 5.0 is 5.
nlohmann::ordered_json NodeToJson(const Node& node);

}  // namespace eoa::api
