#include "common/job/job_rules.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "common/document/plain_number.h"
#include "common/job/complete_job.h"
#include "common/job/datasets.h"
#include "common/job/models.h"

namespace eoa::api {
namespace {

constexpr int kMaxEcosphereMembers = 4096;
constexpr std::size_t kMaxStatefulSetName = 52;  // its pods carry the name and a hash in a label of 63 characters
constexpr int kWolves = 3;                       // alpha, beta, delta

// What only some models have, and what Vision Transformers want of an image.
void CheckModel(const TrainerSpec& trainer, Findings& findings) {
  const std::string base = "spec.trainer.model.";
  const Model& model = trainer.model;
  if (findings.AnyWrong({base + "name"})) return;
  const Result<NamedModel> named = FindModel(model.name);
  if (!named.ok()) return findings.Refuse(base + "name", model.name, named.error().message());
  const auto* transformer = std::get_if<VisionTransformer>(&named->architecture);
  if (transformer != nullptr && !findings.AnyWrong({base + "imageSize"}) &&
      model.image_size % transformer->patch != 0) {
    findings.Refuse(
        base + "imageSize", std::to_string(model.image_size),
        "must be a multiple of the patches' side, " + std::to_string(transformer->patch) + " pixels in " + model.name);
  }
  const auto check = [&](ModelTrait trait, const std::string& field, bool used, std::string_view value) {
    if (used && !HasTrait(model.name, trait) && !findings.AnyWrong({field})) {
      findings.Refuse(field, value, TraitRefusal(trait, model.name));
    }
  };
  check(ModelTrait::kDropout, base + "dropout", model.dropout > 0, PlainNumber(model.dropout));
  check(ModelTrait::kAttentionDropout, base + "attentionDropout", model.attention_dropout > 0,
        PlainNumber(model.attention_dropout));
  check(ModelTrait::kStochasticDepth, base + "stochasticDepth", model.stochastic_depth > 0,
        PlainNumber(model.stochastic_depth));
  check(ModelTrait::kClassifier, base + "classifier", model.classifier != Classifier::kToken, ToWord(model.classifier));
  check(ModelTrait::kActivationCheckpointing, "spec.trainer.activationCheckpointing", trainer.activation_checkpointing,
        "true");
  check(ModelTrait::kNpzWeights, base + "pretrained", model.pretrained.ends_with(".npz"), model.pretrained);
}

void CheckTrainer(const TrainerSpec& trainer, Findings& findings) {
  const std::string base = "spec.trainer.";
  CheckModel(trainer, findings);
  const int side = RowOf(trainer.dataset.name).image_side;
  if (!findings.AnyWrong({base + "model.imageSize", base + "dataset.name", base + "dataset.augmentation"}) &&
      side > 0 && !Resizes(trainer.dataset.augmentation) && trainer.model.image_size != side) {
    findings.Refuse(
        base + "model.imageSize", std::to_string(trainer.model.image_size),
        "CIFAR images are 32x32; leave it out, or choose augmentation vit, vit-flip or imagenet, which resize");
  }
  const OptimizerSpec& optimizer = trainer.optimizer;
  if (!findings.AnyWrong({base + "optimizer"}) && optimizer.nesterov && optimizer.momentum == 0) {
    findings.Refuse(base + "optimizer.nesterov", "true", "needs momentum greater than 0");
  }
}

void CheckGenerations(const Ecosphere& ecosphere, Findings& findings) {
  const std::string base = "spec.ecosphere.";
  if (!findings.AnyWrong({base + "generationEpochs", base + "generationSteps"})) {
    const bool epochs = ecosphere.generation_epochs > 0;
    const bool steps = ecosphere.generation_steps > 0;
    if (epochs && steps) {
      findings.Refuse(base + "generationSteps", std::to_string(ecosphere.generation_steps),
                      "a generation is either generationEpochs or generationSteps long; leave one out");
    }
    if (!epochs && !steps) {
      findings.Refuse(base + "generationEpochs", "0",
                      "one of generationEpochs and generationSteps must be greater than 0");
    }
  }
  if (findings.AnyWrong({base + "generations"})) return;
  const int before_search = ecosphere.probe_generations + ecosphere.warmup_generations;
  if (!findings.AnyWrong({base + "warmupGenerations", base + "probeGenerations"}) &&
      before_search >= ecosphere.generations) {
    const bool warms = ecosphere.warmup_generations > 0;
    findings.Refuse(base + (warms ? "warmupGenerations" : "probeGenerations"),
                    std::to_string(warms ? ecosphere.warmup_generations : ecosphere.probe_generations),
                    "together with " + std::string(warms ? "probeGenerations" : "warmupGenerations") +
                        " it must be less than generations (" + std::to_string(ecosphere.generations) + ")");
  }
}

void CheckExchange(const JobSpec& spec, Findings& findings) {
  const std::string base = "spec.ecosphere.";
  const Ecosphere& ecosphere = spec.ecosphere;
  if (!findings.AnyWrong({base + "gradientScope", base + "exchange.mode"}) &&
      ecosphere.gradient_scope == GradientScope::kEcosphere && ecosphere.exchange.mode == ExchangeMode::kAsync) {
    findings.Refuse(
        base + "exchange.mode", ToWord(ExchangeMode::kAsync),
        "with gradientScope Ecosphere all populations step together: use Sync, or gradientScope Population");
  }
  const auto populations = static_cast<int>(spec.populations.size());
  if (findings.AnyWrong({"spec.populations"}) || populations == 0) return;
  if (!findings.AnyWrong({base + "weightMerge", base + "exchange.mode"}) && populations > 1 &&
      ecosphere.weight_merge == WeightMerge::kBest && ecosphere.exchange.mode == ExchangeMode::kAsync) {
    findings.Refuse(base + "weightMerge", ToWord(WeightMerge::kBest),
                    "with exchange.mode Async each population decides for itself when the elected member's weights are "
                    "taken, so that nobody knows whose another population serves: use Average, or Sync");
  }
  if (!findings.AnyWrong({base + "exchange.quorum"}) && ecosphere.exchange.quorum > populations) {
    findings.Refuse(
        base + "exchange.quorum", std::to_string(ecosphere.exchange.quorum),
        "must be at most the number of populations (" + std::to_string(populations) + "); 0 means all that run");
  }
}

// Trials of a probe are ranked over all populations, and each population trains its own.
void CheckProbe(const JobSpec& spec, Findings& findings) {
  const std::string base = "spec.ecosphere.";
  const Ecosphere& ecosphere = spec.ecosphere;
  if (ecosphere.probe_generations == 0 || findings.AnyWrong({base + "probeGenerations"})) return;
  const std::string value = std::to_string(ecosphere.probe_generations);
  if (!findings.AnyWrong({base + "exchange.mode"}) && ecosphere.exchange.mode == ExchangeMode::kAsync) {
    findings.Refuse(base + "probeGenerations", value,
                    "needs exchange.mode Sync: all populations set out from the same learning rate");
  }
  if (!findings.AnyWrong({base + "gradientScope"}) && ecosphere.gradient_scope == GradientScope::kEcosphere) {
    findings.Refuse(base + "probeGenerations", value,
                    "needs gradientScope Population: each population tries learning rates of its own");
  }
  if (findings.AnyWrong({"spec.populations"})) return;
  for (const PopulationSpec& population : spec.populations) {
    if (population.algorithm.name != Algorithm::kFixed) continue;
    return findings.Refuse(base + "probeGenerations", value,
                           "needs populations that search; Fixed follows its schedule from the first generation");
  }
}

void CheckFitnessSamples(const JobSpec& spec, Findings& findings) {
  const std::string field = "spec.ecosphere.fitnessSamples";
  const DatasetSpec& dataset = spec.trainer.dataset;
  if (findings.AnyWrong({field, "spec.trainer.dataset"}) || !RowOf(dataset.name).official()) return;
  const auto split = static_cast<int>(std::lround(RowOf(dataset.name).training_images * dataset.validation_fraction));
  if (spec.ecosphere.fitness_samples > split) {
    findings.Refuse(field, std::to_string(spec.ecosphere.fitness_samples),
                    "the validation split has only " + std::to_string(split) + " images; 0 means all of them");
  }
}

void CheckAlgorithm(const AlgorithmSpec& algorithm, const std::string& path, Findings& findings) {
  const std::string least = path + ".minLearningRate";
  if (!findings.AnyWrong({least, path + ".maxLearningRate"}) &&
      algorithm.min_learning_rate >= algorithm.max_learning_rate) {
    findings.Refuse(least, PlainNumber(algorithm.min_learning_rate),
                    "must be less than maxLearningRate (" + PlainNumber(algorithm.max_learning_rate) + ")");
  }
  if (!findings.AnyWrong({least, path + ".space"}) && algorithm.space == Space::kLog &&
      algorithm.min_learning_rate == 0) {
    findings.Refuse(least, "0", "must be greater than 0 in space Log: zero has no logarithm");
  }
  if (!findings.AnyWrong({path + ".schedule", path + ".name"}) && algorithm.name != Algorithm::kFixed &&
      algorithm.schedule != "Constant") {
    findings.Refuse(path + ".schedule", algorithm.schedule, "only algorithm Fixed follows a schedule; leave it out");
  }
}

void CheckPopulation(const PopulationSpec& population, const std::string& path, Findings& findings) {
  CheckAlgorithm(population.algorithm, path + ".algorithm", findings);
  const std::string members = path + ".members";
  if (findings.AnyWrong({members})) return;
  if (!findings.AnyWrong({path + ".algorithm.name"}) && population.algorithm.name == Algorithm::kGreyWolf &&
      population.members < kWolves) {
    findings.Refuse(members, std::to_string(population.members),
                    "GreyWolf needs at least 3 members, its alpha, beta and delta; Whale does with fewer");
  }
  if (!findings.AnyWrong({path + ".membersPerPod"}) && population.members % population.members_per_pod != 0) {
    findings.Refuse(path + ".membersPerPod", std::to_string(population.members_per_pod),
                    "must divide members (" + std::to_string(population.members) + ")");
  }
}

void CheckPopulations(const Job& job, Findings& findings) {
  std::map<std::string, std::size_t> first_with;
  std::int64_t members = 0;
  for (std::size_t i = 0; i < job.spec.populations.size(); ++i) {
    const PopulationSpec& population = job.spec.populations[i];
    const std::string path = PopulationPath(i);
    CheckPopulation(population, path, findings);
    members += population.members;
    if (findings.AnyWrong({path + ".name"})) continue;
    const auto [first, fresh] = first_with.emplace(population.name, i);
    if (!fresh) {
      findings.Refuse(path + ".name", population.name, PopulationPath(first->second) + " has this name already");
    } else if (!findings.AnyWrong({"metadata.name"}) &&
               job.metadata.name.size() + 1 + population.name.size() > kMaxStatefulSetName) {
      findings.Refuse(
          path + ".name", population.name,
          "together with the job's name and a '-' it may have 52 characters: Kubernetes names pods after both");
    }
  }
  if (members > kMaxEcosphereMembers && !findings.AnyWrong({"spec.populations"})) {
    findings.Refuse("spec.populations", "",
                    "have " + std::to_string(members) + " members together; at most 4096 are allowed");
  }
}

void CheckSuccessPolicy(const JobSpec& spec, Findings& findings) {
  const SuccessPolicy& policy = spec.run_policy.success_policy;
  const std::string field = "spec.runPolicy.successPolicy.k";
  if (findings.AnyWrong({"spec.runPolicy.successPolicy", "spec.populations"})) return;
  const auto populations = static_cast<int>(spec.populations.size());
  if (policy.type == SuccessType::kBestK && (policy.k < 1 || policy.k > populations)) {
    findings.Refuse(field, std::to_string(policy.k),
                    "type BestK needs k from 1 to the number of populations (" + std::to_string(populations) + ")");
  }
  if (policy.type != SuccessType::kBestK && policy.k != 0) {
    findings.Refuse(field, std::to_string(policy.k), "only type BestK has a k; leave it out");
  }
}

}  // namespace

void CheckRules(const Job& job, Findings& findings) {
  CheckMetadata(job.metadata, findings);
  CheckTrainer(job.spec.trainer, findings);
  CheckGenerations(job.spec.ecosphere, findings);
  CheckExchange(job.spec, findings);
  CheckProbe(job.spec, findings);
  CheckFitnessSamples(job.spec, findings);
  CheckPopulations(job, findings);
  CheckSuccessPolicy(job.spec, findings);
  CheckTemplates(job.spec, findings);
}

}  // namespace eoa::api
