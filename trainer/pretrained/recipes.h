// Recipes: how each tensor of a network is made from the arrays of a file that names and lays them out differently.
//
//   native        our own names, which are timm's for Vision Transformers
//   Google        the .npz checkpoints of google-research/vision_transformer: kernels are
//                 [in..., out...], query, key and value lie apart, "opt/target/" or "params/" may stand before
//                 every name
//   big_vision    the .npz checkpoints of google-research/big_vision: the same but for some names; positions are
//                 without a class token's, and may be missing where they are not learned
//   Hugging Face  ViTForImageClassification and ViTModel of transformers
//
// Pure functions of names and shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/job/models.h"
#include "trainer/model/parameters.h"
#include "trainer/pretrained/array_source.h"

namespace eoa::train {

enum class Layout {
  kSame,    // as it is
  kKernel,  // [in..., out...] to [out, in]
  kConv,    // HWIO to OIHW
};

struct Recipe {
  std::vector<ArrayInfo> sources;  // names and shapes that the file should have; put together along the first dimension
  Layout layout = Layout::kSame;
};

enum class Naming { kNative, kGoogle, kBigVision, kHuggingFace };

// By a name that only one of them has.
Naming NamingOf(const std::vector<ArrayInfo>& arrays);

// What stands before every name of Google's: "", "opt/target/" or "params/".
std::string GooglePrefix(const std::vector<ArrayInfo>& arrays);

// For a tensor of a Vision Transformer, by its own name. The shapes of pos_embed and head are as `tensor` has them.
Recipe GoogleRecipe(const NamedTensor& tensor, const api::VisionTransformer& shape, const std::string& prefix);
Recipe BigVisionRecipe(const NamedTensor& tensor, const api::VisionTransformer& shape, const std::string& prefix);
Recipe HuggingFaceRecipe(const NamedTensor& tensor, const api::VisionTransformer& shape, bool with_head);
Recipe NativeRecipe(const NamedTensor& tensor);

}  // namespace eoa::train
