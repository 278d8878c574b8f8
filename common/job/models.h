// The networks that a job can name: one row for each name or, for Wide ResNets, for each family of names. What the
// schema offers, the job's rules (here and in the API server), defaults, estimates, docs/models.md and the factory
// (trainer/model/make_model.cc) follow from the rows. Pure values; safe from any thread.
//
// Another size of an architecture is a row. A new architecture is a struct in Architecture with its family and row, a
// factory and a cost (common/estimate/network_cost.cc): without the last two it does not compile.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::api {

// A stem, a head and two layers more, besides n units of two layers in each of three stages: 6n + 4 layers.
struct WideResNet {
  static constexpr int kMinDepth = 10;
  static constexpr int kMaxDepth = 208;
  static constexpr int kMaxWidth = 99;

  int depth = 16;
  int width = 8;  // times as wide as a ResNet
};

struct ResNet18 {};

// Sizes as published (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", table 1; Ti and S: Steiner et al.
// 2021).
struct VisionTransformer {
  int patch = 16;  // side in pixels of the image that one token stands for; the last number of the model's name
  int width = 768;
  int depth = 12;  // encoder blocks
  int heads = 12;
  int mlp_width = 3072;
  bool hybrid = false;  // tokens are features of a ResNet-50's first three stages, not pixels
};

using Architecture = std::variant<WideResNet, ResNet18, VisionTransformer>;

// What not all models have: settings of a job, and a form that weights come in.
enum class ModelTrait {
  kDropout,
  kAttentionDropout,
  kStochasticDepth,
  kClassifier,
  kStem,
  kActivationCheckpointing,
  kNpzWeights,  // Google's checkpoints
};

// What the models of an architecture share.
struct ModelFamily {
  std::string_view plural;  // for messages
  std::string_view cel;     // follows a name in the API server's rules, to ask whether it is one of these
  std::vector<ModelTrait> traits;
  std::string_view tensor_names;  // whose names its weights have in model.safetensors: "timm", "davda54/sam"
};

struct ModelRow {
  std::string_view name;     // as documents write it: "wrn-D-K", "vit-b-16"
  std::string_view pattern;  // a regular expression for such names; empty: `name` alone
  std::vector<std::string_view> examples;
  Architecture architecture;                 // a family's numbers are in the name
  int image_size = 0;                        // pixels, unless the job says it; 0: 32 if the data set's are, else 224
  std::optional<Augmentation> augmentation;  // unless the job says it; empty: the data set's
  std::string_view description;              // Markdown, for docs/models.md
};

// All of them.
std::span<const ModelRow> Models();

struct NamedModel {
  const ModelRow* row;        // never null; static
  Architecture architecture;  // with the numbers of the name
};

// InvalidArgument says which names there are.
Result<NamedModel> FindModel(std::string_view name);
std::optional<VisionTransformer> FindVisionTransformer(std::string_view name);

const ModelFamily& FamilyOf(const Architecture& architecture);
// Those that have a trait, and those that lack it.
std::vector<const ModelFamily*> FamiliesWith(ModelTrait trait, bool having = true);
// False for a name of no model.
bool HasTrait(std::string_view name, ModelTrait trait);
// The message to who asks for a trait that `name` lacks.
std::string TraitRefusal(ModelTrait trait, std::string_view name);

// All names in words: "wrn-D-K (such as wrn-16-8), resnet-18, ... or r50-vit-b-16"; and as a regular expression.
std::string ModelNames();
std::string ModelPattern();

}  // namespace eoa::api
