// LoadPretrained: fills a network with weights that were trained before.
//
// Fine-tuning as google-research/vision_transformer does it: position embeddings are resized to the network's grid by
// bilinear interpolation whose corners stay in place; a head for other classes is replaced by zeros, as is one that has
// a layer before it (pre_logits, in the imagenet21k files); everything else must be there, in its shape, and nothing
// else may be.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

// From trainer.model.pretrained into `parameters`, whose last two are the head. InvalidArgument names what is missing,
// too much or of another shape, with that shape and the expected one; then some parameters may be overwritten.
Status LoadPretrained(const api::TrainerSpec& trainer, const ParameterSet& parameters);

// [1, T', D] to [1, T, D] with or without the class token's slot, which stands first where T or T' is one more than a
// square. InvalidArgument when neither is.
Result<at::Tensor> ResizePositions(const at::Tensor& positions, std::int64_t tokens, bool class_token);

}  // namespace eoa::train
