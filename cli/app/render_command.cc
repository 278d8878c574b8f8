#include "cli/app/render_command.h"

#include <ostream>
#include <utility>
#include <vector>

#include "common/base/json_guard.h"
#include "common/document/print_yaml.h"
#include "operator/plan/children.h"

namespace eoa::app {
namespace {

using nlohmann::json;

void Print(const std::vector<json>& objects, bool as_json, std::ostream& out) {
  if (as_json) {
    out << DumpJsonPretty(json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}}) << "\n";
    return;
  }
  for (const json& object : objects) out << "---\n" << api::YamlText(nlohmann::ordered_json(object));
}

}  // namespace

int Render(const RenderOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  JobFile read = ReadJobFile(options.file, files, err);
  if (!read.job) return read.code;
  api::Metadata& metadata = read.job->metadata;
  if (!options.name_space.empty()) metadata.name_space = options.name_space;
  if (metadata.name_space.empty()) metadata.name_space = "default";
  if (!options.uid.empty()) metadata.uid = options.uid;
  const bool has_owner = !metadata.uid.empty();
  if (!has_owner) metadata.uid = kNoUid;

  const plan::TrainerSettings settings{.image = options.trainer_image, .broker_url = options.broker_url};
  std::vector<json> objects =
      plan::Children(settings, *read.job, plan::OptionsOf(*read.job, !options.no_default_storage_class));
  if (!has_owner) {
    for (json& object : objects) object.at("metadata").erase("ownerReferences");
  }
  Print(objects, options.json, out);
  return CommandExit::kOk;
}

}  // namespace eoa::app
