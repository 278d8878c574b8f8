// Writer: makes a JSON object of a value. Json is nlohmann::json (keys sorted: wires and stored files) or ordered_json
// (keys in the order of Fields: files that people read).
#pragma once

#include "common/codec/visitor.h"

namespace eoa::codec {

template <typename Json>
class Writer final : public Visitor {
 public:
  explicit Writer(Json& object);  // which it fills

  void Type(std::string_view path, std::string_view schema, std::string_view about) override;
  void Constant(std::string_view name, std::string_view value, std::string_view about) override;
  void Constant(std::string_view name, std::int64_t value) override;
  void Bool(std::string_view name, bool& value, std::string_view about) override;
  void Any(std::string_view name, nlohmann::json& value) override;
  void Integers(std::string_view name, std::vector<int>& list, const IntegerSpec& spec,
                std::string_view about) override;
  void Numbers(std::string_view name, std::vector<double>& list, const NumberSpec& spec,
               std::string_view about) override;
  void Texts(std::string_view name, std::vector<std::string>& list, std::string_view about) override;

 private:
  void OnInteger(const Field& field, const IntegerSpec& spec, std::optional<std::int64_t>& value) override;
  void OnNumber(const Field& field, const NumberSpec& spec, std::optional<double>& value) override;
  void OnText(const Field& field, const TextSpec& spec, std::optional<std::string>& value) override;
  void OnTime(const Field& field, std::optional<WallTime>& value) override;
  void OnObject(const Field& field, bool& there, const std::function<void(Visitor&)>& visit) override;
  void OnObjects(const Field& field, const ListSpec& spec, const List& list) override;

  void Put(std::string_view name, Json value);
  template <typename T>
  void PutOrNull(const Field& field, const std::optional<T>& value);

  Json& object_;
};

}  // namespace eoa::codec
