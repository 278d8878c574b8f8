#include "common/job/complete_job.h"

#include <string>

#include "common/job/datasets.h"
#include "common/job/models.h"

namespace eoa::api {
namespace {

constexpr int kUsualImageSide = 224;  // pixels

void CompleteTrainer(TrainerSpec& trainer, const Findings& findings) {
  const DatasetRow& dataset = RowOf(trainer.dataset.name);
  const Result<NamedModel> model = FindModel(trainer.model.name);
  if (!findings.Given("spec.trainer.model.imageSize")) {
    const int size_of_data = dataset.image_side > 0 ? dataset.image_side : kUsualImageSide;
    trainer.model.image_size = model.ok() && model->row->image_size > 0 ? model->row->image_size : size_of_data;
  }
  if (!findings.Given("spec.trainer.dataset.augmentation")) {
    trainer.dataset.augmentation =
        model.ok() ? model->row->augmentation.value_or(dataset.augmentation) : dataset.augmentation;
  }
  if (!findings.Given("spec.trainer.optimizer.rho")) {
    trainer.optimizer.rho = trainer.optimizer.name == Optimizer::kAsam ? 0.5 : 0.05;
  }
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
    if (!findings.Given(path + ".algorithm.stepScale")) SetUsualStepScale(population.algorithm);
  }
}

}  // namespace eoa::api
