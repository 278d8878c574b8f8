#include <string>

#include <nlohmann/json.hpp>

#include "common/document/print_yaml.h"
#include "common/job/read_job.h"
#include "common/job/schema.h"

namespace eoa::api {
namespace {

using nlohmann::ordered_json;

ordered_json ObjectToJson(const ObjectSchema& schema, const void* object) {
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

}  // namespace

ordered_json JobToJson(const Job& job) { return ObjectToJson(JobSchema(), &job); }

std::string JobToYaml(const Job& job) { return YamlText(JobToJson(job)); }

}  // namespace eoa::api
