#include "common/job/read_object.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <regex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/document/did_you_mean.h"
#include "common/document/json_document.h"
#include "common/document/plain_scalar.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;

std::string Below(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

std::vector<std::string> Names(const ObjectSchema& object) {
  std::vector<std::string> names;
  for (const Field& field : object.fields) {
    if (field.kind != FieldKind::kIgnored) names.push_back(field.name);
  }
  return names;
}

// Where else in the job a field of this name lives: "spec.ecosphere".
std::string HomeOf(const ObjectSchema& object, const std::string& name, const std::string& path) {
  for (const Field& field : object.fields) {
    if (field.kind == FieldKind::kIgnored) continue;
    if (field.name == name) return path.empty() ? "the top level" : path;
    if (field.object == nullptr) continue;
    const std::string inner = Below(path, field.name) + (field.kind == FieldKind::kList ? "[]" : "");
    if (std::string home = HomeOf(*field.object, name, inner); !home.empty()) return home;
  }
  return "";
}

std::string AdviseUnknown(const ObjectSchema& object, const std::string& key) {
  const std::vector<std::string> names = Names(object);
  const std::string near = Closest(key, names);
  const std::string home = key.size() <= 64 && near.empty() ? HomeOf(JobSchema(), key, "") : "";
  std::string advice = "unknown field; ";
  if (!near.empty()) return advice + "did you mean '" + near + "'?";
  if (!home.empty()) return advice + "'" + key + "' belongs to " + home;
  advice += "known here:";
  for (std::size_t i = 0; i < names.size(); ++i) advice += (i == 0 ? " " : ", ") + names[i];
  return advice;
}

// Of UTF-8 text; the API server counts so too.
std::size_t Characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool HasControlCharacter(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool WithinRange(const Field& field, double value) {
  if (field.exclusive_minimum ? value <= field.minimum : value < field.minimum) return false;
  return !(field.exclusive_maximum ? value >= field.maximum : value > field.maximum);
}

// What is wrong with a value, or nothing; sets `value` when it is right.
using Complaint = std::optional<std::string>;

Complaint NotAllowed(const Field& field, const Node& node) {
  std::string message = "must be " + AllowedValues(field);
  const bool container = node.kind == Node::Kind::kMapping || node.kind == Node::Kind::kSequence;
  if (container) message += ", not " + KindName(node.kind);
  return message;
}

bool MeansWithoutQuotes(const std::string& text, std::initializer_list<Node::Kind> kinds) {
  Node node;
  ResolvePlainScalar(text, node);
  return std::find(kinds.begin(), kinds.end(), node.kind) != kinds.end();
}

Complaint CheckBoolean(const Field& field, const Node& node, Json& value) {
  if (node.kind == Node::Kind::kString && MeansWithoutQuotes(node.text, {Node::Kind::kBoolean})) {
    return "must be true or false; write it without quotes";
  }
  if (node.kind != Node::Kind::kBoolean) return NotAllowed(field, node);
  value = node.boolean;
  return std::nullopt;
}

Complaint CheckNumber(const Field& field, const Node& node, Json& value) {
  if (node.kind == Node::Kind::kString && MeansWithoutQuotes(node.text, {Node::Kind::kInteger, Node::Kind::kNumber})) {
    return "must be " + AllowedValues(field) + "; write it without quotes";
  }
  if (node.kind != Node::Kind::kInteger && node.kind != Node::Kind::kNumber) return NotAllowed(field, node);
  if (!WithinRange(field, node.number)) return NotAllowed(field, node);
  if (field.kind != FieldKind::kInteger) {
    value = node.number;
    return std::nullopt;
  }
  // As Kubernetes has it, 4.0 is an integer.
  constexpr double kExact = 9007199254740992.0;
  if (node.kind == Node::Kind::kNumber && (node.number != std::floor(node.number) || std::abs(node.number) > kExact)) {
    return NotAllowed(field, node);
  }
  value = node.kind == Node::Kind::kInteger ? node.integer : static_cast<std::int64_t>(node.number);
  return std::nullopt;
}

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Making one takes a hundred times as long as using it, and an operator reads the same few fields of every job.
const std::regex& Compiled(const std::string& pattern) {
  thread_local std::unordered_map<std::string, std::regex> compiled;
  const auto found = compiled.find(pattern);
  return found != compiled.end() ? found->second : compiled.emplace(pattern, std::regex(pattern)).first->second;
}

bool Matches(const Field& field, const std::string& text) {
  return field.pattern.empty() || std::regex_match(text, Compiled(field.pattern));
}

// Why a word or a string that must match a pattern is refused, and what was probably meant.
std::string Misspelt(const Field& field, const std::string& text) {
  std::string message = "must be " + AllowedValues(field);
  if (Contains(field.later_words, text)) return "is not in this version; " + message;
  std::string near = Closest(text, field.words);
  if (near.empty() && field.kind == FieldKind::kString) {
    std::transform(text.begin(), text.end(), std::back_inserter(near), [](unsigned char c) { return std::tolower(c); });
    if (!Matches(field, near)) near.clear();
  }
  // Of a single word there is nothing to choose from.
  const bool choice = field.kind != FieldKind::kWord || field.words.size() > 1;
  if (choice && !near.empty()) message += "; did you mean '" + near + "'?";
  return message;
}

Complaint CheckString(const Field& field, const Node& node, Json& value) {
  const bool scalar =
      node.kind == Node::Kind::kInteger || node.kind == Node::Kind::kNumber || node.kind == Node::Kind::kBoolean;
  if (scalar) return "must be " + AllowedValues(field) + "; quote it if it is meant as text";
  if (node.kind != Node::Kind::kString) return NotAllowed(field, node);
  if (const std::size_t size = Characters(node.text); size > field.max_length) {
    return "has " + std::to_string(size) + " characters; at most " + std::to_string(field.max_length) + " are allowed";
  }
  if (HasControlCharacter(node.text)) return "holds a control character";
  if (!Matches(field, node.text)) return Misspelt(field, node.text);
  value = node.text;
  return std::nullopt;
}

Complaint CheckWord(const Field& field, const Node& node, Json& value) {
  if (node.kind != Node::Kind::kString) return NotAllowed(field, node);
  if (!Contains(field.words, node.text)) return Misspelt(field, node.text);
  value = node.text;
  return std::nullopt;
}

Complaint CheckValue(const Field& field, const Node& node, Json& value) {
  switch (field.kind) {
    case FieldKind::kBoolean:
      return CheckBoolean(field, node, value);
    case FieldKind::kInteger:
    case FieldKind::kNumber:
      return CheckNumber(field, node, value);
    case FieldKind::kWordOrNumber:
      return node.kind == Node::Kind::kString ? CheckWord(field, node, value) : CheckNumber(field, node, value);
    case FieldKind::kString:
      return CheckString(field, node, value);
    case FieldKind::kWord:
      return CheckWord(field, node, value);
    case FieldKind::kFreeObject:
      if (node.kind != Node::Kind::kMapping) return NotAllowed(field, node);
      value = NodeToJson(node);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// A free object whose keys are known: no others, and mappings all.
void CheckKeys(const Field& field, const Node& node, const std::string& path, Findings& findings) {
  for (const Entry& entry : node.entries) {
    if (!Contains(field.words, entry.key)) {
      const std::string near = Closest(entry.key, field.words);
      const std::string advice = near.empty() ? "it is " + AllowedValues(field) : "did you mean '" + near + "'?";
      findings.RefuseAt(entry.mark, Below(path, entry.key), "", "unknown field; " + advice);
    } else if (entry.value.kind != Node::Kind::kMapping && entry.value.kind != Node::Kind::kNull &&
               entry.value.kind != Node::Kind::kRefused) {
      findings.RefuseAt(entry.value.mark, Below(path, entry.key), entry.value.text,
                        "must be a mapping of fields, not " + KindName(entry.value.kind));
    }
  }
}

void ReadTextMap(const Field& field, const Node& node, const std::string& path, void* target, Findings& findings) {
  if (node.kind != Node::Kind::kMapping) return findings.Refuse(path, node.text, *NotAllowed(field, node));
  Json texts = Json::object();
  for (const Entry& entry : node.entries) {
    if (entry.value.kind == Node::Kind::kString) {
      texts[entry.key] = entry.value.text;
    } else if (entry.value.kind != Node::Kind::kRefused) {
      findings.RefuseAt(entry.value.mark, Below(path, entry.key), entry.value.text, "must be a string; quote it");
    }
  }
  field.set(target, texts);
}

void ReadList(const Field& field, const Node& node, const std::string& path, void* target, Findings& findings) {
  if (node.kind != Node::Kind::kSequence) {
    return findings.Refuse(path, node.text, "must be " + AllowedValues(field) + ", not " + KindName(node.kind));
  }
  if (node.items.size() < field.min_items || node.items.size() > field.max_items) {
    findings.Refuse(path, "", "must be " + AllowedValues(field) + ", not " + std::to_string(node.items.size()));
    if (node.items.size() > field.max_items) return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    findings.NotePlace(item_path, node.items[i].mark);
    ReadObject(*field.object, node.items[i], item_path, field.add(target), findings);
  }
}

void ReadField(const Field& field, const Node& node, const std::string& path, void* target, Findings& findings) {
  if (field.kind == FieldKind::kObject) {
    // The target may be changed, and with it what is a part of it.
    return ReadObject(*field.object, node, path, const_cast<void*>(field.child(target)), findings);
  }
  if (field.kind == FieldKind::kList) return ReadList(field, node, path, target, findings);
  if (field.kind == FieldKind::kTextMap) return ReadTextMap(field, node, path, target, findings);
  Json value;
  if (const Complaint complaint = CheckValue(field, node, value)) return findings.Refuse(path, node.text, *complaint);
  if (field.kind == FieldKind::kFreeObject && !field.words.empty()) CheckKeys(field, node, path, findings);
  field.set(target, value);
}

}  // namespace

void ReadObject(const ObjectSchema& object, const Node& node, const std::string& path, void* target,
                Findings& findings) {
  if (node.kind == Node::Kind::kRefused) return;
  if (node.kind != Node::Kind::kMapping) {
    return findings.RefuseAt(node.mark, path, node.text, "must be a mapping of fields, not " + KindName(node.kind));
  }
  std::vector<std::string> seen;
  for (const Entry& entry : node.entries) {
    if (findings.full()) return;
    const std::string entry_path = Below(path, entry.key);
    const Field* field = FindField(object, entry.key);
    if (field == nullptr) {
      findings.RefuseAt(entry.mark, entry_path, "", AdviseUnknown(object, entry.key));
      continue;
    }
    // null is "not given", as for Kubernetes.
    if (field->kind == FieldKind::kIgnored || entry.value.kind == Node::Kind::kNull) continue;
    seen.push_back(entry.key);
    findings.NotePlace(entry_path, entry.value.mark);
    if (entry.value.kind != Node::Kind::kRefused) ReadField(*field, entry.value, entry_path, target, findings);
  }
  for (const Field& field : object.fields) {
    if (!field.required || std::find(seen.begin(), seen.end(), field.name) != seen.end()) continue;
    findings.RefuseAt(node.mark, Below(path, field.name), "", "is missing; it must be " + AllowedValues(field));
  }
}

}  // namespace eoa::api
