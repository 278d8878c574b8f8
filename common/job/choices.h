// The choices of an EOAJob's fields, each with its words (common/words/word.h); docs/api.md says what they mean.
#pragma once

#include "common/words/word.h"

namespace eoa::api {

enum class Optimizer { kSgd, kAdamW, kSam, kAsam };
constexpr auto WordsOf(Optimizer) { return Words<Optimizer>("sgd", "adamw", "sam", "asam"); }

enum class AsamForm { kDavda54, kOriginal };
constexpr auto WordsOf(AsamForm) { return Words<AsamForm>("Davda54", "Original"); }

enum class GradientSync { kBothPasses, kSecondPass };
constexpr auto WordsOf(GradientSync) { return Words<GradientSync>("BothPasses", "SecondPass"); }

enum class Precision { kFp32, kTf32, kBf16 };
constexpr auto WordsOf(Precision) { return Words<Precision>("fp32", "tf32", "bf16"); }

enum class DeviceKind { kAuto, kCpu, kCuda };
constexpr auto WordsOf(DeviceKind) { return Words<DeviceKind>("Auto", "Cpu", "Cuda"); }

enum class Communication { kAuto, kNccl, kPeer, kGloo };
constexpr auto WordsOf(Communication) { return Words<Communication>("Auto", "Nccl", "Peer", "Gloo"); }

enum class GradientCompression { kNone, kBf16 };
constexpr auto WordsOf(GradientCompression) { return Words<GradientCompression>("None", "Bf16"); }

enum class Classifier { kToken, kGap };  // what a ViT's head reads
constexpr auto WordsOf(Classifier) { return Words<Classifier>("Token", "Gap"); }

enum class Stem { kAuto, kCifar, kImageNet };
constexpr auto WordsOf(Stem) { return Words<Stem>("Auto", "Cifar", "ImageNet"); }

enum class Dataset { kCifar10, kCifar100, kImageFolder, kWebDataset };
constexpr auto WordsOf(Dataset) { return Words<Dataset>("cifar10", "cifar100", "imagefolder", "webdataset"); }

enum class Augmentation { kNone, kCifar, kCifarCutout, kVit, kVitFlip, kImageNet };
constexpr auto WordsOf(Augmentation) {
  return Words<Augmentation>("none", "cifar", "cifar-cutout", "vit", "vit-flip", "imagenet");
}

enum class BaselineRule { kElected, kCosineBlend, kCosineStep, kCosineMultiplier };
constexpr auto WordsOf(BaselineRule) {
  return Words<BaselineRule>("Elected", "CosineBlend", "CosineStep", "CosineMultiplier");
}

enum class GradientScope { kPopulation, kEcosphere };
constexpr auto WordsOf(GradientScope) { return Words<GradientScope>("Population", "Ecosphere"); }

enum class WeightMerge { kAverage, kBest, kNone };
constexpr auto WordsOf(WeightMerge) { return Words<WeightMerge>("Average", "Best", "None"); }

enum class ExchangeMode { kSync, kAsync };
constexpr auto WordsOf(ExchangeMode) { return Words<ExchangeMode>("Sync", "Async"); }

enum class Algorithm { kGreyWolf, kWhale, kFixed };
constexpr auto WordsOf(Algorithm) { return Words<Algorithm>("GreyWolf", "Whale", "Fixed"); }

enum class StepRule { kScaled, kCanonical, kAffine, kAffineRelative, kProportional };
constexpr auto WordsOf(StepRule) {
  return Words<StepRule>("Scaled", "Canonical", "Affine", "AffineRelative", "Proportional");
}

enum class Space { kLinear, kLog };
constexpr auto WordsOf(Space) { return Words<Space>("Linear", "Log"); }

enum class Scaling { kLinear, kSquareRoot, kNone };
constexpr auto WordsOf(Scaling) { return Words<Scaling>("Linear", "SquareRoot", "None"); }

enum class ScalingUnit { kMembers, kBatch256 };
constexpr auto WordsOf(ScalingUnit) { return Words<ScalingUnit>("Members", "Batch256"); }

enum class Retain { kAlways, kOnFailure, kNever };
constexpr auto WordsOf(Retain) { return Words<Retain>("Always", "OnFailure", "Never"); }

enum class Storage { kAuto, kClaim, kPod };
constexpr auto WordsOf(Storage) { return Words<Storage>("Auto", "Claim", "Pod"); }

enum class SuccessType { kAll, kAny, kBestK };
constexpr auto WordsOf(SuccessType) { return Words<SuccessType>("All", "Any", "BestK"); }

enum class CleanPodPolicy { kFetched, kRunning, kAll, kNone };
constexpr auto WordsOf(CleanPodPolicy) { return Words<CleanPodPolicy>("Fetched", "Running", "All", "None"); }

// Which checkpoints a job that has ended leaves behind.
constexpr bool KeepsCheckpoints(Retain retain, bool succeeded) {
  return retain == Retain::kAlways || (retain == Retain::kOnFailure && !succeeded);
}

}  // namespace eoa::api
