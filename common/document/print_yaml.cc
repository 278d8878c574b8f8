#include "common/document/print_yaml.h"

#include <string_view>

#include "common/base/json_guard.h"
#include "common/document/document.h"
#include "common/document/plain_number.h"
#include "common/document/plain_scalar.h"

namespace eoa::api {
namespace {

using nlohmann::ordered_json;

// A word that every YAML reader takes for a string needs no quotes. A JSON string is a YAML string.
std::string YamlString(const std::string& text) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-";
  Node node;
  const bool plain = !text.empty() && text.find_first_not_of(kSafe) == std::string::npos && text[0] != '-' &&
                     ResolvePlainScalar(text, node).empty() && node.kind == Node::Kind::kString;
  return plain ? text : DumpJson(ordered_json(text));
}

std::string YamlScalar(const ordered_json& value) {
  if (value.is_string()) return YamlString(value.get<std::string>());
  if (value.is_number_float()) return PlainNumber(value.get<double>());
  return DumpJson(value);
}

bool IsBlock(const ordered_json& value) { return value.is_structured() && !value.empty(); }

void AppendYaml(const ordered_json& value, std::size_t indent, std::string& text);

void AppendEntry(const std::string& key, const ordered_json& value, std::size_t indent, std::string& text) {
  text += YamlString(key) + ":";
  if (!IsBlock(value)) {
    text += " " + YamlScalar(value) + "\n";
    return;
  }
  text += "\n";
  AppendYaml(value, value.is_array() ? indent : indent + 2, text);
}

// `value` is a block; each of its lines starts with `indent` spaces.
void AppendYaml(const ordered_json& value, std::size_t indent, std::string& text) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      text += margin;
      AppendEntry(key, inner, indent, text);
    }
    return;
  }
  for (const ordered_json& item : value) {
    if (!IsBlock(item)) {
      text += margin + "- " + YamlScalar(item) + "\n";
      continue;
    }
    std::string block;
    AppendYaml(item, indent + 2, block);
    text += margin + "- " + block.substr(indent + 2);
  }
}

}  // namespace

std::string YamlText(const ordered_json& value) {
  std::string text;
  AppendYaml(value, 0, text);
  return text;
}

}  // namespace eoa::api
