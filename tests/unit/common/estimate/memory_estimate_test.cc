#include "common/estimate/memory_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa::api {
namespace {

using testing::HasSubstr;

TrainerSpec Spec(const std::string& model, int size, Dataset dataset = Dataset::kImageFolder) {
  TrainerSpec spec;
  spec.model.name = model;
  spec.model.image_size = size;
  spec.dataset.name = dataset;
  return spec;
}

// Those of timm and torchvision with 1000 classes.
TEST(MemoryEstimate, CountsTheParametersOfPublishedModels) {
  const std::vector<std::pair<TrainerSpec, std::int64_t>> published = {
      {Spec("vit-ti-16", 224), 5717416},  {Spec("vit-s-16", 224), 22050664},  {Spec("vit-b-16", 224), 86567656},
      {Spec("vit-b-32", 224), 88224232},  {Spec("vit-l-16", 224), 304326632}, {Spec("vit-l-32", 224), 306535400},
      {Spec("vit-h-14", 224), 632045800}, {Spec("resnet-18", 224), 11689512},
  };
  for (const auto& [spec, parameters] : published) {
    EXPECT_EQ(EstimateMemory(spec).parameters, parameters) << spec.model.name;
  }
}

TEST(MemoryEstimate, MoreOptimizerTakesMore) {
  TrainerSpec spec = Spec("vit-b-16", 224);
  const std::int64_t sgd = EstimateMemory(spec).optimizer_bytes;
  spec.optimizer.name = Optimizer::kAdamW;
  EXPECT_EQ(EstimateMemory(spec).optimizer_bytes, 2 * sgd);
  spec.optimizer.name = Optimizer::kAsam;
  EXPECT_EQ(EstimateMemory(spec).optimizer_bytes, 2 * sgd);
}

TEST(MemoryEstimate, CheckpointingKeepsAFractionOfTheActivations) {
  TrainerSpec spec = Spec("vit-l-16", 224);
  const std::int64_t all = EstimateMemory(spec).activations_bytes;
  spec.activation_checkpointing = true;
  EXPECT_LT(EstimateMemory(spec).activations_bytes, all / 4);
}

TEST(AdviseOnMemory, GivesTheNumbersToWrite) {
  TrainerSpec spec = Spec("wrn-16-8", 32, Dataset::kCifar10);
  spec.batch_size_per_member = 96;
  spec.gradient_accumulation = 2;
  EXPECT_THAT(AdviseOnMemory(spec, 0),
              HasSubstr("set spec.trainer.batchSizePerMember to 48 and gradientAccumulation to 4"));
  const MemoryEstimate estimate = EstimateMemory(spec);
  const std::int64_t room_for_20 = estimate.fixed_bytes() + 20 * estimate.per_image_bytes;
  EXPECT_THAT(AdviseOnMemory(spec, room_for_20), HasSubstr("batchSizePerMember to 16 and gradientAccumulation to 12"));
  EXPECT_THAT(AdviseOnMemory(spec, 1), HasSubstr("give members more memory"));
}

TEST(AdviseOnMemory, TransformersCanComputeBlocksAgain) {
  EXPECT_THAT(AdviseOnMemory(Spec("vit-b-16", 224), 0), HasSubstr("activationCheckpointing to true"));
}

}  // namespace
}  // namespace eoa::api
