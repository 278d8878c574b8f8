#include <cmath>
#include <string>

#include "common/base/number.h"
#include "common/document/plain_number.h"
#include "common/job/complete_job.h"
#include "common/job/datasets.h"
#include "common/job/job_rules.h"
#include "common/job/models.h"

namespace eoa::api {
namespace {

// A step of the normalised rules is about half of delta when its argument is small (docs/algorithm.md).
constexpr double kTypicalStep = 0.5;
constexpr int kFewImages = 100;

double StartRate(const JobSpec& spec, Scaling scaling) {
  const double k = ScalingFactor(spec);
  const double factor = scaling == Scaling::kLinear ? k : scaling == Scaling::kSquareRoot ? std::sqrt(k) : 1;
  return spec.ecosphere.base_learning_rate * factor;
}

std::string Short(double value) { return FormatShort(value, 3); }

void WarnOfStep(const JobSpec& spec, const AlgorithmSpec& algorithm, const std::string& path, Findings& findings) {
  if (algorithm.name == Algorithm::kFixed) return;
  const double reference = StartRate(spec, Scaling::kLinear);
  const double delta = algorithm.step_scale_cosine ? 1 : algorithm.step_scale;
  const std::string advice = "; the steps Scaled and Canonical fit learning rates of any size";
  if (algorithm.step == StepRule::kAffine) {
    const double step = kTypicalStep * delta;
    const std::string moves = "moves learning rates by about " + Short(step) + " whatever their size; ";
    if (step > reference) {
      findings.Warn(
          path + ".step", "Affine",
          moves + "they start near " + Short(reference) + ", so one step changes them by more than they are" + advice);
    } else if (step < reference / 100) {
      findings.Warn(
          path + ".step", "Affine",
          moves + "they start near " + Short(reference) + ", so a step changes them by less than 1 %" + advice);
    }
  }
  // docs/algorithm.md, "What the rules do".
  if (algorithm.step == StepRule::kCanonical && algorithm.space == Space::kLog) {
    findings.Warn(path + ".step", "Canonical",
                  "hardly moves learning rates that start together in space Log, where steps are proportional to "
                  "distances; use Scaled there, or space Linear");
  }
  const double relative = kTypicalStep * delta * reference;
  if (algorithm.step == StepRule::kProportional && relative < 0.01) {
    findings.Warn(
        path + ".step", "Proportional",
        "moves learning rates near " + Short(reference) + " by only " + Short(100 * relative) + " %" + advice);
  }
}

void WarnOfClipping(const JobSpec& spec, const PopulationSpec& population, const std::string& path,
                    Findings& findings) {
  const double start = StartRate(spec, population.initial_scaling);
  const AlgorithmSpec& algorithm = population.algorithm;
  if (start > algorithm.max_learning_rate) {
    findings.Warn(path + ".algorithm.maxLearningRate", PlainNumber(algorithm.max_learning_rate),
                  "learning rates start at " + Short(start) + " and are all clipped to this");
  } else if (start < algorithm.min_learning_rate) {
    findings.Warn(path + ".algorithm.minLearningRate", PlainNumber(algorithm.min_learning_rate),
                  "learning rates start at " + Short(start) + " and are all raised to this");
  }
}

// docs/algorithm.md, "Convergence": wolves that step so need another population whose members step upwards.
void WarnOfLonelyWolves(const JobSpec& spec, Findings& findings) {
  for (const PopulationSpec& population : spec.populations) {
    const AlgorithmSpec& algorithm = population.algorithm;
    const bool lowers = algorithm.step == StepRule::kScaled || algorithm.step == StepRule::kAffine;
    if (algorithm.name != Algorithm::kGreyWolf || !lowers) return;
  }
  findings.Warn(
      "spec.populations", "",
      "Grey Wolves alone with the step Scaled or Affine only lower learning rates, whatever the fitness says; "
      "add a Whale population, or use the step Canonical");
}

void WarnOfTrainer(const JobSpec& spec, Findings& findings) {
  const OptimizerSpec& optimizer = spec.trainer.optimizer;
  if (optimizer.name == Optimizer::kAdamW && spec.ecosphere.base_learning_rate > 0.01) {
    findings.Warn("spec.ecosphere.baseLearningRate", PlainNumber(spec.ecosphere.base_learning_rate),
                  "is far above 0.001, around which adamw trains well");
  }
  const bool sharpness = optimizer.name == Optimizer::kSam || optimizer.name == Optimizer::kAsam;
  if (!sharpness && findings.Given("spec.trainer.optimizer.rho") && optimizer.rho != OptimizerSpec().rho) {
    findings.Warn("spec.trainer.optimizer.rho", PlainNumber(optimizer.rho), "has no effect without sam or asam");
  }
  if (spec.trainer.model.stem != Stem::kAuto && !HasTrait(spec.trainer.model.name, ModelTrait::kStem)) {
    findings.Warn("spec.trainer.model.stem", "", "has no effect: only resnet-18 has a choice of stems");
  }
}

void WarnOfFitness(const JobSpec& spec, Findings& findings) {
  const std::string noise = " images measure a member's fitness: differences of a few percent are noise";
  const int samples = spec.ecosphere.fitness_samples;
  if (samples > 0 && samples < kFewImages) {
    findings.Warn("spec.ecosphere.fitnessSamples", std::to_string(samples), "only " + std::to_string(samples) + noise);
  }
  const DatasetRow& dataset = RowOf(spec.trainer.dataset.name);
  const double fraction = spec.trainer.dataset.validation_fraction;
  const auto split = static_cast<int>(std::lround(dataset.training_images * fraction));
  if (dataset.official() && split < kFewImages) {
    findings.Warn("spec.trainer.dataset.validationFraction", PlainNumber(fraction),
                  "only " + std::to_string(split) + noise);
  }
}

}  // namespace

void AddWarnings(const Job& job, Findings& findings) {
  const JobSpec& spec = job.spec;
  WarnOfTrainer(spec, findings);
  WarnOfFitness(spec, findings);
  WarnOfLonelyWolves(spec, findings);
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    const std::string path = PopulationPath(i);
    WarnOfStep(spec, spec.populations[i].algorithm, path + ".algorithm", findings);
    WarnOfClipping(spec, spec.populations[i], path, findings);
  }
  const int every = spec.checkpoint.every_generations;
  if (every > spec.ecosphere.generations) {
    findings.Warn(
        "spec.checkpoint.everyGenerations", std::to_string(every),
        "is more than the generations of the run: no checkpoint is written, and a restart begins at generation 0");
  }
}

}  // namespace eoa::api
