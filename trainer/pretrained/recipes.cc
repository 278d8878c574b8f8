#include "trainer/pretrained/recipes.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace eoa::train {
namespace {

using Shape = std::vector<std::int64_t>;

bool Has(const std::vector<ArrayInfo>& arrays, std::string_view name) {
  return std::any_of(arrays.begin(), arrays.end(), [&](const ArrayInfo& each) { return each.name == name; });
}

// "blocks.11.mlp.fc1.weight" is of block 11, "mlp.fc1", "weight".
struct Part {
  std::string block;  // empty: outside of the encoder's blocks
  std::string layer;
  std::string leaf;
};

Part TakeApart(const std::string& name) {
  Part part;
  std::string rest = name;
  constexpr std::string_view kBlocks = "blocks.";
  if (rest.starts_with(kBlocks)) {
    const std::size_t dot = rest.find('.', kBlocks.size());
    part.block = rest.substr(kBlocks.size(), dot - kBlocks.size());
    rest.erase(0, dot + 1);
  }
  const std::size_t dot = rest.rfind('.');
  part.layer = rest.substr(0, dot);
  if (dot != std::string::npos) part.leaf = rest.substr(dot + 1);
  return part;
}

// The ResNet of a hybrid: "patch_embed.backbone.stages.1.blocks.0.downsample.norm" to "block2/unit1/gn_proj".
std::string GoogleStemLayer(const std::string& layer) {
  constexpr std::string_view kStages = "patch_embed.backbone.stages.";
  if (layer == "patch_embed.backbone.stem.conv") return "conv_root";
  if (layer == "patch_embed.backbone.stem.norm") return "gn_root";
  const std::string rest = layer.substr(kStages.size());
  const std::size_t blocks = rest.find(".blocks.");
  const std::size_t dot = rest.find('.', blocks + 8);
  const int stage = std::stoi(rest.substr(0, blocks));
  const int block = std::stoi(rest.substr(blocks + 8, dot - blocks - 8));
  std::string kind = rest.substr(dot + 1);
  if (kind == "downsample.conv") kind = "conv_proj";
  if (kind == "downsample.norm") kind = "gn_proj";
  if (kind.starts_with("norm")) kind.replace(0, 4, "gn");
  return "block" + std::to_string(stage + 1) + "/unit" + std::to_string(block + 1) + "/" + kind;
}

std::string GoogleNormLeaf(const std::string& leaf) { return leaf == "weight" ? "scale" : "bias"; }

Recipe GoogleAttention(const Part& part, const std::string& block, const api::VisionTransformer& shape) {
  const std::int64_t features = shape.width / shape.heads;
  const std::string base = block + "MultiHeadDotProductAttention_1/";
  const bool weight = part.leaf == "weight";
  const std::string leaf = weight ? "/kernel" : "/bias";
  const Layout layout = weight ? Layout::kKernel : Layout::kSame;
  if (part.layer == "attn.proj") {
    return {{{base + "out" + leaf, weight ? Shape{shape.heads, features, shape.width} : Shape{shape.width}}}, layout};
  }
  const Shape one = weight ? Shape{shape.width, shape.heads, features} : Shape{shape.heads, features};
  return {{{base + "query" + leaf, one}, {base + "key" + leaf, one}, {base + "value" + leaf, one}}, layout};
}

Shape Reversed(Shape shape) {
  std::reverse(shape.begin(), shape.end());
  return shape;
}

Recipe Unprefixed(const NamedTensor& tensor, const api::VisionTransformer& shape) {
  const Part part = TakeApart(tensor.name);
  const Shape own = tensor.tensor.sizes().vec();
  const bool weight = part.leaf == "weight";
  if (tensor.name == "cls_token") return {{{"cls", own}}};
  if (tensor.name == "pos_embed") return {{{"Transformer/posembed_input/pos_embedding", own}}};
  const auto conv = [&](const std::string& layer) -> Recipe {
    if (!weight) return {{{layer + "/bias", own}}};
    return {{{layer + "/kernel", {own[2], own[3], own[1], own[0]}}}, Layout::kConv};
  };
  const auto dense = [&](const std::string& layer) -> Recipe {
    if (!weight) return {{{layer + "/bias", own}}};
    return {{{layer + "/kernel", Reversed(own)}}, Layout::kKernel};
  };
  if (part.layer == "patch_embed.proj") return conv("embedding");
  if (part.layer.starts_with("patch_embed.backbone")) {
    const std::string layer = GoogleStemLayer(part.layer);
    return own.size() == 4 ? conv(layer) : Recipe{{{layer + "/" + GoogleNormLeaf(part.leaf), own}}};
  }
  if (part.layer == "head") return dense("head");
  const std::string block = part.block.empty() ? "Transformer/" : "Transformer/encoderblock_" + part.block + "/";
  if (part.layer.starts_with("attn.")) return GoogleAttention(part, block, shape);
  if (part.layer == "mlp.fc1") return dense(block + "MlpBlock_3/Dense_0");
  if (part.layer == "mlp.fc2") return dense(block + "MlpBlock_3/Dense_1");
  static const std::map<std::string, std::string, std::less<>> kNorms = {
      {"norm", "encoder_norm"}, {"norm1", "LayerNorm_0"}, {"norm2", "LayerNorm_2"}};
  return {{{block + kNorms.at(part.layer) + "/" + GoogleNormLeaf(part.leaf), own}}};
}

}  // namespace

