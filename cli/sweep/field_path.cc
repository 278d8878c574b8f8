#include "cli/sweep/field_path.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/number.h"

namespace eoa::sweep {
namespace {

using nlohmann::ordered_json;

Error NoPath() {
  return InvalidArgumentError(
      "must be the path of a field of the job's spec, such as spec.ecosphere.baseLearningRate, "
      "spec.populations[0].members or, of all populations, spec.populations[*].algorithm");
}

bool IsName(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<FieldPart> ParsePart(std::string_view text) {
  FieldPart part;
  const std::size_t open = text.find('[');
  part.name = std::string(text.substr(0, open));
  if (!IsName(part.name)) return NoPath();
  if (open == std::string_view::npos) return part;
  if (!text.ends_with(']')) return NoPath();
  const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  part.all = inside == "*";
  if (part.all) return part;
  const Result<std::int64_t> index = ParseInteger(inside);
  if (!index.ok() || *index < 0) return NoPath();
  part.index = static_cast<std::size_t>(*index);
  return part;
}

// `at` names `here` in messages.
Status SetBelow(ordered_json& here, const FieldPath& path, std::size_t depth, const std::string& at,
                const ordered_json& value) {
  if (depth == path.size()) {
    here = value;
    return OkStatus();
  }
  if (here.is_null()) here = ordered_json::object();
  if (!here.is_object()) return InvalidArgumentError(at + " of the job holds no fields");
  const FieldPart& part = path[depth];
  const std::string name = at.empty() ? part.name : at + "." + part.name;
  ordered_json& child = here[part.name];
  if (!part.all && !part.index) return SetBelow(child, path, depth + 1, name, value);
  if (!child.is_array()) return InvalidArgumentError(name + " of the job is no list");
  for (std::size_t i = 0; i < child.size(); ++i) {
    if (!part.all && *part.index != i) continue;
    EOA_RETURN_IF_ERROR(SetBelow(child[i], path, depth + 1, name + "[" + std::to_string(i) + "]", value));
  }
  if (part.all || *part.index < child.size()) return OkStatus();
  return InvalidArgumentError(name + " of the job has " + std::to_string(child.size()) + " items, counted from 0");
}

}  // namespace

Result<FieldPath> ParseFieldPath(std::string_view text) {
  FieldPath path;
  for (;;) {
    const std::size_t end = text.find('.');
    EOA_ASSIGN_OR_RETURN(FieldPart part, ParsePart(text.substr(0, end)));
    path.push_back(std::move(part));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  const bool below_spec = path.size() > 1 && path[0].name == "spec" && !path[0].all && !path[0].index;
  if (!below_spec) return NoPath();
  if (path[1].name == "seed") return InvalidArgumentError("the sweep's own seeds and firstSeed say which seeds");
  return path;
}

Status SetField(ordered_json& document, const FieldPath& path, const ordered_json& value) {
  return SetBelow(document, path, 0, "", value);
}

}  // namespace eoa::sweep
