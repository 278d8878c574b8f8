// The path of a job's field as sweep files write it: "spec.ecosphere.baseLearningRate", "spec.populations[*].algorithm".
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace eoa::sweep {

struct FieldPart {
  std::string name;
  bool all = false;                                 // "[*]": of every item of the list of this name
  std::optional<std::size_t> index = std::nullopt;  // "[2]": of that item
};
using FieldPath = std::vector<FieldPart>;  // never empty; the first part is "spec"

// InvalidArgument says what is allowed.
Result<FieldPath> ParseFieldPath(std::string_view text);

// Sets the field of a job's document, as its author wrote it; objects on the way are made where there are none. A null
// takes the field out: its default applies. InvalidArgument where the path leads through what is no object, or to an
// item that is not there.
Status SetField(nlohmann::ordered_json& document, const FieldPath& path, const nlohmann::ordered_json& value);

}  // namespace eoa::sweep
