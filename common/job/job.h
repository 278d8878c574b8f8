// EOAJob (eoa.io/v1alpha1) as C++ values: what a user asks for. docs/api.md explains every field to users.
//
// A Job that ReadJob (common/job/read_job.h) returns is complete: every default is filled in, every number is
// finite and within its bounds, every name refers to something. Code behind that point relies on it and does not check
// again. Units: times are whole seconds (...Seconds), sizes are bytes unless a name says otherwise. Pure values;
// thread-safe as such.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/json_object.h"
#include "common/job/choices.h"
#include "common/words/labels.h"

namespace eoa::api {

struct Model {
  std::string name;        // as common/job/models.h has them
  std::string pretrained;  // a .safetensors or Google's .npz file to start from; empty: random initialisation
  int image_size = 0;      // pixels, square; derived from dataset and model
  double dropout = 0;
  double attention_dropout = 0;  // Vision Transformers, as the next two
  double stochastic_depth = 0;   // probability to leave out the last block's branches; falls linearly to 0 at the first
  Classifier classifier = Classifier::kToken;
  Stem stem =
      Stem::kAuto;  // resnet-18: 3x3 stem without pooling (Cifar) or 7x7 with (ImageNet); Auto: by imageSize <= 64
  bool zero_head = false;  // the classifier starts at zero, as in the authors' WRN program
};

struct DatasetSpec {
  Dataset name = Dataset::kCifar10;
  std::string path;                                  // a directory, relative to the job file for `eoa run`
  Augmentation augmentation = Augmentation::kCifar;  // derived from the dataset
  double validation_fraction = 0.1;                  // of the training set, held out by a seeded stratified draw
  int loader_threads = 1;                            // of each member
};

struct OptimizerSpec {
  Optimizer name = Optimizer::kSgd;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0.0005;
  double rho = 0.05;  // sam, asam: radius of the ascent step; derived from the optimizer
  AsamForm asam_form = AsamForm::kDavda54;
  GradientSync gradient_sync = GradientSync::kSecondPass;  // sam, asam: where gradients are averaged over the members
  double beta1 = 0.9;                                      // adamw
  double beta2 = 0.999;                                    // adamw
  double epsilon = 1e-8;                                   // adamw
  double clip_gradient_norm = 0;                           // 0: off
  bool reset_each_generation = false;
};

// What members compute on. The switches trade nothing but speed; they are here to find out what one gains.
struct DeviceSpec {
  DeviceKind kind = DeviceKind::kAuto;
  bool graphs = true;         // a step's kernels are recorded once and launched as one
  bool resident_data = true;  // a small data set lies in the GPU's memory and is augmented there
  Communication communication = Communication::kAuto;
  GradientCompression gradient_compression = GradientCompression::kNone;
};

struct TrainerSpec {
  Model model;
  DatasetSpec dataset;
  OptimizerSpec optimizer;
  double label_smoothing = 0;
  double mixup = 0;                 // alpha of the Beta distribution that shares are drawn from; 0: off
  int batch_size_per_member = 128;  // images of one micro-batch
  bool activation_checkpointing = false;
  int gradient_accumulation = 1;  // micro-batches of one step
  Precision precision = Precision::kFp32;
  DeviceSpec device;
};

struct Exchange {
  ExchangeMode mode = ExchangeMode::kSync;
  int deadline_seconds = 120;
  int quorum = 0;  // populations; 0: all that run
  int max_staleness = 2;
};

struct Ecosphere {
  int generations = 200;
  int generation_epochs = 1;  // exactly one of epochs and steps is > 0; derived: 1 unless steps are given
  int generation_steps = 0;
  double base_learning_rate = 0.1;
  ScalingUnit scaling_unit =
      ScalingUnit::kMembers;   // K of the initial scaling: members of the ecosphere, or images of a step / 256
  int warmup_generations = 0;  // LRs rise linearly from base_learning_rate to the start LRs; no election yet
  int probe_generations = 0;   // whole generations that try LRs over decades before training begins
  BaselineRule baseline = BaselineRule::kCosineMultiplier;
  GradientScope gradient_scope = GradientScope::kPopulation;
  WeightMerge weight_merge = WeightMerge::kAverage;
  int fitness_samples = 0;  // 0: the whole validation split
  Exchange exchange;
};

struct AlgorithmSpec {
  Algorithm name = Algorithm::kGreyWolf;
  StepRule step = StepRule::kCanonical;
  bool step_scale_cosine = false;  // delta falls from 1 to 0 over the generations; derived from the step; else:
  double step_scale = 0.25;        // a constant delta
  bool absolute_distance = true;   // D = |C p - x|; false: C p - x, as the authors' CIFAR-100 program has it
  Space space = Space::kLinear;
  double min_learning_rate = 1e-6;
  double max_learning_rate = 10;
  std::string schedule = "Constant";   // Fixed: Constant | Cosine | a schedule.csv, which `eoa run` reads into:
  std::vector<double> learning_rates;  // Fixed: one for each generation; empty: by `schedule`
};

struct PopulationSpec {
  std::string name;  // a DNS label, unique in the job
  AlgorithmSpec algorithm;
  Scaling initial_scaling = Scaling::kLinear;
  int members = 0;
  int members_per_pod = 1;
  JsonObject pod_template;  // `template`: overlays spec.template; kept, not interpreted here
};

struct CheckpointSpec {
  int every_generations = 1;
  int keep = 2;
  Storage storage = Storage::kAuto;
  JsonObject volume_claim;
  Retain retain = Retain::kOnFailure;
};

struct SuccessPolicy {
  SuccessType type = SuccessType::kAll;
  int k = 0;  // BestK
};

struct RunPolicy {
  int backoff_limit = 10;
  int max_population_restarts = 5;
  int progress_deadline_seconds = 600;
  int pre_running_deadline_seconds = 3600;
  int active_deadline_seconds = 0;
  int ttl_seconds_after_finished = -1;  // negative: never
  CleanPodPolicy clean_pod_policy = CleanPodPolicy::kFetched;
  SuccessPolicy success_policy;
};

struct JobSpec {
  bool suspend = false;  // given, or replicas is 0
  int replicas = 1;      // 0 or 1: what the scale subresource changes
  std::string managed_by = std::string(kManagedBy);
  std::int64_t seed = 42;
  TrainerSpec trainer;
  Ecosphere ecosphere;
  std::vector<PopulationSpec> populations;
  JsonObject pod_template;  // `template`
  CheckpointSpec checkpoint;
  RunPolicy run_policy;

  const PopulationSpec& population(int index) const { return populations[static_cast<std::size_t>(index)]; }
};

struct Metadata {
  std::string name;
  std::string name_space;  // `namespace`
  std::string uid;         // given by the API server; `eoa run` makes one
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};

struct Job {
  Metadata metadata;
  JobSpec spec;
};

// Members of all populations.
int EcosphereMembers(const JobSpec& spec);

// K of docs/algorithm.md, by which LRs are scaled at the start (ScalingUnit): members of the ecosphere, or images of a
// step / 256.
double ScalingFactor(const JobSpec& spec);

// The population's index in spec.populations, or -1.
int FindPopulation(const JobSpec& spec, const std::string& name);

}  // namespace eoa::api
