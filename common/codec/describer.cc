#include "common/codec/describer.h"

#include <utility>

namespace eoa::codec {
namespace {

using Json = nlohmann::ordered_json;

Json Whole(const IntegerSpec& spec) { return {{"type", "integer"}, {"minimum", spec.least}, {"maximum", spec.most}}; }

Json Real(const NumberSpec& spec) {
  Json schema = {{"type", "number"}};
  if (spec.least > -kMaxNumber) schema["minimum"] = spec.least;
  if (spec.most < kMaxNumber) schema["maximum"] = spec.most;
  return schema;
}

Json Characters(const TextSpec& spec) {
  if (!spec.words.empty() && !spec.others) return {{"type", "string"}, {"enum", spec.words}};
  Json schema = {{"type", "string"}};
  if (spec.least > 0) schema["minLength"] = spec.least;
  schema["maxLength"] = spec.most;
  if (!spec.words.empty()) schema["examples"] = spec.words;
  return schema;
}

Json OrNull(Json schema) {
  const Json null = {{"type", "null"}};
  if (!schema.contains("type") || schema.contains("enum")) return {{"anyOf", {std::move(schema), null}}};
  schema["type"] = {schema["type"], "null"};
  return schema;
}

}  // namespace

Describer::Describer(Json& schemas) : schemas_(schemas), schema_({{"type", "object"}}) {}

Json Describer::Take() {
  if (schema_["properties"].empty()) schema_.erase("properties");  // any object will do
  if (name_.empty()) return std::move(schema_);
  schemas_[name_] = std::move(schema_);
  return {{"$ref", "#/components/schemas/" + name_}};
}

void Describer::Put(const Field& field, Json schema) {
  if (field.presence == kRequired || field.presence == kNullable) schema_["required"].push_back(field.name);
  if (field.presence != kRequired) schema = OrNull(std::move(schema));
  if (!field.about.empty()) schema["description"] = field.about;
  schema_["properties"][field.name] = std::move(schema);
}

void Describer::PutList(const Field& field, Json items, std::size_t least) {
  Json schema = {{"type", "array"}, {"items", std::move(items)}};
  if (least > 0) schema["minItems"] = least;
  schema["maxItems"] = kMaxListLength;
  Put(field, std::move(schema));
}

void Describer::Type(std::string_view /*path*/, std::string_view schema, std::string_view about) {
  name_ = schema;
  if (!about.empty()) schema_["description"] = about;
  schema_["properties"] = Json::object();
}

void Describer::Constant(std::string_view name, std::string_view value, std::string_view about) {
  Put({name, kRequired, about}, {{"type", "string"}, {"const", value}});
}

void Describer::Constant(std::string_view name, std::int64_t value) {
  Put({name, kRequired, {}}, {{"type", "integer"}, {"const", value}});
}

void Describer::OnInteger(const Field& field, const IntegerSpec& spec, std::optional<std::int64_t>& /*value*/) {
  Put(field, Whole(spec));
}

void Describer::OnNumber(const Field& field, const NumberSpec& spec, std::optional<double>& /*value*/) {
  Put(field, Real(spec));
}

void Describer::OnText(const Field& field, const TextSpec& spec, std::optional<std::string>& /*value*/) {
  Put(field, Characters(spec));
}

void Describer::OnTime(const Field& field, std::optional<WallTime>& /*value*/) {
  Put(field, {{"type", "string"}, {"format", "date-time"}});
}

void Describer::Bool(std::string_view name, bool& /*value*/, std::string_view about) {
  Put({name, kRequired, about}, {{"type", "boolean"}});
}

void Describer::Any(std::string_view name, nlohmann::json& /*value*/) { Put({name, kRequired, {}}, Json::object()); }

void Describer::Integers(std::string_view name, std::vector<int>& /*list*/, const IntegerSpec& spec,
                         std::string_view about) {
  PutList({name, kRequired, about}, Whole(spec));
}

void Describer::Numbers(std::string_view name, std::vector<double>& /*list*/, const NumberSpec& spec,
                        std::string_view about) {
  PutList({name, kRequired, about}, Real(spec));
}

void Describer::Texts(std::string_view name, std::vector<std::string>& /*list*/, std::string_view about) {
  PutList({name, kRequired, about}, Characters({}));
}

void Describer::OnObject(const Field& field, bool& /*there*/, const std::function<void(Visitor&)>& visit) {
  Describer inner(schemas_);
  visit(inner);
  Put(field, inner.Take());
}

void Describer::OnObjects(const Field& field, const ListSpec& spec, const List& list) {
  list.resize(1);
  Describer inner(schemas_);
  list.visit(0, inner);
  PutList(field, inner.Take(), spec.least);
}

}  // namespace eoa::codec
