// The guard in front of nlohmann::json: text from outside is parsed only through here.
//
// nlohmann::json parses iteratively but copies and prints recursively, silently keeps the last of two equal keys,
// and throws on invalid UTF-8 when it prints. ParseJson bounds size, depth and number of values, refuses duplicate keys
// and trailing text, and returns errors as values; DumpJson never throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/result.h"

namespace eoa {

struct JsonLimits {
  std::size_t max_bytes = std::size_t{1} << 20;
  int max_depth = 64;
  std::size_t max_values = 200'000;  // scalars, objects and arrays together
  bool cut_deeper = false;           // an object or array below max_depth is read as null instead of refused
};

// InvalidArgument with the byte position for malformed text; ResourceExhausted when a limit is exceeded.
Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits = {});

// Compact JSON in one line. Invalid UTF-8 becomes U+FFFD; control characters, DEL and U+0080 to U+009F are escaped.
// Non-finite numbers print as null: callers reject them before (docs/decisions).
std::string DumpJson(const nlohmann::json& value);
std::string DumpJson(const nlohmann::ordered_json& value);

// Indented by two spaces, with a final newline: files that people read.
std::string DumpJsonPretty(const nlohmann::ordered_json& value);

}  // namespace eoa
