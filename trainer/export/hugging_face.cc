#include "trainer/export/hugging_face.h"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "common/base/json_guard.h"

namespace eoa::train {
namespace {

// Our names' parts, and theirs; the first that fits counts.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kParts = {{
    {"blocks.", "vit.encoder.layer."},
    {"norm1", "layernorm_before"},
    {"norm2", "layernorm_after"},
    {"attn.proj", "attention.output.dense"},
    {"mlp.fc1", "intermediate.dense"},
    {"mlp.fc2", "output.dense"},
    {"cls_token", "vit.embeddings.cls_token"},
    {"pos_embed", "vit.embeddings.position_embeddings"},
    {"patch_embed.proj", "vit.embeddings.patch_embeddings.projection"},
    {"head.", "classifier."},
}};
constexpr std::string_view kFused = "attn.qkv";

std::string TheirName(std::string name) {
  if (name == "norm.weight" || name == "norm.bias") return "vit.layer" + name;
  for (const auto& [ours, theirs] : kParts) {
    if (const std::size_t at = name.find(ours); at != std::string::npos) name.replace(at, ours.size(), theirs);
  }
  return name;
}

// Thirds along the first dimension lie one after the other.
void AddThirds(const NamedArray& array, std::vector<NamedArray>& out) {
  constexpr std::array<std::string_view, 3> kNames = {"query", "key", "value"};
  const std::string name = TheirName(array.name);
  const std::size_t bytes = array.data.size() / kNames.size();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    NamedArray third = array;
    third.name = name;
    third.name.replace(third.name.find(kFused), kFused.size(), "attention.attention." + std::string(kNames[i]));
    third.shape[0] /= static_cast<std::int64_t>(kNames.size());
    third.data = array.data.substr(i * bytes, bytes);
    out.push_back(std::move(third));
  }
}

Result<nlohmann::ordered_json> Preprocessor(const std::string& preprocessing) {
  EOA_ASSIGN_OR_RETURN(const nlohmann::json steps, ParseJson(preprocessing));
  for (const char* key : {"resize", "resizeTo", "crop", "mean", "deviation"}) {
    if (!steps.is_object() || !steps.contains(key)) return DataLossError("the model's preprocessing is no such thing");
  }
  nlohmann::ordered_json json = {{"do_resize", true},
                                 {"resample", 2},
                                 {"do_rescale", true},
                                 {"rescale_factor", 1.0 / 255},
                                 {"do_normalize", true}};
  json["image_mean"] = steps["mean"];
  json["image_std"] = steps["deviation"];
  const nlohmann::json square = {{"height", steps["crop"]}, {"width", steps["crop"]}};
  if (steps["resize"] == "both sides") {
    json["image_processor_type"] = "ViTImageProcessor";
    json["size"] = square;
    return json;
  }
  // ViT's own processor does not cut.
  json["image_processor_type"] = "CLIPImageProcessor";
  json["size"] = {{"shortest_edge", steps["resizeTo"]}};
  json["do_center_crop"] = true;
  json["crop_size"] = square;
  return json;
}

}  // namespace

Result<HuggingFaceModel> ToHuggingFace(const Safetensors& file, const api::VisionTransformer& shape,
                                       const std::vector<std::string>& class_names) {
  const NamedArray* positions = file.Find("pos_embed");
  if (shape.hybrid || file.Find("cls_token") == nullptr || positions == nullptr) {
    return InvalidArgumentError(std::string(shape.hybrid ? "a hybrid with a ResNet" : "a model with classifier Gap") +
                                " cannot be a ViT of transformers; use safetensors-timm or torch-state-dict");
  }
  HuggingFaceModel model;
  for (const NamedArray& array : file.arrays) {
    if (array.name.find(kFused) != std::string::npos) {
      AddThirds(array, model.arrays);
      continue;
    }
    NamedArray renamed = array;
    renamed.name = TheirName(array.name);
    model.arrays.push_back(std::move(renamed));
  }
  const auto grid = std::llround(std::sqrt(static_cast<double>(positions->shape.at(1) - 1)));
  nlohmann::ordered_json names = nlohmann::ordered_json::object();
  nlohmann::ordered_json numbers = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < class_names.size(); ++i) {
    names[std::to_string(i)] = class_names[i];
    numbers[class_names[i]] = i;
  }
  const auto side = grid * shape.patch;
  model.config = {{"architectures", {"ViTForImageClassification"}},
                  {"model_type", "vit"},
                  {"hidden_size", shape.width},
                  {"num_hidden_layers", shape.depth},
                  {"num_attention_heads", shape.heads},
                  {"intermediate_size", shape.mlp_width},
                  {"hidden_act", "gelu"},
                  {"hidden_dropout_prob", 0.0},
                  {"attention_probs_dropout_prob", 0.0},
                  {"layer_norm_eps", 1e-6},
                  {"image_size", side},
                  {"patch_size", shape.patch},
                  {"num_channels", 3},
                  {"qkv_bias", true},
                  {"id2label", std::move(names)},
                  {"label2id", std::move(numbers)}};
  const auto preprocessing = file.metadata.find("preprocessing");
  if (preprocessing == file.metadata.end()) {
    return InvalidArgumentError(
        "the model does not say how its images were made ready, so that a processor cannot be "
        "written; use safetensors-timm or torch-state-dict");
  }
  EOA_ASSIGN_OR_RETURN(model.preprocessor, Preprocessor(preprocessing->second));
  return model;
}

}  // namespace eoa::train
