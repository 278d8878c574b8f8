// What an unquoted word of a YAML file means: null, true, false, a number or a string.
//
// The rule is "as Kubernetes reads it, or not at all": words that YAML 1.1 readers (Kubernetes' among them) take for
// something else than they look like are refused with advice, so that a file means the same everywhere.
#pragma once

#include <string>
#include <string_view>

#include "common/document/document.h"

namespace eoa::api {

// Fills in kind and value of `node` (not its mark). Returns what is wrong, or an empty string; node.kind is then
// kRefused.
std::string ResolvePlainScalar(std::string_view text, Node& node);

}  // namespace eoa::api
