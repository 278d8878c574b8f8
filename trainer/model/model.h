// Model: an image classifier with named parameters.
//
// Images are float32 [N, 3, H, W] in channels-last memory order; logits are [N, classes]. Two models made with the same
// arguments have equal weights, so that all members of a job start alike. Thread-safety: none; one owner.
#pragma once

#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/job/job.h"
#include "common/job/models.h"
#include "trainer/model/layers.h"
#include "trainer/model/parameters.h"

namespace eoa::train {

class Model {
 public:
  virtual ~Model() = default;
  virtual at::Tensor Forward(const at::Tensor& images, const Pass& pass) = 0;

  ParameterSet& parameters() { return parameters_; }

 protected:
  ParameterSet parameters_;
};

// The network that a job names. InvalidArgument for a name that validation would refuse. A Vision Transformer that
// starts from a file (spec.pretrained) has zeros for weights until that is read.
Result<std::unique_ptr<Model>> MakeModel(const api::TrainerSpec& spec, int classes, std::uint64_t seed);

struct WideResNetOptions {
  int depth = 16;  // D = 6n + 4
  int width = 8;   // K
  int classes = 10;
  double dropout = 0;
  bool zero_head = false;
};

// Wide ResNet D-K (Zagoruyko and Komodakis 2016), pre-activation, (D - 4) / 6 units in each of three stages; the first
// unit of a stage projects its input, also where the width stays. Tensor names, units and initialisation are those of
// the WRN in davda54/sam, which the EOA authors train; but its stages have one unit more than its depth says: its
// wrn-16-8 has the tensors of wrn-22-8 here.
std::unique_ptr<Model> MakeWideResNet(const WideResNetOptions& options, std::uint64_t seed);

struct ResNet18Options {
  int classes = 1000;
  bool image_net_stem = true;  // 7x7 stride 2 and max pooling; else 3x3 stride 1, for images up to 64 pixels
  bool zero_head = false;
};

// ResNet-18 (He et al. 2015). Structure, initialisation and tensor names are torchvision's.
std::unique_ptr<Model> MakeResNet18(const ResNet18Options& options, std::uint64_t seed);

struct VisionTransformerOptions {
  api::VisionTransformer shape;
  int image_size = 224;  // pixels; a multiple of shape.patch
  int classes = 1000;
  api::Classifier classifier = api::Classifier::kToken;
  double dropout = 0;
  double attention_dropout = 0;
  double stochastic_depth = 0;
  bool zero_head = false;
  bool random_weights = true;  // else zero: a file follows
  bool recompute = false;      // activation checkpointing, block by block
};

// Vision Transformer (Dosovitskiy et al. 2021). Tensor names are timm's; GELU is exact, as in timm, Hugging Face and
// the EOA authors' program (docs/decisions/0011). With the classifier kGap there is no class token, and the mean is
// taken after the last norm, as in the published code.
std::unique_ptr<Model> MakeVisionTransformer(const VisionTransformerOptions& options, std::uint64_t seed);

}  // namespace eoa::train
