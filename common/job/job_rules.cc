#include "common/job/job_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/base/number.h"
#include "common/document/plain_number.h"
#include "common/job/complete_job.h"
#include "common/job/vision_transformers.h"

namespace eoa::api {
namespace {

constexpr int kMaxEcosphereMembers = 4096;
constexpr std::size_t kMaxStatefulSetName = 52;  // its pods carry the name and a hash in a label of 63 characters
constexpr int kCifarTrainingImages = 50'000;
constexpr int kCifarSide = 32;
constexpr int kWolves = 3;  // alpha, beta, delta

bool IsCifar(const DatasetSpec& dataset) {
  return dataset.name == Dataset::kCifar10 || dataset.name == Dataset::kCifar100;
}

void CheckWideResNet(const std::string& name, Findings& findings) {
  const std::string field = "spec.trainer.model.name";
  if (!name.starts_with("wrn-") || findings.AnyWrong({field})) return;
  constexpr int kStem = 4;
  constexpr int kBlock = 6;
  constexpr int kMaxDepthOfNet = 208;
  const std::string digits = name.substr(4, name.find('-', 4) - 4);
  const int depth = static_cast<int>(ParseInteger(digits).ok() ? *ParseInteger(digits) : 0);
  const bool fits = depth > kStem && depth <= kMaxDepthOfNet && (depth - kStem) % kBlock == 0;
  if (fits) return;
  const int lower = std::clamp((depth - kStem) / kBlock, 1, 34) * kBlock + kStem;
  const std::string width = name.substr(name.rfind('-'));
  std::string message = "a Wide ResNet has D = 6n + 4 layers, 10 to 208; near are wrn-" + std::to_string(lower) + width;
  if (lower < kMaxDepthOfNet) message += " and wrn-" + std::to_string(lower + kBlock) + width;
  findings.Refuse(field, name, message);
}

// What only Vision Transformers have, and what they want of an image.
void CheckTransformer(const TrainerSpec& trainer, Findings& findings) {
  const std::string base = "spec.trainer.model.";
  if (findings.AnyWrong({"spec.trainer.model", "spec.trainer.activationCheckpointing"})) return;
  const Model& model = trainer.model;
  if (const std::optional<VisionTransformer> transformer = FindVisionTransformer(model.name)) {
    if (model.image_size % transformer->patch != 0) {
      findings.Refuse(base + "imageSize", std::to_string(model.image_size),
                      "must be a multiple of the patches' side, " + std::to_string(transformer->patch) + " pixels in " +
                          model.name);
    }
    return;
  }
  const std::string only = "only Vision Transformers have this; leave it out";
  if (model.attention_dropout > 0) {
    findings.Refuse(base + "attentionDropout", PlainNumber(model.attention_dropout), only);
  }
  if (model.stochastic_depth > 0) {
    findings.Refuse(base + "stochasticDepth", PlainNumber(model.stochastic_depth), only);
  }
  if (model.classifier != Classifier::kToken) findings.Refuse(base + "classifier", ToWord(model.classifier), only);
  if (trainer.activation_checkpointing) {
    findings.Refuse("spec.trainer.activationCheckpointing", "true", only);
  }
  if (model.pretrained.ends_with(".npz")) {
    findings.Refuse(base + "pretrained", model.pretrained,
                    "Google's .npz files are Vision Transformers; " + model.name + " starts from a .safetensors file");
  }
}

void CheckTrainer(const TrainerSpec& trainer, Findings& findings) {
  const std::string base = "spec.trainer.";
  CheckWideResNet(trainer.model.name, findings);
  CheckTransformer(trainer, findings);
  if (!findings.AnyWrong({base + "model"}) && trainer.model.name == "resnet-18" && trainer.model.dropout > 0) {
    findings.Refuse(base + "model.dropout", PlainNumber(trainer.model.dropout),
                    "resnet-18 has no dropout; leave it out");
  }
  const Augmentation augmentation = trainer.dataset.augmentation;
  const bool resizes = augmentation == Augmentation::kVit || augmentation == Augmentation::kVitFlip ||
                       augmentation == Augmentation::kImageNet;
  if (!findings.AnyWrong({base + "model.imageSize", base + "dataset.name", base + "dataset.augmentation"}) &&
      IsCifar(trainer.dataset) && !resizes && trainer.model.image_size != kCifarSide) {
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
  if (!findings.AnyWrong({base + "warmupGenerations"}) && ecosphere.warmup_generations >= ecosphere.generations) {
    findings.Refuse(base + "warmupGenerations", std::to_string(ecosphere.warmup_generations),
                    "must be less than generations (" + std::to_string(ecosphere.generations) + ")");
  }
  if (!findings.AnyWrong({base + "baseline"}) && ecosphere.baseline != BaselineRule::kElected &&
      ecosphere.generations < 2) {
    findings.Refuse(base + "baseline", "", "a cosine over the generations needs at least 2 of them");
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
  if (!findings.AnyWrong({base + "exchange.quorum"}) && ecosphere.exchange.quorum > populations) {
    findings.Refuse(
        base + "exchange.quorum", std::to_string(ecosphere.exchange.quorum),
        "must be at most the number of populations (" + std::to_string(populations) + "); 0 means all that run");
  }
}

void CheckFitnessSamples(const JobSpec& spec, Findings& findings) {
  const std::string field = "spec.ecosphere.fitnessSamples";
  const DatasetSpec& dataset = spec.trainer.dataset;
  if (findings.AnyWrong({field, "spec.trainer.dataset"}) || !IsCifar(dataset)) return;
  const auto split = static_cast<int>(std::lround(kCifarTrainingImages * dataset.validation_fraction));
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
  CheckFitnessSamples(job.spec, findings);
  CheckPopulations(job, findings);
  CheckSuccessPolicy(job.spec, findings);
}

}  // namespace eoa::api
