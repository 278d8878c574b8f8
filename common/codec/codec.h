// ToJson, FromJson and Describe for every type that has Fields (common/codec/visitor.h):
//
//   const nlohmann::json document = codec::ToJson(decision);
//   EOA_ASSIGN_OR_RETURN(const Decision again, codec::FromJson<Decision>(document));
//
// Text from outside is parsed by common/base/json_guard.h before. Pure; thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/codec/visitor.h"

namespace eoa::codec {

using Walk = std::function<void(Visitor&)>;  // calls Fields on a value

nlohmann::json WriteObject(const Walk& walk);
nlohmann::ordered_json WriteOrderedObject(const Walk& walk);
Status ReadObject(const nlohmann::json& document, const Walk& walk);
void ReadTolerantly(const nlohmann::json& document, const Walk& walk);
nlohmann::ordered_json DescribeObject(nlohmann::ordered_json& schemas, const Walk& walk);
bool ReadAlternative(const nlohmann::json& document, const Walk& walk, Status& status);  // false: it is another
Error UnknownKind(const nlohmann::json& document, std::string_view where);

template <typename T>
nlohmann::json ToJson(T value) {
  return WriteObject([&](Visitor& v) { Fields(v, value); });
}

// The same with the keys in the order of Fields, for files that people read.
template <typename T>
nlohmann::ordered_json ToOrderedJson(T value) {
  return WriteOrderedObject([&](Visitor& v) { Fields(v, value); });
}

// InvalidArgument names the field that is missing, of a wrong type or out of bounds, and what is allowed.
template <typename T>
Result<T> FromJson(const nlohmann::json& document) {
  T value{};
  EOA_RETURN_IF_ERROR(ReadObject(document, [&](Visitor& v) { Fields(v, value); }));
  return value;
}

// For what others have checked: fields that are missing or of another type keep their defaults.
template <typename T>
T FromJsonTolerantly(const nlohmann::json& document) {
  T value{};
  ReadTolerantly(document, [&](Visitor& v) { Fields(v, value); });
  return value;
}

// The JSON Schema of T, or a reference to it: named types are put into `schemas`, the document's components.
template <typename T>
nlohmann::ordered_json Describe(nlohmann::ordered_json& schemas) {
  T value{};
  return DescribeObject(schemas, [&](Visitor& v) { Fields(v, value); });
}

// A variant whose alternatives begin with Kind.
template <typename... T>
nlohmann::json VariantToJson(const std::variant<T...>& value) {
  return std::visit([](const auto& each) { return ToJson(each); }, value);
}

// `where` starts the message when there is no type, or one that this version does not know.
template <typename Variant>
Result<Variant> VariantFromJson(const nlohmann::json& document, std::string_view where) {
  std::optional<Result<Variant>> read;
  const auto read_as = [&]<typename T>(std::in_place_type_t<T> /*type*/) {
    T value{};
    Status status;
    if (read || !ReadAlternative(
                    document, [&](Visitor& v) { Fields(v, value); }, status))
      return;
    read = status.ok() ? Result<Variant>(std::move(value)) : status.error();
  };
  [&]<typename... T>(const std::variant<T...>* /*type*/) {
    (read_as(std::in_place_type<T>), ...);
  }(static_cast<const Variant*>(nullptr));
  return read ? *std::move(read) : UnknownKind(document, where);
}

}  // namespace eoa::codec
