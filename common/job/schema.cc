#include "common/job/schema.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "common/document/plain_number.h"
#include "common/words/word.h"

namespace eoa::api {
namespace {

std::string Range(const Field& field) {
  std::string text;
  if (std::isfinite(field.minimum))
    text += (field.exclusive_minimum ? " greater than " : " from ") + PlainNumber(field.minimum);
  if (!std::isfinite(field.maximum)) return text;
  const bool from = std::isfinite(field.minimum) && !field.exclusive_minimum;
  const std::string to = from ? " to " : (text.empty() ? " of at most " : " and at most ");
  return text + (field.exclusive_maximum ? (from ? " to below " : " and less than ") : to) + PlainNumber(field.maximum);
}

}  // namespace

const Field* FindField(const ObjectSchema& object, const std::string& name) {
  const auto found =
      std::find_if(object.fields.begin(), object.fields.end(), [&](const Field& field) { return field.name == name; });
  return found == object.fields.end() ? nullptr : &*found;
}

nlohmann::ordered_json DefaultOf(const ObjectSchema& object, const Field& field) {
  if (field.required || !field.derived.empty() || !field.get) return nullptr;
  return field.get(object.defaults.get());
}

std::string AllowedValues(const Field& field) {
  switch (field.kind) {
    case FieldKind::kBoolean:
      return "true or false";
    case FieldKind::kInteger:
      return "an integer" + Range(field);
    case FieldKind::kNumber:
      return "a number" + Range(field);
    case FieldKind::kString:
      return field.pattern_meaning.empty() ? "a string" : field.pattern_meaning;
    case FieldKind::kWord:
      return JoinWords(field.words);
    case FieldKind::kWordOrNumber:
      return JoinWords(field.words) + " or a number" + Range(field);
    case FieldKind::kTextMap:
      return "a mapping of names to strings";
    case FieldKind::kFreeObject:
      return field.words.empty() ? "a mapping of fields" : "a mapping with " + JoinWords(field.words);
    case FieldKind::kObject:
      return "a mapping of fields";
    case FieldKind::kList:
      return "a list of " + std::to_string(field.min_items) + " to " + std::to_string(field.max_items) + " items";
    case FieldKind::kIgnored:
      return "anything";
  }
  return "";
}

}  // namespace eoa::api
