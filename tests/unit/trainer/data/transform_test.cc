#include "trainer/data/transform.h"

#include <gtest/gtest.h>

namespace eoa::train {
namespace {

using api::Augmentation;
using api::Dataset;

float MeanRed(Dataset dataset, Augmentation augmentation) {
  api::TrainerSpec trainer;
  trainer.dataset.name = dataset;
  trainer.dataset.augmentation = augmentation;
  return TransformFor(trainer).normalization.mean[0];
}

TEST(TransformFor, TakesTheConstantsOfTheDataSet) {
  EXPECT_EQ(MeanRed(Dataset::kCifar10, Augmentation::kCifar), 0.4914F);
  EXPECT_EQ(MeanRed(Dataset::kCifar10, Augmentation::kNone), 0.4914F);
  EXPECT_EQ(MeanRed(Dataset::kCifar100, Augmentation::kCifarCutout), 0.5071F);
}

TEST(TransformFor, TakesTheConstantsThatGoWithTheAugmentationOtherwise) {
  EXPECT_EQ(MeanRed(Dataset::kWebDataset, Augmentation::kCifarCutout), 0.4914F);
  EXPECT_EQ(MeanRed(Dataset::kImageFolder, Augmentation::kImageNet), 0.485F);
  EXPECT_EQ(MeanRed(Dataset::kImageFolder, Augmentation::kNone), 0.485F);
}

TEST(TransformFor, TakesAHalfForVisionTransformers) {
  EXPECT_EQ(MeanRed(Dataset::kCifar10, Augmentation::kVit), 0.5F);
  EXPECT_EQ(MeanRed(Dataset::kImageFolder, Augmentation::kVit), 0.5F);
}

TEST(TransformFor, TakesSizeAndAugmentationOfTheJob) {
  api::TrainerSpec trainer;
  trainer.model.image_size = 224;
  trainer.dataset.augmentation = Augmentation::kVit;
  EXPECT_EQ(TransformFor(trainer).image_size, 224);
  EXPECT_EQ(TransformFor(trainer).augmentation, Augmentation::kVit);
}

TEST(PreprocessingJson, SaysWhatEvaluationDoes) {
  const Transform imagenet{224, Augmentation::kImageNet, kImageNetNormalization};
  EXPECT_EQ(PreprocessingJson(imagenet).dump(),
            R"({"resize":"shorter side","resizeTo":256,"crop":224,"mean":[0.485,0.456,0.406],)"
            R"("deviation":[0.229,0.224,0.225]})");
  const Transform vit{384, Augmentation::kVitFlip, kHalfNormalization};
  EXPECT_EQ(PreprocessingJson(vit).dump(),
            R"({"resize":"both sides","resizeTo":384,"crop":384,"mean":[0.5,0.5,0.5],"deviation":[0.5,0.5,0.5]})");
}

}  // namespace
}  // namespace eoa::train
