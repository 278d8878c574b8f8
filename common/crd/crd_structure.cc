#include <cmath>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/crd/crd_parts.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;

// Whole numbers are written as such: "maximum: 1024", not 1024.0.
Json Number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

void AddRange(const Field& field, Json& schema) {
  if (std::isfinite(field.minimum)) schema["minimum"] = Number(field.minimum);
  if (field.exclusive_minimum) schema["exclusiveMinimum"] = true;
  if (std::isfinite(field.maximum)) schema["maximum"] = Number(field.maximum);
  if (field.exclusive_maximum) schema["exclusiveMaximum"] = true;
}

// `pattern` as the API server's regular expressions (RE2) must have it to accept the same strings: for the whole of the
// string, and any character means none that read_object.cc and IsYamlSafe refuse.
std::string ServersPattern(const std::string& pattern) {
  std::string text = "^(";
  bool in_brackets = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '[') in_brackets = true;
    if (c == ']') in_brackets = false;
    if (c == '.' && !in_brackets) {
      text += R"([^\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{feff}\x{fffe}\x{ffff}])";
    } else {
      text += c;
    }
  }
  return text + ")$";
}

// A field without a type takes any value, so those of other kinds are kept out by bounds that none of them is within.
void RefuseStrings(Json& schema) { schema["minLength"] = 1, schema["maxLength"] = 0; }
void RefuseNumbers(Json& schema) { schema["minimum"] = 1, schema["maximum"] = 0; }
void RefuseLists(Json& schema) { schema["minItems"] = 1, schema["maxItems"] = 0; }
void RefuseObjects(Json& schema) { schema["minProperties"] = 1, schema["maxProperties"] = 0; }
void RefuseBooleans(Json& schema) { schema["not"] = {{"enum", {true, false}}}; }

// Kept as it is. It has no type because CEL compares only such values to the last field: of objects with unknown fields
// it passes over keys that the other side lacks.
Json FreeObject() {
  Json schema = {{"x-kubernetes-preserve-unknown-fields", true}};
  RefuseStrings(schema);
  RefuseNumbers(schema);
  RefuseLists(schema);
  RefuseBooleans(schema);
  return schema;
}

// Kubernetes' own int-or-string knows no fractions.
Json WordOrNumber(const Field& field) {
  Json schema = {{"x-kubernetes-preserve-unknown-fields", true}};
  AddRange(field, schema);
  std::string words;
  for (const std::string& word : field.words) words += (words.empty() ? "" : "|") + word;
  schema["pattern"] = "^(" + words + ")$";
  RefuseLists(schema);
  RefuseObjects(schema);
  RefuseBooleans(schema);
  return schema;
}

Json Structure(const Field& field, const std::string& path) {
  switch (field.kind) {
    case FieldKind::kBoolean:
      return {{"type", "boolean"}};
    case FieldKind::kInteger:
    case FieldKind::kNumber: {
      Json schema = {{"type", field.kind == FieldKind::kInteger ? "integer" : "number"}};
      if (field.kind == FieldKind::kInteger) schema["format"] = "int64";
      AddRange(field, schema);
      return schema;
    }
    case FieldKind::kString: {
      Json schema = {{"type", "string"}, {"maxLength", field.max_length}};
      schema["pattern"] = ServersPattern(field.pattern.empty() ? ".*" : field.pattern);
      return schema;
    }
    case FieldKind::kWord:
      return {{"type", "string"}, {"enum", field.words}};
    case FieldKind::kWordOrNumber:
      return WordOrNumber(field);
    case FieldKind::kTextMap:
      return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
    case FieldKind::kFreeObject: {
      if (field.words.empty()) return FreeObject();
      Json schema = {{"type", "object"}, {"properties", Json::object()}};
      for (const std::string& key : field.words) schema["properties"][key] = FreeObject();
      return schema;
    }
    case FieldKind::kObject:
      return StructuralObject(*field.object, path);
    case FieldKind::kList: {
      Json schema = {{"type", "array"}, {"minItems", field.min_items}, {"maxItems", field.max_items}};
      if (!field.list_key.empty()) {
        schema["x-kubernetes-list-type"] = "map";
        schema["x-kubernetes-list-map-keys"] = {field.list_key};
      }
      schema["items"] = StructuralObject(*field.object, path + "[]");
      return schema;
    }
    case FieldKind::kIgnored:
      break;
  }
  return {{"x-kubernetes-preserve-unknown-fields", true}};
}

// Links of the reference page mean nothing in `kubectl explain`: "[data.md](data.md)" becomes "docs/data.md".
std::string WithoutLinks(const std::string& text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t middle = text[at] == '[' ? text.find("](", at) : std::string::npos;
    const std::size_t end = middle == std::string::npos ? middle : text.find(')', middle);
    if (end == std::string::npos) {
      plain += text[at++];
      continue;
    }
    plain += "docs/" + text.substr(middle + 2, end - middle - 2);
    at = end + 1;
  }
  return plain;
}

std::string Describe(const Field& field) {
  std::string text = WithoutLinks(field.description);
  const auto add = [&text](const std::string& sentence) { text += (text.empty() ? "" : " ") + sentence; };
  if (field.kind == FieldKind::kWordOrNumber) add("Allowed: " + AllowedValues(field) + ".");
  if (!field.derived.empty()) add("Default: " + field.derived + ".");
  if (field.immutable) add("Cannot be changed once the job has started.");
  if (field.fixed) add("Cannot be changed.");
  return text;
}

// The default that the API server fills in: null where there is none. A free object without a value is left out rather
// than shown as {} in every job. An object in which nothing is required is always there, and its default holds those of
// its fields: the API server checks a default against the rules without completing it.
Json ServersDefault(const ObjectSchema& owner, const Field& field) {
  if (field.kind == FieldKind::kFreeObject) return nullptr;
  if (field.kind != FieldKind::kObject) {
    const Json value = DefaultOf(owner, field);
    return value.is_number_float() ? Number(value.get<double>()) : value;
  }
  Json defaults = Json::object();
  for (const Field& inner : field.object->fields) {
    if (inner.required || field.required) return nullptr;
    if (Json value = ServersDefault(*field.object, inner); !value.is_null()) defaults[inner.name] = std::move(value);
  }
  return defaults;
}

}  // namespace

void AddRules(const std::vector<CelRule>& rules, Json& schema) {
  for (const CelRule& rule : rules) {
    Json entry = {{"rule", rule.rule}, {"message", rule.message}};
    if (!rule.field_path.empty()) entry["fieldPath"] = rule.field_path;
    schema["x-kubernetes-validations"].push_back(std::move(entry));
  }
}

Json StructuralField(const ObjectSchema& owner, const Field& field, const std::string& path) {
  Json schema = {{"description", Describe(field)}};
  schema.update(Structure(field, path));
  if (Json value = ServersDefault(owner, field); !value.is_null()) schema["default"] = std::move(value);
  if (field.fixed) AddRules({{"self == oldSelf", "is immutable", ""}}, schema);
  return schema;
}

Json StructuralObject(const ObjectSchema& object, const std::string& path) {
  Json schema = {{"type", "object"}};
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : object.fields) {
    if (field.kind == FieldKind::kIgnored) continue;
    if (field.required) required.push_back(field.name);
    properties[field.name] = StructuralField(object, field, path.empty() ? field.name : path + "." + field.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  AddRules(CelRulesAt(path), schema);
  return schema;
}

}  // namespace eoa::api
