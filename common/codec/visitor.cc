#include "common/codec/visitor.h"

namespace eoa::codec {

void Visitor::Kind(std::string_view path, std::string_view kind) {
  Type(path);
  Constant("type", kind);
}

void Visitor::Number(std::string_view name, double& value, const NumberSpec& spec, std::string_view about) {
  std::optional<double> number = value;
  OnNumber({name, spec.presence, about}, spec, number);
  if (number) value = *number;
}

void Visitor::Number(std::string_view name, std::optional<double>& value, const NumberSpec& spec,
                     std::string_view about) {
  OnNumber({name, spec.presence, about}, spec, value);
}

void Visitor::Text(std::string_view name, std::string& value, const TextSpec& spec, std::string_view about) {
  std::optional<std::string> text;
  if (spec.presence != kSparse || !value.empty()) text = std::move(value);
  OnText({name, spec.presence, about}, spec, text);
  value = std::move(text).value_or("");
}

void Visitor::Time(std::string_view name, WallTime& value, std::string_view about) {
  std::optional<WallTime> time = value;
  OnTime({name, kRequired, about}, time);
  if (time) value = *time;
}

void Visitor::Time(std::string_view name, std::optional<WallTime>& value, Presence presence, std::string_view about) {
  OnTime({name, presence, about}, value);
}

void Visitor::Group(std::string_view name, const std::function<void(Visitor&)>& fields) {
  bool there = true;
  OnObject({name, kRequired, {}}, there, fields);
}

}  // namespace eoa::codec
