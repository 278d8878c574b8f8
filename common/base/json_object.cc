#include "common/base/json_object.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace eoa {

JsonObject::JsonObject() {
  static const auto none = std::make_shared<const nlohmann::json>(nlohmann::json::object());
  value_ = none;
}

JsonObject::JsonObject(nlohmann::json value) : value_(std::make_shared<const nlohmann::json>(std::move(value))) {}

bool JsonObject::empty() const { return value_->empty(); }

bool operator==(const JsonObject& a, const JsonObject& b) { return *a.value_ == *b.value_; }

}  // namespace eoa
