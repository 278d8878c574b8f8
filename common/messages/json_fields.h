// FieldReader: takes a JSON object apart field by field and remembers the first thing wrong with it, so that a parser
// reads as a list of its fields. Fields that nobody asks for are ignored: a newer peer may send more.
//
//   FieldReader in(document, "report");
//   value.attempt = in.Integer("attempt", 0, 1000000);
//   if (auto error = in.error()) return *error;
//
// Thread-safety: none; one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/words/word.h"

namespace eoa::api {

inline constexpr std::size_t kMaxStringBytes = 4096;
inline constexpr std::size_t kMaxArrayLength = 4096;

class FieldReader {
 public:
  // `where` starts the messages: "report.members[2]". The object must outlive the reader.
  FieldReader(const nlohmann::json& object, std::string where);

  // Each returns a harmless value once something is wrong. Numbers are finite and within [low, high]. The Or forms
  // accept a missing field (or null) and return `otherwise`.
  std::int64_t Integer(std::string_view field, std::int64_t low, std::int64_t high);
  double Number(std::string_view field, double low, double high);
  bool Bool(std::string_view field);
  std::string String(std::string_view field, std::size_t max_bytes = kMaxStringBytes);
  std::int64_t IntegerOr(std::string_view field, std::int64_t otherwise, std::int64_t low, std::int64_t high);
  std::string StringOr(std::string_view field, std::string otherwise, std::size_t max_bytes = kMaxStringBytes);
  std::optional<double> OptionalNumber(std::string_view field, double low, double high);
  std::vector<double> Numbers(std::string_view field, double low, double high);
  std::vector<int> Integers(std::string_view field, int low, int high);
  std::vector<std::string> Strings(std::string_view field);

  // One of E's words (common/words/word.h). KnownWord takes any text and returns nothing for a word that a newer peer
  // may have.
  template <typename E>
  E Word(std::string_view field) {
    return static_cast<E>(OneOf(field, kWords<E>));
  }
  template <typename E>
  std::optional<E> KnownWord(std::string_view field) {
    return FromWord<E>(String(field, 64));
  }

  // The field's value whatever it is; null when missing (and an error unless `optional`).
  const nlohmann::json& Any(std::string_view field, bool optional = false);

  // Calls `read` for each object of an array of at most kMaxArrayLength.
  void Objects(std::string_view field, const std::function<void(FieldReader&)>& read);

  // Calls `read` for the object in `field`; returns false, without an error, when the field is missing or null.
  bool OptionalObject(std::string_view field, const std::function<void(FieldReader&)>& read);

  void Fail(std::string_view field, const std::string& what);
  const std::optional<Error>& error() const { return error_; }

 private:
  std::size_t OneOf(std::string_view field, std::span<const std::string_view> words);
  const nlohmann::json* Find(std::string_view field, bool optional);
  std::optional<double> CheckedNumber(const std::string& name, const nlohmann::json& value, double low, double high);
  std::optional<std::int64_t> CheckedInteger(const std::string& name, const nlohmann::json& value, std::int64_t low,
                                             std::int64_t high);
  std::string Name(std::string_view field) const;

  const nlohmann::json& object_;
  std::string where_;
  std::optional<Error> error_;
};

// What OptionalNumber reads: null for nothing.
nlohmann::json OptionalNumberJson(const std::optional<double>& value);

}  // namespace eoa::api
