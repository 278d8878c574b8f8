// Augmentation on the device: images that lie there as bytes become batches of the network's input, the same bits as
// those of ImagePipeline (trainer/data/image_pipeline.h), which does it on the CPU.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"

namespace eoa::train {

// How one image of a batch is made: `right` and `down` as in Placement, then the flip, then a square of zeros
// [top, bottom) x [left, right) in the pixels of the result.
struct ImageRecipe {
  std::int32_t image = 0;  // which of the resident ones
  std::int32_t right = 0;
  std::int32_t down = 0;
  std::int32_t flip = 0;
  std::int32_t cut_top = 0;
  std::int32_t cut_left = 0;
  std::int32_t cut_bottom = 0;
  std::int32_t cut_right = 0;
};
inline constexpr std::int64_t kRecipeFields = 8;

// images: uint8 [M, S, S, 3]; table: float32 [3, 256], what each value of each channel becomes; recipes: int32
// [N, kRecipeFields]. All on one device. Returns float32 [N, 3, S, S], channels-last.
at::Tensor MakeBatch(const at::Tensor& images, const at::Tensor& table, const at::Tensor& recipes);

}  // namespace eoa::train
