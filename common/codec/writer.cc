#include "common/codec/writer.h"

#include <nlohmann/json.hpp>

#include "common/base/timestamp.h"

namespace eoa::codec {

template <typename Json>
Writer<Json>::Writer(Json& object) : object_(object) {
  object_ = Json::object();
}

template <typename Json>
void Writer<Json>::Put(std::string_view name, Json value) {
  object_.emplace(std::string(name), std::move(value));
}

template <typename Json>
template <typename T>
void Writer<Json>::PutOrNull(const Field& field, const std::optional<T>& value) {
  if (value) return Put(field.name, *value);
  if (field.presence != kSparse) Put(field.name, nullptr);
}

template <typename Json>
void Writer<Json>::Type(std::string_view /*path*/, std::string_view /*schema*/, std::string_view /*about*/) {}

template <typename Json>
void Writer<Json>::Constant(std::string_view name, std::string_view value, std::string_view /*about*/) {
  Put(name, value);
}

template <typename Json>
void Writer<Json>::Constant(std::string_view name, std::int64_t value) {
  Put(name, value);
}

template <typename Json>
void Writer<Json>::OnInteger(const Field& field, const IntegerSpec& /*spec*/, std::optional<std::int64_t>& value) {
  PutOrNull(field, value);
}

template <typename Json>
void Writer<Json>::OnNumber(const Field& field, const NumberSpec& /*spec*/, std::optional<double>& value) {
  PutOrNull(field, value);
}

template <typename Json>
void Writer<Json>::OnText(const Field& field, const TextSpec& /*spec*/, std::optional<std::string>& value) {
  PutOrNull(field, value);
}

template <typename Json>
void Writer<Json>::OnTime(const Field& field, std::optional<WallTime>& value) {
  PutOrNull(field, value ? std::optional(FormatTimestamp(*value)) : std::nullopt);
}

template <typename Json>
void Writer<Json>::Bool(std::string_view name, bool& value, std::string_view /*about*/) {
  Put(name, value);
}

template <typename Json>
void Writer<Json>::Any(std::string_view name, nlohmann::json& value) {
  Put(name, value);
}

template <typename Json>
void Writer<Json>::Integers(std::string_view name, std::vector<int>& list, const IntegerSpec& /*spec*/,
                            std::string_view /*about*/) {
  Put(name, list);
}

template <typename Json>
void Writer<Json>::Numbers(std::string_view name, std::vector<double>& list, const NumberSpec& /*spec*/,
                           std::string_view /*about*/) {
  Put(name, list);
}

template <typename Json>
void Writer<Json>::Texts(std::string_view name, std::vector<std::string>& list, std::string_view /*about*/) {
  Put(name, list);
}

template <typename Json>
void Writer<Json>::OnObject(const Field& field, bool& there, const std::function<void(Visitor&)>& visit) {
  std::optional<Json> object;
  if (there) {
    Writer inner(object.emplace());
    visit(inner);
  }
  PutOrNull(field, object);
}

template <typename Json>
void Writer<Json>::OnObjects(const Field& field, const ListSpec& /*spec*/, const List& list) {
  Json array = Json::array();
  for (std::size_t i = 0; i < list.size; ++i) {
    array.push_back(nullptr);
    Writer inner(array.back());
    list.visit(i, inner);
  }
  Put(field.name, std::move(array));
}

template class Writer<nlohmann::json>;
template class Writer<nlohmann::ordered_json>;

}  // namespace eoa::codec
