// The Vision Transformers that a job can name, with the sizes they were published with (Dosovitskiy et al. 2021,
// "An Image is Worth 16x16 Words", table 1; Ti and S: Steiner et al. 2021). Pure values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eoa::api {

struct VisionTransformer {
  std::string_view name;
  int patch = 16;  // side in pixels of the image that one token stands for
  int width = 768;
  int depth = 12;  // encoder blocks
  int heads = 12;
  int mlp_width = 3072;
  bool hybrid = false;  // tokens are features of a ResNet-50's first three stages, not pixels
};

// All of them.
const std::vector<VisionTransformer>& VisionTransformers();

std::optional<VisionTransformer> FindVisionTransformer(std::string_view name);

}  // namespace eoa::api
