// Looks into JSON objects that others have checked, Kubernetes' above all: what is missing or of another type is
// nothing. Messages of our own are read by common/codec instead, which says what is wrong.
//
//   TextAt(At(pod, "metadata", "labels"), "eoa.io/job")
//
// Json is nlohmann::json or ordered_json. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace eoa {

// Null where there is nothing. More names lead further down.
template <typename Json>
const Json& At(const Json& object, std::string_view name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}
template <typename Json, typename... Names>
const Json& At(const Json& object, std::string_view name, Names... further) {
  return At(At(object, name), further...);
}

// Empty, 0 or none where there is no text, no whole number, no number.
template <typename Json>
std::string TextAt(const Json& object, std::string_view name) {
  const Json& value = At(object, name);
  return value.is_string() ? value.template get<std::string>() : std::string();
}
template <typename Json>
std::int64_t IntegerAt(const Json& object, std::string_view name) {
  const Json& value = At(object, name);
  return value.is_number_integer() ? value.template get<std::int64_t>() : 0;
}
template <typename Json>
std::optional<double> NumberAt(const Json& object, std::string_view name) {
  const Json& value = At(object, name);
  return value.is_number() ? std::optional(value.template get<double>()) : std::nullopt;
}

}  // namespace eoa
