#include "common/job/models.h"

#include <algorithm>
#include <array>

#include "common/base/number.h"

namespace eoa::api {
namespace {

constexpr std::string_view kWideResNetPrefix = "wrn-";

// In the order of Architecture.
const std::array<ModelFamily, std::variant_size_v<Architecture>>& Families() {
  static const std::array<ModelFamily, std::variant_size_v<Architecture>> all = {{
      {"Wide ResNets", ".startsWith('wrn-')", {ModelTrait::kDropout}, "davda54/sam"},
      {"resnet-18", " == 'resnet-18'", {ModelTrait::kStem}, "timm"},
      {"Vision Transformers",
       ".contains('vit-')",
       {ModelTrait::kDropout, ModelTrait::kAttentionDropout, ModelTrait::kStochasticDepth, ModelTrait::kClassifier,
        ModelTrait::kActivationCheckpointing, ModelTrait::kNpzWeights},
       "timm"},
  }};
  return all;
}

ModelRow Transformer(std::string_view name, const VisionTransformer& shape, std::string_view description) {
  return {name, "", {name}, shape, 224, Augmentation::kVit, description};
}

const std::vector<ModelRow>& Rows() {
  static const std::vector<ModelRow> rows = {
      {"wrn-D-K",
       "wrn-[1-9][0-9]{1,2}-[1-9][0-9]?",
       {"wrn-16-8", "wrn-10-1", "wrn-28-10"},
       WideResNet{},
       32,
       std::nullopt,
       "Wide ResNet, D = 6n + 4"},
      {"resnet-18", "", {"resnet-18"}, ResNet18{}, 0, std::nullopt, "`stem` for small images or ImageNet's"},
      {"vit-n-4",
       "",
       {"vit-n-4"},
       VisionTransformer{4, 64, 4, 4, 128},
       32,
       std::nullopt,
       "Vision Transformer for 32 x 32 images, trains from nothing on a laptop"},
      Transformer("vit-ti-16", {16, 192, 12, 3, 768}, "Tiny, width 192"),
      Transformer("vit-s-16", {16, 384, 12, 6, 1536}, "Small, width 384"),
      Transformer("vit-b-16", {16, 768, 12, 12, 3072}, "the published Base model"),
      Transformer("vit-b-32", {32, 768, 12, 12, 3072}, "Base with larger patches"),
      Transformer("vit-l-16", {16, 1024, 24, 16, 4096}, "Large"),
      Transformer("vit-l-32", {32, 1024, 24, 16, 4096}, "Large with larger patches"),
      Transformer("vit-h-14", {14, 1280, 32, 16, 5120}, "Huge"),
      Transformer("r50-vit-b-16", {16, 768, 12, 12, 3072, true}, "Base after the first three stages of a ResNet-50"),
  };
  return rows;
}

Error NoSuchModel() { return InvalidArgumentError("is not a model of this version; use " + ModelNames()); }

std::string WideResNetName(std::int64_t depth, std::int64_t width) {
  return std::string(kWideResNetPrefix) + std::to_string(depth) + "-" + std::to_string(width);
}

// "wrn-16-8": depth 16, width 8.
Result<WideResNet> ParseWideResNet(std::string_view name) {
  const std::string_view numbers = name.substr(kWideResNetPrefix.size());
  const std::size_t dash = std::min(numbers.find('-'), numbers.size() - 1);
  const Result<std::int64_t> depth = ParseInteger(numbers.substr(0, dash));
  const Result<std::int64_t> width = ParseInteger(numbers.substr(dash + 1));
  const bool numeric = depth.ok() && width.ok() && WideResNetName(*depth, *width) == name;
  if (!numeric || *depth < 1 || *width < 1 || *width > WideResNet::kMaxWidth) return NoSuchModel();
  constexpr int kOwn = 4;
  constexpr int kUnit = 6;
  if (*depth >= WideResNet::kMinDepth && *depth <= WideResNet::kMaxDepth && (*depth - kOwn) % kUnit == 0) {
    return WideResNet{static_cast<int>(*depth), static_cast<int>(*width)};
  }
  const std::int64_t lower =
      std::clamp<std::int64_t>((*depth - kOwn) / kUnit, 1, (WideResNet::kMaxDepth - kOwn) / kUnit) * kUnit + kOwn;
  std::string message = "a Wide ResNet has D = 6n + 4 layers, " + std::to_string(WideResNet::kMinDepth) + " to " +
                        std::to_string(WideResNet::kMaxDepth) + "; near are " + WideResNetName(lower, *width);
  if (lower < WideResNet::kMaxDepth) message += " and " + WideResNetName(lower + kUnit, *width);
  return InvalidArgumentError(std::move(message));
}

bool Lists(const ModelFamily& family, ModelTrait trait) {
  return std::find(family.traits.begin(), family.traits.end(), trait) != family.traits.end();
}

}  // namespace

std::span<const ModelRow> Models() { return Rows(); }

Result<NamedModel> FindModel(std::string_view name) {
  for (const ModelRow& row : Rows()) {
    if (row.name == name && row.pattern.empty()) return NamedModel{&row, row.architecture};
    if (std::holds_alternative<WideResNet>(row.architecture) && name.starts_with(kWideResNetPrefix)) {
      EOA_ASSIGN_OR_RETURN(const WideResNet numbers, ParseWideResNet(name));
      return NamedModel{&row, numbers};
    }
  }
  return NoSuchModel();
}

std::optional<VisionTransformer> FindVisionTransformer(std::string_view name) {
  const Result<NamedModel> model = FindModel(name);
  const auto* transformer = model.ok() ? std::get_if<VisionTransformer>(&model->architecture) : nullptr;
  return transformer == nullptr ? std::nullopt : std::optional(*transformer);
}

const ModelFamily& FamilyOf(const Architecture& architecture) { return Families()[architecture.index()]; }

std::vector<const ModelFamily*> FamiliesWith(ModelTrait trait, bool having) {
  std::vector<const ModelFamily*> found;
  for (const ModelFamily& family : Families()) {
    if (Lists(family, trait) == having) found.push_back(&family);
  }
  return found;
}

bool HasTrait(std::string_view name, ModelTrait trait) {
  const Result<NamedModel> model = FindModel(name);
  return model.ok() && Lists(FamilyOf(model->architecture), trait);
}

std::string TraitRefusal(ModelTrait trait, std::string_view name) {
  if (trait == ModelTrait::kNpzWeights) {
    return "Google's .npz files are Vision Transformers; " + std::string(name) + " starts from a .safetensors file";
  }
  if (trait == ModelTrait::kDropout) return std::string(name) + " has no dropout; leave it out";
  return "only " + std::string(FamiliesWith(trait).front()->plural) + " have this; leave it out";
}

std::string ModelNames() {
  std::string names;
  for (const ModelRow& row : Rows()) {
    if (!names.empty()) names += &row == &Rows().back() ? " or " : ", ";
    names += row.name;
    if (!row.pattern.empty()) names += " (such as " + std::string(row.examples.front()) + ")";
  }
  return names;
}

std::string ModelPattern() {
  std::string pattern;
  std::string_view open;  // the first word that names in brackets share: "vit-("
  const auto first_word = [](std::string_view name) { return name.substr(0, name.find('-') + 1); };
  const std::vector<ModelRow>& rows = Rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view word = first_word(rows[i].name);
    if (!open.empty() && open != word) {
      pattern += ")";
      open = {};
    }
    if (i > 0) pattern += "|";
    if (!rows[i].pattern.empty()) {
      pattern += rows[i].pattern;
      continue;
    }
    const bool shared = i + 1 < rows.size() && first_word(rows[i + 1].name) == word;
    if (open.empty() && shared) {
      pattern += std::string(word) + "(";
      open = word;
    }
    pattern += rows[i].name.substr(open.size());
  }
  return open.empty() ? pattern : pattern + ")";
}

}  // namespace eoa::api
