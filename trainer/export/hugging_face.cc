#include "trainer/export/hugging_face.h"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

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
  model.preprocessor = {{"image_processor_type", "ViTImageProcessor"},
                        {"do_resize", true},
                        {"size", {{"height", side}, {"width", side}}},
                        {"resample", 2},
                        {"do_rescale", true},
                        {"rescale_factor", 1.0 / 255},
                        {"do_normalize", true},
                        {"image_mean", {0.5, 0.5, 0.5}},
                        {"image_std", {0.5, 0.5, 0.5}}};
  return model;
}

}  // namespace eoa::train
