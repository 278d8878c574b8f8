#include "common/estimate/network_cost.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace eoa::api {
namespace {

TrainerSpec Spec(const std::string& model, int size, Dataset dataset) {
  TrainerSpec spec;
  spec.model.name = model;
  spec.model.image_size = size;
  spec.dataset.name = dataset;
  return spec;
}

struct Counted {
  TrainerSpec spec;
  double forward_flops;
};

// Counted by torch.utils.flop_counter.FlopCounterMode (PyTorch 2.11) in forward passes of one image of timm's Vision
// Transformers without fused attention, torchvision's ResNet-18 and tests/parity/model/reference_models.py.
TEST(NetworkCost, HasTheFlopsThatPyTorchCounts) {
  const std::vector<Counted> counted = {
      {Spec("wrn-10-1", 32, Dataset::kCifar10), 25527552},
      {Spec("wrn-16-8", 32, Dataset::kCifar10), 3096291328},
      {Spec("wrn-28-10", 32, Dataset::kCifar100), 10486772736},
      {Spec("resnet-18", 224, Dataset::kImageFolder), 3628146688},
      {Spec("resnet-18", 32, Dataset::kCifar10), 1110845440},
      {Spec("vit-ti-16", 224, Dataset::kImageFolder), 2507366400},
      {Spec("vit-b-16", 224, Dataset::kCifar10), 35126135808},
      {Spec("vit-b-32", 224, Dataset::kCifar100), 8816990208},
      {Spec("vit-l-16", 224, Dataset::kCifar10), 123107397632},
      {Spec("r50-vit-b-16", 224, Dataset::kCifar10), 43069197312},
  };
  for (const Counted& each : counted) {
    EXPECT_DOUBLE_EQ(2.0 * static_cast<double>(CostOf(each.spec).products), each.forward_flops) << each.spec.model.name;
  }
}

TEST(TrainingFlopsPerImage, IsThreeForwardsAndTwiceThatForASecondGradient) {
  TrainerSpec spec = Spec("vit-b-16", 224, Dataset::kCifar10);
  EXPECT_DOUBLE_EQ(TrainingFlopsPerImage(spec), 3.0 * 35126135808);
  spec.optimizer.name = Optimizer::kAsam;
  EXPECT_DOUBLE_EQ(TrainingFlopsPerImage(spec), 6.0 * 35126135808);
  spec.activation_checkpointing = true;
  EXPECT_DOUBLE_EQ(TrainingFlopsPerImage(spec), 6.0 * 35126135808) << "what is computed twice trains nothing";
}

}  // namespace
}  // namespace eoa::api
