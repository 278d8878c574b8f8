#include "common/job/complete_job.h"

#include <optional>
#include <string>

#include "common/job/vision_transformers.h"

namespace eoa::api {
namespace {

constexpr int kSmallPatch = 8;  // pixels: such transformers see images of 32 pixels

bool IsCifar(Dataset dataset) { return dataset == Dataset::kCifar10 || dataset == Dataset::kCifar100; }

void CompleteTrainer(TrainerSpec& trainer, const Findings& findings) {
  const bool cifar = IsCifar(trainer.dataset.name);
  const std::optional<VisionTransformer> transformer = FindVisionTransformer(trainer.model.name);
  const bool large = transformer && transformer->patch > kSmallPatch;
  if (!findings.Given("spec.trainer.model.imageSize")) {
    const bool small = transformer ? !large : cifar || trainer.model.name.starts_with("wrn-");
    trainer.model.image_size = small ? 32 : 224;
  }
  if (!findings.Given("spec.trainer.dataset.augmentation")) {
    const Augmentation other = cifar ? Augmentation::kCifar : Augmentation::kImageNet;
    trainer.dataset.augmentation = large ? Augmentation::kVit : other;
  }
  if (!findings.Given("spec.trainer.optimizer.rho")) {
    trainer.optimizer.rho = trainer.optimizer.name == Optimizer::kAsam ? 0.5 : 0.05;
  }
}

Scaling UsualScaling(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kGreyWolf:
      return Scaling::kLinear;
    case Algorithm::kWhale:
      return Scaling::kSquareRoot;
    case Algorithm::kFixed:
      break;
  }
  return Scaling::kNone;
}

void SetUsualStepScale(AlgorithmSpec& algorithm) {
  algorithm.step_scale_cosine = false;
  switch (algorithm.step) {
    case StepRule::kScaled:
    case StepRule::kAffine:
      algorithm.step_scale_cosine = true;
      algorithm.step_scale = 0;
      break;
    case StepRule::kCanonical:
      algorithm.step_scale = 0.25;
      break;
    case StepRule::kAffineRelative:
      algorithm.step_scale = 0.01;
      break;
    case StepRule::kProportional:
      algorithm.step_scale = 0.2;
      break;
  }
}

}  // namespace

std::string PopulationPath(std::size_t index) { return "spec.populations[" + std::to_string(index) + "]"; }

void CompleteJob(Job& job, const Findings& findings) {
  if (job.spec.replicas == 0) job.spec.suspend = true;
  CompleteTrainer(job.spec.trainer, findings);
  Ecosphere& ecosphere = job.spec.ecosphere;
  if (!findings.Given("spec.ecosphere.generationEpochs")) {
    ecosphere.generation_epochs = ecosphere.generation_steps > 0 ? 0 : 1;
  }
  for (std::size_t i = 0; i < job.spec.populations.size(); ++i) {
    PopulationSpec& population = job.spec.populations[i];
    const std::string path = PopulationPath(i);
    if (!findings.Given(path + ".initialScaling")) population.initial_scaling = UsualScaling(population.algorithm.name);
    if (!findings.Given(path + ".algorithm.stepScale")) SetUsualStepScale(population.algorithm);
  }
}

}  // namespace eoa::api
