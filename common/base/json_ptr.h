// JsonPtr: a JSON document that many hold. It never changes, so any thread may read it.
#pragma once

#include <memory>

#include <nlohmann/json_fwd.hpp>

namespace eoa {

using JsonPtr = std::shared_ptr<const nlohmann::json>;

}  // namespace eoa
