#include "common/codec/reader.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "common/base/number.h"
#include "common/base/timestamp.h"

namespace eoa::codec {
namespace {

using nlohmann::json;

std::size_t Characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

bool IsWord(const TextSpec& spec) { return !spec.words.empty() && !spec.others; }

// A whole number however it is written (1, 1.0, 1e3); nothing for others, and for what does not fit.
std::optional<std::int64_t> WholeIn(const json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) return {};
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number()) return {};
  const double number = value.get<double>();
  if (std::trunc(number) != number || std::abs(number) > static_cast<double>(kMaxExact)) return {};
  return static_cast<std::int64_t>(number);
}

}  // namespace

Reader::Reader(const json& object, Mode mode, std::string where)
    : object_(object), mode_(mode), where_(std::move(where)) {
  if (!where_.empty()) CheckIsObject();
}

void Reader::CheckIsObject() {
  if (object_.is_object() || mode_ == Mode::kTolerant) return;
  error_ = InvalidArgumentError(where_ + " must be an object, not " + object_.type_name());
}

std::string Reader::PathOf(std::string_view name) const { return where_ + "." + std::string(name); }

void Reader::Fail(std::string_view name, const std::string& what) {
  if (!error_ && mode_ == Mode::kStrict) error_ = InvalidArgumentError(PathOf(name) + " " + what);
}

void Reader::Adopt(const Reader& inner) {
  if (!error_) error_ = inner.error_;
}

