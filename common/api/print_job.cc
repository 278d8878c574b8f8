#include <string>

#include "common/api/plain_number.h"
#include "common/api/plain_scalar.h"
#include "common/api/read_job.h"
#include "common/api/schema.h"
#include "common/base/json_guard.h"

namespace eoa::api {
namespace {

using nlohmann::ordered_json;

ordered_json ObjectToJson(const ObjectSchema& schema, void* object) {
  ordered_json json = ordered_json::object();
  for (const Field& field : schema.fields) {
    switch (field.kind) {
      case FieldKind::kIgnored:
        break;
      case FieldKind::kObject:
        json[field.name] = ObjectToJson(*field.object, field.child(object));
        break;
      case FieldKind::kList: {
        ordered_json list = ordered_json::array();
        for (std::size_t i = 0; i < field.size(object); ++i) {
          list.push_back(ObjectToJson(*field.object, field.item(object, i)));
        }
        json[field.name] = std::move(list);
        break;
      }
      default: {
        ordered_json value = field.get(object);
        const bool empty = value.is_string() ? value.get_ref<const std::string&>().empty() : value.empty();
        if (!field.omit_empty || !empty) json[field.name] = std::move(value);
      }
    }
  }
  return json;
}

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

ordered_json JobToJson(const Job& job) {
  // The bindings lead to members that could be changed, so they take a job that may be.
  Job copy = job;
  return ObjectToJson(JobSchema(), &copy);
}

std::string JobToYaml(const Job& job) {
  std::string text;
  AppendYaml(JobToJson(job), 0, text);
  return text;
}

}  // namespace eoa::api