Naming NamingOf(const std::vector<ArrayInfo>& arrays) {
  if (Has(arrays, GooglePrefix(arrays) + "Transformer/encoderblock_0/MlpBlock_0/Dense_0/kernel")) {
    return Naming::kBigVision;
  }
  if (Has(arrays, GooglePrefix(arrays) + "Transformer/encoder_norm/scale")) return Naming::kGoogle;
  const bool hugging_face = Has(arrays, "vit.embeddings.cls_token") || Has(arrays, "embeddings.cls_token");
  return hugging_face ? Naming::kHuggingFace : Naming::kNative;
}

std::string GooglePrefix(const std::vector<ArrayInfo>& arrays) {
  for (const char* prefix : {"opt/target/", "params/"}) {
    if (Has(arrays, std::string(prefix) + "Transformer/encoder_norm/scale")) return prefix;
  }
  return "";
}

Recipe GoogleRecipe(const NamedTensor& tensor, const api::VisionTransformer& shape, const std::string& prefix) {
  Recipe recipe = Unprefixed(tensor, shape);
  for (ArrayInfo& source : recipe.sources) source.name.insert(0, prefix);
  return recipe;
}

Recipe BigVisionRecipe(const NamedTensor& tensor, const api::VisionTransformer& shape, const std::string& prefix) {
  if (tensor.name == "pos_embed") return {{{prefix + "pos_embedding", tensor.tensor.sizes().vec()}}};
  Recipe recipe = GoogleRecipe(tensor, shape, prefix);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOthers{
      {{"MultiHeadDotProductAttention_1/", "MultiHeadDotProductAttention_0/"},
       {"MlpBlock_3/", "MlpBlock_0/"},
       {"/LayerNorm_2/", "/LayerNorm_1/"}}};
  for (ArrayInfo& source : recipe.sources) {
    for (const auto& [old_name, name] : kOthers) {
      const std::size_t at = source.name.find(old_name);
      if (at != std::string::npos) source.name.replace(at, old_name.size(), name);
    }
  }
  return recipe;
}

Recipe HuggingFaceRecipe(const NamedTensor& tensor, const api::VisionTransformer& shape, bool with_head) {
  const std::string root = with_head ? "vit." : "";
  const Part part = TakeApart(tensor.name);
  const Shape own = tensor.tensor.sizes().vec();
  if (tensor.name == "cls_token") return {{{root + "embeddings.cls_token", own}}};
  if (tensor.name == "pos_embed") return {{{root + "embeddings.position_embeddings", own}}};
  static const std::map<std::string, std::string, std::less<>> kOutside = {
      {"patch_embed.proj", "embeddings.patch_embeddings.projection."}, {"norm", "layernorm."}};
  static const std::map<std::string, std::string, std::less<>> kInBlock = {{"norm1", "layernorm_before."},
                                                                           {"norm2", "layernorm_after."},
                                                                           {"attn.proj", "attention.output.dense."},
                                                                           {"mlp.fc1", "intermediate.dense."},
                                                                           {"mlp.fc2", "output.dense."}};
  if (part.layer == "head") return {{{"classifier." + part.leaf, own}}};
  if (part.block.empty()) {
    const auto found = kOutside.find(part.layer);
    return found == kOutside.end() ? NativeRecipe(tensor) : Recipe{{{root + found->second + part.leaf, own}}};
  }
  const std::string block = root + "encoder.layer." + part.block + ".";
  if (part.layer != "attn.qkv") return {{{block + kInBlock.at(part.layer) + part.leaf, own}}};
  Shape third = own;
  third[0] = shape.width;
  Recipe recipe;
  for (const char* each : {"query.", "key.", "value."}) {
    recipe.sources.push_back({block + "attention.attention." + each + part.leaf, third});
  }
  return recipe;
}

Recipe NativeRecipe(const NamedTensor& tensor) { return {{{tensor.name, tensor.tensor.sizes().vec()}}}; }

}  // namespace eoa::train
