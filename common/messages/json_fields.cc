#include "common/messages/json_fields.h"

#include <algorithm>
#include <cmath>

#include "common/base/number.h"

namespace eoa::api {
namespace {

using nlohmann::json;

const json& NullJson() {
  static const json null;
  return null;
}

bool AllowedSize(std::size_t size) { return size <= kMaxArrayLength; }

}  // namespace

FieldReader::FieldReader(const json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) error_ = InvalidArgumentError(where_ + " must be an object, not " + object.type_name());
}

std::string FieldReader::Name(std::string_view field) const { return where_ + "." + std::string(field); }

void FieldReader::Fail(std::string_view field, const std::string& what) {
  if (!error_) error_ = InvalidArgumentError(Name(field) + " " + what);
}

const json* FieldReader::Find(std::string_view field, bool optional) {
  if (error_) return nullptr;
  const auto it = object_.find(std::string(field));
  if (it != object_.end() && !it->is_null()) return &*it;
  if (!optional) Fail(field, "is missing");
  return nullptr;
}

std::optional<double> FieldReader::CheckedNumber(const std::string& name, const json& value, double low, double high) {
  const double number = value.is_number() ? value.get<double>() : 0;
  if (value.is_number() && std::isfinite(number) && number >= low && number <= high) return number;
  if (!error_) {
    error_ =
        InvalidArgumentError(name + " must be a finite number from " + FormatNumber(low) + " to " + FormatNumber(high) +
                             ", not " + (value.is_number() ? FormatNumber(number) : value.type_name()));
  }
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::CheckedInteger(const std::string& name, const json& value, std::int64_t low,
                                                        std::int64_t high) {
  // An unsigned value above 2^63 would turn negative.
  const bool fits = value.is_number_integer() && (!value.is_number_unsigned() ||
                                                  value.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  const std::int64_t integer = fits ? value.get<std::int64_t>() : 0;
  if (fits && integer >= low && integer <= high) return integer;
  if (!error_) {
    error_ = InvalidArgumentError(name + " must be an integer from " + std::to_string(low) + " to " +
                                  std::to_string(high) + ", not " +
                                  (fits                ? std::to_string(integer)
                                   : value.is_number() ? "that"
                                                       : value.type_name()));
  }
  return std::nullopt;
}

std::int64_t FieldReader::Integer(std::string_view field, std::int64_t low, std::int64_t high) {
  const json* value = Find(field, false);
  return value == nullptr ? low : CheckedInteger(Name(field), *value, low, high).value_or(low);
}

std::int64_t FieldReader::IntegerOr(std::string_view field, std::int64_t otherwise, std::int64_t low,
                                    std::int64_t high) {
  const json* value = Find(field, true);
  return value == nullptr ? otherwise : CheckedInteger(Name(field), *value, low, high).value_or(low);
}

double FieldReader::Number(std::string_view field, double low, double high) {
  const json* value = Find(field, false);
  return value == nullptr ? low : CheckedNumber(Name(field), *value, low, high).value_or(low);
}

std::optional<double> FieldReader::OptionalNumber(std::string_view field, double low, double high) {
  const json* value = Find(field, true);
  if (value == nullptr) return std::nullopt;
  return CheckedNumber(Name(field), *value, low, high);
}

bool FieldReader::Bool(std::string_view field) {
  const json* value = Find(field, false);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  Fail(field, std::string("must be true or false, not ") + value->type_name());
  return false;
}

std::string FieldReader::String(std::string_view field, std::size_t max_bytes) {
  const json* value = Find(field, false);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    Fail(field, std::string("must be a string, not ") + value->type_name());
    return {};
  }
  std::string text = value->get<std::string>();
  if (text.size() <= max_bytes) return text;
  Fail(field, "has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(max_bytes) + " are allowed");
  return {};
}

std::string FieldReader::StringOr(std::string_view field, std::string otherwise, std::size_t max_bytes) {
  return Find(field, true) == nullptr ? std::move(otherwise) : String(field, max_bytes);
}

std::size_t FieldReader::OneOf(std::string_view field, std::span<const std::string_view> words) {
  const std::string word = String(field);
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  Fail(field, "must be " + JoinWords(words) + ", not '" + word + "'");
  return 0;
}

const json& FieldReader::Any(std::string_view field, bool optional) {
  const json* value = Find(field, optional);
  return value == nullptr ? NullJson() : *value;
}

void FieldReader::Objects(std::string_view field, const std::function<void(FieldReader&)>& read) {
  const json* array = Find(field, false);
  if (array == nullptr) return;
  if (!array->is_array() || !AllowedSize(array->size())) {
    return Fail(field, "must be an array of at most " + std::to_string(kMaxArrayLength));
  }
  for (std::size_t i = 0; i < array->size() && !error_; ++i) {
    FieldReader element((*array)[i], Name(field) + "[" + std::to_string(i) + "]");
    if (!element.error()) read(element);
    if (element.error()) error_ = element.error();
  }
}

bool FieldReader::OptionalObject(std::string_view field, const std::function<void(FieldReader&)>& read) {
  const json* value = Find(field, true);
  if (value == nullptr) return false;
  FieldReader inner(*value, Name(field));
  if (!inner.error()) read(inner);
  if (inner.error()) error_ = inner.error();
  return true;
}

std::vector<double> FieldReader::Numbers(std::string_view field, double low, double high) {
  std::vector<double> numbers;
  const json* array = Find(field, false);
  if (array == nullptr) return numbers;
  if (!array->is_array() || !AllowedSize(array->size())) {
    Fail(field, "must be an array of at most " + std::to_string(kMaxArrayLength) + " numbers");
    return numbers;
  }
  for (const json& value : *array) numbers.push_back(CheckedNumber(Name(field), value, low, high).value_or(low));
  return numbers;
}

std::vector<int> FieldReader::Integers(std::string_view field, int low, int high) {
  std::vector<int> integers;
  const json* array = Find(field, false);
  if (array == nullptr) return integers;
  if (!array->is_array() || !AllowedSize(array->size())) {
    Fail(field, "must be an array of at most " + std::to_string(kMaxArrayLength) + " integers");
    return integers;
  }
  for (const json& value : *array) {
    integers.push_back(static_cast<int>(CheckedInteger(Name(field), value, low, high).value_or(low)));
  }
  return integers;
}

std::vector<std::string> FieldReader::Strings(std::string_view field) {
  std::vector<std::string> strings;
  const json* array = Find(field, false);
  if (array == nullptr) return strings;
  if (!array->is_array() || !AllowedSize(array->size())) {
    Fail(field, "must be an array of at most " + std::to_string(kMaxArrayLength) + " strings");
    return strings;
  }
  for (const json& value : *array) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kMaxStringBytes) {
      Fail(field, "must hold strings of at most " + std::to_string(kMaxStringBytes) + " bytes");
      return strings;
    }
    strings.push_back(value.get<std::string>());
  }
  return strings;
}

json OptionalNumberJson(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }

}  // namespace eoa::api
