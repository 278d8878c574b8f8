#include "trainer/export/export_model.h"

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/json_guard.h"
#include "common/job/models.h"
#include "trainer/checkpoint/safetensors.h"
#include "trainer/export/hugging_face.h"
#include "trainer/export/torch_archive.h"

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxModelBytes = std::uint64_t{1} << 38;

std::string Text(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

std::vector<std::string> ClassNames(const Metadata& metadata) {
  std::vector<std::string> names;
  const Result<nlohmann::json> list = ParseJson(Text(metadata, "classes"));
  if (!list.ok() || !list->is_array()) return names;
  for (const nlohmann::json& name : *list) names.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  return names;
}

Status ExportHuggingFace(FileSystem& files, const Safetensors& file, const std::string& name,
                         const std::string& output) {
  const std::optional<api::VisionTransformer> shape = api::FindVisionTransformer(name);
  if (!shape) {
    return InvalidArgumentError("transformers has no '" + name + "' with these parameter names; use torch-state-dict");
  }
  EOA_ASSIGN_OR_RETURN(const HuggingFaceModel model, ToHuggingFace(file, *shape, ClassNames(file.metadata)));
  EOA_RETURN_IF_ERROR(files.CreateDirectories(output));
  EOA_RETURN_IF_ERROR(files.WriteFileAtomically(JoinPath(output, "config.json"), DumpJsonPretty(model.config)));
  EOA_RETURN_IF_ERROR(
      files.WriteFileAtomically(JoinPath(output, "preprocessor_config.json"), DumpJsonPretty(model.preprocessor)));
  const Result<WrittenFile> written = WriteSafetensors(files, JoinPath(output, "model.safetensors"), model.arrays,
                                                       {{"format", "pt"}}, Durability::kDurable);
  return written.ok() ? OkStatus() : Status(written.error());
}

Status ExportTimm(FileSystem& files, const Safetensors& file, const std::string& name, const std::string& output) {
  EOA_ASSIGN_OR_RETURN(const api::NamedModel model, api::FindModel(name));
  const std::string_view names = api::FamilyOf(model.architecture).tensor_names;
  if (names != "timm") {
    return InvalidArgumentError("timm has no '" + name + "'; use torch-state-dict, whose names are " +
                                std::string(names) + "'s");
  }
  const Result<WrittenFile> written =
      WriteSafetensors(files, output, file.arrays, {{"format", "pt"}}, Durability::kDurable);
  return written.ok() ? OkStatus() : Status(written.error());
}

}  // namespace

Result<ExportFormat> ParseExportFormat(std::string_view name) {
  if (name == "safetensors-timm") return ExportFormat::kTimm;
  if (name == "safetensors-hf") return ExportFormat::kHuggingFace;
  if (name == "torch-state-dict") return ExportFormat::kTorch;
  return InvalidArgumentError("format '" + std::string(name) +
                              "' is not a format; use safetensors-timm, safetensors-hf or torch-state-dict");
}

Status ExportModel(FileSystem& files, const std::string& model, ExportFormat format, const std::string& output) {
  if (files.Exists(output)) return AlreadyExistsError(output + " is there already; choose another --output");
  EOA_ASSIGN_OR_RETURN(const std::string bytes, files.ReadFile(model, kMaxModelBytes));
  const Result<Safetensors> file = ParseSafetensors(bytes);
  if (!file.ok()) return Error(file.error()).WithContext(model);
  const std::string name = Text(file->metadata, "model");
  if (name.empty()) return InvalidArgumentError(model + " does not name its model, so this trainer has not written it");
  switch (format) {
    case ExportFormat::kTimm:
      return ExportTimm(files, *file, name, output);
    case ExportFormat::kHuggingFace:
      return ExportHuggingFace(files, *file, name, output);
    case ExportFormat::kTorch:
      return WriteTorchArchive(files, output, file->arrays);
  }
  return InternalError("this format has no writer");
}

}  // namespace eoa::train
