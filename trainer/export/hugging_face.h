// A Vision Transformer as transformers has it: ViTForImageClassification.from_pretrained opens the folder.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/job/models.h"
#include "trainer/checkpoint/safetensors.h"

namespace eoa::train {

struct HuggingFaceModel {
  std::vector<NamedArray> arrays;       // borrowed from the file; query, key and value apart
  nlohmann::ordered_json config;        // config.json
  nlohmann::ordered_json preprocessor;  // preprocessor_config.json
};

// From one of our model files; images are made ready as its "preprocessing" says (trainer/data/transform.h).
// InvalidArgument for networks that transformers does not have: hybrids, and those without a class token. Pure.
Result<HuggingFaceModel> ToHuggingFace(const Safetensors& file, const api::VisionTransformer& shape,
                                       const std::vector<std::string>& class_names);

}  // namespace eoa::train
