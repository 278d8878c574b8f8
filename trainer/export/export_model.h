// ExportModel: a run's model.safetensors in the form of another library.
#pragma once

#include <string>
#include <string_view>

#include "common/base/file_system.h"
#include "common/base/result.h"

namespace eoa::train {

//   safetensors-timm   one file with timm's names: Vision Transformers, ResNet-18
//   safetensors-hf     a folder that transformers opens: Vision Transformers without a ResNet before them
//   torch-state-dict   one file for torch.load(weights_only=True), names as in model.safetensors
enum class ExportFormat { kTimm, kHuggingFace, kTorch };

// InvalidArgument names the formats.
Result<ExportFormat> ParseExportFormat(std::string_view name);

// Reads `model`, a file that a run of ours wrote, and writes `output`, a folder for kHuggingFace, else a file.
// InvalidArgument when that library has no such network; AlreadyExists when there is something at `output`.
Status ExportModel(FileSystem& files, const std::string& model, ExportFormat format, const std::string& output);

}  // namespace eoa::train
