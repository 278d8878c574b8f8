#include "common/job/vision_transformers.h"

#include <algorithm>

namespace eoa::api {

const std::vector<VisionTransformer>& VisionTransformers() {
  static const std::vector<VisionTransformer> all = {
      {"vit-n-4", 4, 64, 4, 4, 128},  // small enough to train from nothing, on 32x32 images, without a GPU
      {"vit-ti-16", 16, 192, 12, 3, 768},   {"vit-s-16", 16, 384, 12, 6, 1536},
      {"vit-b-16", 16, 768, 12, 12, 3072},  {"vit-b-32", 32, 768, 12, 12, 3072},
      {"vit-l-16", 16, 1024, 24, 16, 4096}, {"vit-l-32", 32, 1024, 24, 16, 4096},
      {"vit-h-14", 14, 1280, 32, 16, 5120}, {"r50-vit-b-16", 16, 768, 12, 12, 3072, true},
  };
  return all;
}

std::optional<VisionTransformer> FindVisionTransformer(std::string_view name) {
  const auto& all = VisionTransformers();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const VisionTransformer& each) { return each.name == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace eoa::api
