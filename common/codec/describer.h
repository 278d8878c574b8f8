// Describer: makes the JSON Schema (2020-12, as OpenAPI 3.1 has it) of a type: what Reader takes and Writer writes.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "common/codec/visitor.h"

namespace eoa::codec {

class Describer final : public Visitor {
 public:
  // Types with a name go to `schemas` by it, and parts of them too. Borrowed.
  explicit Describer(nlohmann::ordered_json& schemas);

  // After Fields: the type's schema, or a reference to it if it has a name.
  nlohmann::ordered_json Take();

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

  void Put(const Field& field, nlohmann::ordered_json schema);
  void PutList(const Field& field, nlohmann::ordered_json items, std::size_t least = 0);

  nlohmann::ordered_json& schemas_;
  std::string name_;
  nlohmann::ordered_json schema_;
};

}  // namespace eoa::codec
