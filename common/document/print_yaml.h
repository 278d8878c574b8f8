// JSON values as YAML in block style, two spaces a level, strings quoted only where readers could take them for
// something else. Every YAML reader, also one of YAML 1.1 as Kubernetes has, gives the same value back. Pure;
// thread-safe.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace eoa::api {

// One document. `value` is an object or a list that is not empty, without infinite numbers.
std::string YamlText(const nlohmann::ordered_json& value);

}  // namespace eoa::api
