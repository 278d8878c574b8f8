// A Node tree, read into structs along the schema.
#pragma once

#include <string>

#include "common/document/document.h"
#include "common/document/findings.h"
#include "common/job/schema.h"

namespace eoa::api {

// Reads `node` into `target`, the default-constructed struct that `object` describes. Every field is checked on its
// own: known, of its kind, within its bounds, there if it must be. Fields with mistakes keep their default. `path` is
// the object's own, "" at the top.
void ReadObject(const ObjectSchema& object, const Node& node, const std::string& path, void* target,
                Findings& findings);

}  // namespace eoa::api