const json* Reader::Find(std::string_view name, Presence presence) {
  if (error_ || !object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  if (found != object_.end() && !found->is_null()) return &*found;
  const bool fine = presence == kOptional || presence == kSparse || (presence == kNullable && found != object_.end());
  if (!fine) Fail(name, "is missing");
  return nullptr;
}

const json* Reader::FindArray(std::string_view name, std::size_t least, std::string_view of) {
  const json* array = Find(name, kRequired);
  if (array == nullptr) return nullptr;
  if (!array->is_array() || array->size() > kMaxListLength) {
    Fail(name, "must be an array of at most " + std::to_string(kMaxListLength) + std::string(of));
    return nullptr;
  }
  if (array->size() < least) Fail(name, "must not be empty");
  return array;
}

std::optional<std::int64_t> Reader::Whole(std::string_view name, const json& value, const IntegerSpec& spec) {
  const std::optional<std::int64_t> whole = WholeIn(value);
  if (whole && *whole >= spec.least && *whole <= spec.most) return whole;
  Fail(name, "must be an integer from " + std::to_string(spec.least) + " to " + std::to_string(spec.most) + ", not " +
                 (whole               ? std::to_string(*whole)
                  : value.is_number() ? "that"
                                      : value.type_name()));
  return std::nullopt;
}

std::optional<double> Reader::Real(std::string_view name, const json& value, const NumberSpec& spec) {
  const double number = value.is_number() ? value.get<double>() : 0;
  if (value.is_number() && std::isfinite(number) && number >= spec.least && number <= spec.most) return number;
  Fail(name, "must be a finite number from " + FormatNumber(spec.least) + " to " + FormatNumber(spec.most) + ", not " +
                 (value.is_number() ? FormatNumber(number) : value.type_name()));
  return std::nullopt;
}

void Reader::Type(std::string_view path, std::string_view /*schema*/, std::string_view /*about*/) {
  if (!where_.empty()) return;
  where_ = path;
  CheckIsObject();
}

void Reader::Kind(std::string_view path, std::string_view kind) {
  Type(path, {}, {});
  const json* found = Find("type", kRequired);
  if (found == nullptr || *found == kind) return;
  other_kind_ = true;
  Fail("type", "is another");
}

void Reader::Constant(std::string_view name, std::string_view value, std::string_view /*about*/) {
  const json* found = Find(name, kRequired);
  if (found != nullptr && *found != value) Fail(name, "must be " + std::string(value) + ", not " + found->dump());
}

void Reader::Constant(std::string_view name, std::int64_t value) {
  std::optional<std::int64_t> ignored;
  OnInteger({name, kRequired, {}}, {.least = value, .most = value}, ignored);
}

void Reader::OnInteger(const Field& field, const IntegerSpec& spec, std::optional<std::int64_t>& value) {
  const json* found = Find(field.name, field.presence);
  if (found == nullptr) return;
  if (const auto whole = Whole(field.name, *found, spec)) value = whole;
}

void Reader::OnNumber(const Field& field, const NumberSpec& spec, std::optional<double>& value) {
  const json* found = Find(field.name, field.presence);
  if (found == nullptr) return;
  if (const auto number = Real(field.name, *found, spec)) value = number;
}

bool Reader::TakeText(const Field& field, const TextSpec& spec, std::optional<std::string>& value) {
  const json* found = Find(field.name, field.presence);
  if (found == nullptr) return false;
  if (!found->is_string()) {
    Fail(field.name, std::string("must be a string, not ") + found->type_name());
    return false;
  }
  const auto& text = found->get_ref<const std::string&>();
  const std::size_t size = Characters(text);
  if (size > spec.most) {
    Fail(field.name,
         "has " + std::to_string(size) + " characters; at most " + std::to_string(spec.most) + " are allowed");
    return false;
  }
  if (size < spec.least) {
    Fail(field.name, "must not be empty");
    return false;
  }
  if (IsWord(spec) && std::ranges::find(spec.words, text) == spec.words.end()) {
    Fail(field.name, "must be " + JoinWords(spec.words) + ", not '" + text + "'");
    return false;
  }
  value = text;
  return true;
}

void Reader::OnText(const Field& field, const TextSpec& spec, std::optional<std::string>& value) {
  if (!TakeText(field, spec, value) && IsWord(spec)) lacks_word_ = true;
}

void Reader::OnTime(const Field& field, std::optional<WallTime>& value) {
  std::optional<std::string> text;
  OnText(field, {}, text);
  if (!text) return;
  value = ParseTimestamp(*text);
  if (!value) Fail(field.name, "must be a time like 2026-11-23T12:00:00Z");
}

void Reader::Bool(std::string_view name, bool& value, std::string_view /*about*/) {
  const json* found = Find(name, kRequired);
  if (found == nullptr) return;
  if (!found->is_boolean()) return Fail(name, std::string("must be true or false, not ") + found->type_name());
  value = found->get<bool>();
}

void Reader::Any(std::string_view name, json& value) {
  if (const json* found = Find(name, kRequired)) value = *found;
}

void Reader::OnObject(const Field& field, bool& there, const std::function<void(Visitor&)>& visit) {
  const json* found = Find(field.name, field.presence);
  there = found != nullptr && (mode_ == Mode::kStrict || found->is_object());
  if (!there) return;
  Reader inner(*found, mode_, PathOf(field.name));
  if (!inner.error_) visit(inner);
  Adopt(inner);
}

void Reader::OnObjects(const Field& field, const ListSpec& spec, const List& list) {
  const json* array = FindArray(field.name, spec.least, "");
  if (array == nullptr) return;
  list.resize(0);
  std::size_t size = 0;
  for (std::size_t i = 0; i < array->size() && !error_; ++i) {
    Reader inner((*array)[i], mode_, PathOf(field.name) + "[" + std::to_string(i) + "]");
    list.resize(++size);
    if (!inner.error_) list.visit(size - 1, inner);
    if (mode_ == Mode::kTolerant && (inner.lacks_word_ || !(*array)[i].is_object())) list.resize(--size);
    Adopt(inner);
  }
}

void Reader::Integers(std::string_view name, std::vector<int>& list, const IntegerSpec& spec,
                      std::string_view /*about*/) {
  const json* array = FindArray(name, 0, " integers");
  if (array == nullptr) return;
  for (const json& value : *array) {
    if (const auto whole = Whole(name, value, spec)) list.push_back(static_cast<int>(*whole));
  }
}

void Reader::Numbers(std::string_view name, std::vector<double>& list, const NumberSpec& spec,
                     std::string_view /*about*/) {
  const json* array = FindArray(name, 0, " numbers");
  if (array == nullptr) return;
  for (const json& value : *array) {
    if (const auto number = Real(name, value, spec)) list.push_back(*number);
  }
}

void Reader::Texts(std::string_view name, std::vector<std::string>& list, std::string_view /*about*/) {
  const json* array = FindArray(name, 0, " strings");
  if (array == nullptr) return;
  for (const json& value : *array) {
    if (!value.is_string() || Characters(value.get_ref<const std::string&>()) > kMaxText) {
      return Fail(name, "must hold strings of at most " + std::to_string(kMaxText) + " characters");
    }
    list.push_back(value.get<std::string>());
  }
}

void Reader::Check(std::string_view name, bool holds, std::string_view what) {
  if (!holds) Fail(name, std::string(what));
}

}  // namespace eoa::codec
