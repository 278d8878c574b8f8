// A JSON object that is carried along and not looked into, such as a pod template. An immutable value whose copies
// share it, so copying is cheap; thread-safe as such. Headers that hold one do without the JSON library.
#pragma once

#include <memory>

#include <nlohmann/json_fwd.hpp>

namespace eoa {

class JsonObject {
 public:
  JsonObject();                      // {}
  JsonObject(nlohmann::json value);  // NOLINT(google-explicit-constructor): it is the same value

  // Not moved from, so that each has a value at any time.
  JsonObject(const JsonObject&) = default;
  JsonObject& operator=(const JsonObject&) = default;

  const nlohmann::json& json() const { return *value_; }
  bool empty() const;

  friend bool operator==(const JsonObject& a, const JsonObject& b);

 private:
  std::shared_ptr<const nlohmann::json> value_;  // never null
};

}  // namespace eoa
