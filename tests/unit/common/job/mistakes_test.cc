// One mistake in a job, and what its author is told: line, field, and words of the message.
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/job/read_job.h"
#include "tests/unit/common/job/job_text.h"

namespace eoa::api {
namespace {

struct Case {
  std::string name;
  int line;          // replaced
  std::string text;  // by this
  int at_line;       // the mistake
  std::string field;
  std::string says;
};

std::vector<Case> DocumentCases() {
  return {
      {"WrongApiVersion", 1, "apiVersion: eoa.io/v1", 1, "apiVersion", "must be eoa.io/v1alpha1"},
      {"WrongKind", 2, "kind: Job", 2, "kind", "must be EOAJob"},
      {"MissingKind", 2, "", 1, "kind", "is missing; it must be EOAJob"},
      {"UnknownTopLevelField", 12, "specs: {}", 12, "specs", "did you mean 'spec'?"},
      {"MissingName", 4, "  namespace: a", 4, "metadata.name", "is missing"},
      {"NameInUpperCase", 4, "  name: Cifar10", 4, "metadata.name", "did you mean 'cifar10'?"},
      {"NameWithUnderscore", 4, "  name: cifar_10", 4, "metadata.name", "lower-case letters, digits and '-'"},
      {"NameThatIsANumber", 4, "  name: 10", 4, "metadata.name", "quote it"},
      {"NameTooLong", 4, "  name: " + std::string(64, 'a'), 4, "metadata.name", "at most 63"},
      {"LabelThatIsNoString", 4, "  name: a\n  labels: {gpu: 8}", 5, "metadata.labels.gpu",
       "must be a string; quote it"},
      {"LabelThatKubernetesRefuses", 4, "  name: a\n  labels: {team: \"a b\"}", 5, "metadata.labels.team",
       "letter or digit at both ends"},
      {"LabelKeyWithTwoSlashes", 4, "  name: a\n  labels: {a/b/c: d}", 5, "metadata.labels.a/b/c", "a key is a name"},
      {"AnnotationKeyWithoutName", 4, "  name: a\n  annotations: {example.com/: d}", 5,
       "metadata.annotations.example.com/", "a key is a name"},
      {"NameThatBeginsWithADigit", 4, "  name: 10-cifar", 4, "metadata.name", "a letter first"},
      {"MetadataThatIsAList", 4, "  - name", 4, "metadata", "must be a mapping of fields, not a list"},
      {"MissingSpec", 5, "status:", 1, "spec", "is missing"},
      {"UidWithSlash", 4, "  name: a\n  uid: a/b", 5, "metadata.uid", "letters, digits"},
      {"ManagedByWithoutDomain", 12, "  managedBy: me", 12, "spec.managedBy", "a domain, '/' and a name"},
      {"SeedNegative", 12, "  seed: -1", 12, "spec.seed", "an integer from 0 to 9007199254740991"},
      {"SeedTooLarge", 12, "  seed: 9007199254740992", 12, "spec.seed", "an integer from 0"},
      {"SeedFarTooLarge", 12, "  seed: 99999999999999999999999", 12, "spec.seed", "an integer from 0"},
      {"SuspendAsWord", 12, "  suspend: maybe", 12, "spec.suspend", "must be true or false"},
      {"SuspendQuoted", 12, "  suspend: \"true\"", 12, "spec.suspend", "without quotes"},
      {"FieldOfAnotherObject", 12, "  generations: 10", 12, "spec.generations", "belongs to spec.ecosphere"},
      {"FieldOfPopulations", 12, "  membersPerPod: 2", 12, "spec.membersPerPod", "belongs to spec.populations[]"},
      {"FieldLikeNothing", 12, "  zzzzzzzz: 10", 12, "spec.zzzzzzzz", "known here: suspend, replicas, managedBy"},
      {"TemplateThatIsText", 12, "  template: none", 12, "spec.template", "must be a mapping with metadata or spec"},
      {"TemplateMisspelt", 12, "  template: {sepc: {}}", 12, "spec.template.sepc", "did you mean 'spec'?"},
      {"TemplateOfWrongKind", 12, "  template: {spec: []}", 12, "spec.template.spec", "must be a mapping of fields"},
      {"ReplicasMoreThanOne", 12, "  replicas: 2", 12, "spec.replicas", "an integer from 0 to 1"},
      {"CheckpointKeepZero", 12, "  checkpoint: {keep: 0}", 12, "spec.checkpoint.keep", "from 1 to 1000"},
      {"RetainUnknown", 12, "  checkpoint: {retain: Sometimes}", 12, "spec.checkpoint.retain",
       "Always, OnFailure or Never"},
      {"RunPolicyMisspelt", 12, "  runPolicy: {backofLimit: 1}", 12, "spec.runPolicy.backofLimit", "'backoffLimit'"},
      {"DeadlineAsText", 12, "  runPolicy: {activeDeadlineSeconds: 1h}", 12, "spec.runPolicy.activeDeadlineSeconds",
       "an integer"},
      {"BestKWithoutK", 12, "  runPolicy: {successPolicy: {type: BestK}}", 12, "spec.runPolicy.successPolicy.k",
       "from 1 to"},
      {"BestKTooLarge", 12, "  runPolicy: {successPolicy: {type: BestK, k: 3}}", 12, "spec.runPolicy.successPolicy.k",
       "(2)"},
      {"KWithoutBestK", 12, "  runPolicy: {successPolicy: {k: 1}}", 12, "spec.runPolicy.successPolicy.k",
       "leave it out"},
  };
}

std::vector<Case> TrainerCases() {
  const std::string model = "spec.trainer.model";
  const std::string dataset = "spec.trainer.dataset";
  const std::string optimizer = "spec.trainer.optimizer";
  return {
      {"MissingTrainer", 6, "  template:\n   spec:", 6, "spec.trainer", "is missing"},
      {"MissingModelName", 7, "    model: {imageSize: 32}", 7, model + ".name", "wrn-D-K"},
      {"ModelMisspelt", 7, "    model: {name: vit-b16}", 7, model + ".name", "did you mean 'vit-b-16'?"},
      {"ImageSizeAgainstPatch", 7, "    model: {name: vit-h-14, imageSize: 384}", 7, model + ".imageSize",
       "must be a multiple of the patches' side, 14 pixels in vit-h-14"},
      {"AttentionDropoutOfAResNet", 7, "    model: {name: wrn-16-8, attentionDropout: 0.1}", 7,
       model + ".attentionDropout", "only Vision Transformers"},
      {"StochasticDepthOfAResNet", 7, "    model: {name: wrn-16-8, stochasticDepth: 0.1}", 7,
       model + ".stochasticDepth", "only Vision Transformers"},
      {"GapOfAResNet", 7, "    model: {name: wrn-16-8, classifier: Gap}", 7, model + ".classifier",
       "only Vision Transformers"},
      {"NpzForAResNet", 7, "    model: {name: wrn-16-8, pretrained: ViT-B_16.npz}", 7, model + ".pretrained",
       "wrn-16-8 starts from a .safetensors file"},
      {"ModelWithoutDash", 7, "    model: {name: resnet18}", 7, model + ".name", "did you mean 'resnet-18'?"},
      {"ModelInUpperCase", 7, "    model: {name: WRN-16-8}", 7, model + ".name", "did you mean 'wrn-16-8'?"},
      {"WideResNetOfWrongDepth", 7, "    model: {name: wrn-18-8}", 7, model + ".name",
       "near are wrn-16-8 and wrn-22-8"},
      {"WideResNetTooDeep", 7, "    model: {name: wrn-996-1}", 7, model + ".name", "near are wrn-208-1"},
      {"WideResNetOfWidthZero", 7, "    model: {name: wrn-16-0}", 7, model + ".name", "wrn-D-K"},
      {"ImageSizeZero", 7, "    model: {name: wrn-16-8, imageSize: 0}", 7, model + ".imageSize", "from 8 to 1024"},
      {"ImageSizeAgainstCifar", 7, "    model: {name: wrn-16-8, imageSize: 64}", 7, model + ".imageSize",
       "CIFAR images are 32x32"},
      {"ImageSizeWithFraction", 7, "    model: {name: wrn-16-8, imageSize: 32.5}", 7, model + ".imageSize",
       "an integer"},
      {"ImageSizeQuoted", 7, "    model: {name: wrn-16-8, imageSize: \"32\"}", 7, model + ".imageSize",
       "without quotes"},
      {"DropoutOne", 7, "    model: {name: wrn-16-8, dropout: 1}", 7, model + ".dropout", "from 0 to below 1"},
      {"DropoutOfResNet", 7, "    model: {name: resnet-18, dropout: 0.1}", 7, model + ".dropout",
       "resnet-18 has no dropout"},
      {"PretrainedNpz", 7, "    model: {name: wrn-16-8, pretrained: a.npz}", 7, model + ".pretrained", ".safetensors"},
      {"StemUnknown", 7, "    model: {name: resnet-18, stem: cifar}", 7, model + ".stem", "did you mean 'Cifar'?"},
      {"DatasetUnknown", 8, "    dataset: {name: mnist, path: /a}", 8, dataset + ".name",
       "cifar10, cifar100, imagefolder or webdataset"},
      {"DatasetMisspelt", 8, "    dataset: {name: cifar-10, path: /a}", 8, dataset + ".name",
       "did you mean 'cifar10'?"},
      {"DatasetWithoutPath", 8, "    dataset: {name: cifar10}", 8, dataset + ".path", "is missing"},
      {"DatasetWithEmptyPath", 8, "    dataset: {name: cifar10, path: \"\"}", 8, dataset + ".path", "a directory"},
      {"PathWithNewline", 8, "    dataset: {name: cifar10, path: \"a\\nb\"}", 8, dataset + ".path",
       "control character"},
      {"ValidationFractionZero", 8, "    dataset: {name: cifar10, path: a, validationFraction: 0}", 8,
       dataset + ".validationFraction", "greater than 0 and less than 1"},
      {"ValidationFractionOne", 8, "    dataset: {name: cifar10, path: a, validationFraction: 1.0}", 8,
       dataset + ".validationFraction", "less than 1"},
      {"AugmentationUnknown", 8, "    dataset: {name: cifar10, path: a, augmentation: cutout}", 8,
       dataset + ".augmentation", "none, cifar, cifar-cutout, vit, vit-flip or imagenet"},
      {"OptimizerUnknown", 8, "    dataset: {name: cifar10, path: a}\n    optimizer: {name: Adam}", 9,
       optimizer + ".name", "did you mean 'adamw'?"},
      {"MomentumOne", 8, "    dataset: {name: cifar10, path: a}\n    optimizer: {momentum: 1}", 9,
       optimizer + ".momentum", "below 1"},
      {"NesterovWithoutMomentum", 8,
       "    dataset: {name: cifar10, path: a}\n    optimizer: {momentum: 0, nesterov: true}", 9,
       optimizer + ".nesterov", "needs momentum"},
      {"LearningRateInOptimizer", 8, "    dataset: {name: cifar10, path: a}\n    optimizer: {baseLearningRate: 0.1}", 9,
       optimizer + ".baseLearningRate", "belongs to spec.ecosphere"},
      {"RhoNegative", 8, "    dataset: {name: cifar10, path: a}\n    optimizer: {rho: -0.5}", 9, optimizer + ".rho",
       "greater than 0"},
      {"AsamFormInLowerCase", 8, "    dataset: {name: cifar10, path: a}\n    optimizer: {asamForm: original}", 9,
       optimizer + ".asamForm", "did you mean 'Original'?"},
      {"LabelSmoothingOne", 8, "    dataset: {name: cifar10, path: a}\n    labelSmoothing: 1", 9,
       "spec.trainer.labelSmoothing", "below 1"},
      {"BatchSizeZero", 8, "    dataset: {name: cifar10, path: a}\n    batchSizePerMember: 0", 9,
       "spec.trainer.batchSizePerMember", "from 1 to 65536"},
      {"PrecisionUnknown", 8, "    dataset: {name: cifar10, path: a}\n    precision: fp16", 9, "spec.trainer.precision",
       "fp32, tf32 or bf16"},
  };
}

std::vector<Case> EcosphereCases() {
  const std::string base = "spec.ecosphere.";
  return {
      {"GenerationsZero", 12, "  ecosphere: {generations: 0}", 12, base + "generations", "from 1 to 100000"},
      {"EpochsAndSteps", 12, "  ecosphere: {generationEpochs: 1, generationSteps: 10}", 12, base + "generationSteps",
       "leave one out"},
      {"NeitherEpochsNorSteps", 12, "  ecosphere: {generationEpochs: 0}", 12, base + "generationEpochs",
       "greater than 0"},
      {"LearningRateZero", 12, "  ecosphere: {baseLearningRate: 0}", 12, base + "baseLearningRate", "greater than 0"},
      {"LearningRateNegative", 12, "  ecosphere: {baseLearningRate: -0.1}", 12, base + "baseLearningRate",
       "greater than 0"},
      {"LearningRateInfinite", 12, "  ecosphere: {baseLearningRate: .inf}", 12, base + "baseLearningRate",
       "not a finite number"},
      {"LearningRateNotANumber", 12, "  ecosphere: {baseLearningRate: .NaN}", 12, base + "baseLearningRate",
       "not a finite number"},
      {"LearningRateHuge", 12, "  ecosphere: {baseLearningRate: 1e999}", 12, base + "baseLearningRate", "too large"},
      {"LearningRateTiny", 12, "  ecosphere: {baseLearningRate: 1e-999}", 12, base + "baseLearningRate", "too small"},
      {"LearningRateWithComma", 12, "  ecosphere: {\"baseLearningRate\": '0,1'}", 12, base + "baseLearningRate",
       "a number"},
      {"WarmupTooLong", 12, "  ecosphere: {generations: 5, warmupGenerations: 5}", 12, base + "warmupGenerations",
       "less than generations (5)"},
      {"NothingAfterTheProbe", 12, "  ecosphere: {generations: 5, probeGenerations: 3, warmupGenerations: 2}", 12,
       base + "warmupGenerations", "less than generations (5)"},
      {"ProbeForAllGenerations", 12, "  ecosphere: {generations: 2, probeGenerations: 2}", 12,
       base + "probeGenerations", "less than generations (2)"},
      {"ProbeWithoutRounds", 12, "  ecosphere: {probeGenerations: 2, exchange: {mode: Async}}", 12,
       base + "probeGenerations", "needs exchange.mode Sync"},
      {"ProbeInOneWorld", 12, "  ecosphere: {probeGenerations: 2, gradientScope: Ecosphere}", 12,
       base + "probeGenerations", "needs gradientScope Population"},
      {"BestWithoutRounds", 12, "  ecosphere: {weightMerge: Best, exchange: {mode: Async}}", 12, base + "weightMerge",
       "use Average, or Sync"},
      {"BaselineMisspelt", 12, "  ecosphere: {baseline: CosinBlend}", 12, base + "baseline",
       "did you mean 'CosineBlend'?"},
      {"WeightMergeUnknown", 12, "  ecosphere: {weightMerge: Mean}", 12, base + "weightMerge", "Average, Best or None"},
      {"AsyncInOneWorld", 12, "  ecosphere: {gradientScope: Ecosphere, exchange: {mode: Async}}", 12,
       base + "exchange.mode", "use Sync"},
      {"QuorumTooLarge", 12, "  ecosphere: {exchange: {quorum: 3}}", 12, base + "exchange.quorum",
       "the number of populations (2)"},
      {"DeadlineZero", 12, "  ecosphere: {exchange: {deadlineSeconds: 0}}", 12, base + "exchange.deadlineSeconds",
       "from 1 to 86400"},
      {"FitnessSamplesBeyondTheSplit", 12, "  ecosphere: {fitnessSamples: 5001}", 12, base + "fitnessSamples",
       "only 5000 images"},
      {"ExchangeThatIsAWord", 12, "  ecosphere: {exchange: Async}", 12, base + "exchange",
       "must be a mapping of fields, not a string"},
  };
}

std::vector<Case> PopulationCases() {
  const std::string first = "spec.populations[0]";
  const std::string second = "spec.populations[1]";
  const auto whale = [](const std::string& fields) {
    return "  - {name: whales, algorithm: {name: Whale" + fields + "}, members: 4}";
  };
  return {
      {"PopulationWithoutName", 11, "  - {algorithm: {name: Whale}, members: 4}", 11, second + ".name", "is missing"},
      {"PopulationWithoutAlgorithm", 11, "  - {name: whales, members: 4}", 11, second + ".algorithm", "is missing"},
      {"PopulationWithoutMembers", 11, "  - {name: whales, algorithm: {name: Whale}}", 11, second + ".members",
       "is missing"},
      {"PopulationThatIsAWord", 11, "  - whales", 11, second, "must be a mapping of fields"},
      {"PopulationThatIsNothing", 11, "  -", 11, second, "must be a mapping of fields, not nothing"},
      {"AlgorithmThatIsAWord", 11, "  - {name: whales, algorithm: Whale, members: 4}", 11, second + ".algorithm",
       "must be a mapping"},
      {"TwoOfOneName", 11, "  - {name: wolves, algorithm: {name: Whale}, members: 4}", 11, second + ".name",
       "spec.populations[0] has this name"},
      {"NameWithSpace", 11, "  - {name: blue whales, algorithm: {name: Whale}, members: 4}", 11, second + ".name",
       "lower-case"},
      {"NamesTooLongTogether", 11, "  - {name: " + std::string(50, 'w') + ", algorithm: {name: Whale}, members: 4}", 11,
       second + ".name", "52 characters"},
      {"TooFewWolves", 10, "  - {name: wolves, algorithm: {name: GreyWolf}, members: 2}", 10, first + ".members",
       "at least 3 members"},
      {"NoMembers", 10, "  - {name: wolves, algorithm: {name: Whale}, members: 0}", 10, first + ".members",
       "from 1 to 1024"},
      {"TooManyMembers", 10, "  - {name: wolves, algorithm: {name: Whale}, members: 1025}", 10, first + ".members",
       "from 1 to 1024"},
      {"MembersNotDivided", 10, "  - {name: wolves, algorithm: {name: Whale}, members: 4, membersPerPod: 3}", 10,
       first + ".membersPerPod", "must divide members (4)"},
      {"AlgorithmMisspelt", 10, "  - {name: wolves, algorithm: {name: GrayWolf}, members: 4}", 10,
       first + ".algorithm.name", "did you mean 'GreyWolf'?"},
      {"AlgorithmOfALaterVersion", 10, "  - {name: wolves, algorithm: {name: ParticleSwarm}, members: 4}", 10,
       first + ".algorithm.name", "is not in this version; must be GreyWolf, Whale or Fixed"},
      {"StepUnknown", 11, whale(", step: Linear"), 11, second + ".algorithm.step", "Scaled, Canonical, Affine"},
      {"StepScaleZero", 11, whale(", stepScale: 0"), 11, second + ".algorithm.stepScale",
       "Cosine or a number greater than 0"},
      {"StepScaleMisspelt", 11, whale(", stepScale: cosine"), 11, second + ".algorithm.stepScale",
       "did you mean 'Cosine'?"},
      {"StepScaleThatIsTrue", 11, whale(", stepScale: true"), 11, second + ".algorithm.stepScale",
       "Cosine or a number"},
      {"MinAboveMax", 11, whale(", minLearningRate: 1, maxLearningRate: 0.1"), 11,
       second + ".algorithm.minLearningRate", "less than maxLearningRate (0.1)"},
      {"LogOfZero", 11, whale(", space: Log, minLearningRate: 0"), 11, second + ".algorithm.minLearningRate",
       "no logarithm"},
      {"ScheduleOfWhales", 11, whale(", schedule: Cosine"), 11, second + ".algorithm.schedule", "only algorithm Fixed"},
      {"ScheduleMisspelt", 11, "  - {name: f, algorithm: {name: Fixed, schedule: cosine}, members: 1}", 11,
       second + ".algorithm.schedule", "did you mean 'Cosine'?"},
      {"InitialScalingMisspelt", 11, "  - {name: w, algorithm: {name: Whale}, members: 1, initialScaling: Sqrt}", 11,
       second + ".initialScaling", "Linear, SquareRoot or None"},
  };
}

std::vector<Case> TextCases() {
  return {
      {"TwoDocuments", 12, "---\nkind: EOAJob", 13, "", "second document"},
      {"Anchor", 7, "    model: &m {name: wrn-16-8}", 7, "spec.trainer.model", "anchors"},
      {"Alias", 7, "    model: *m", 7, "spec.trainer.model", "aliases"},
      {"Tag", 7, "    model: {name: !!str wrn-16-8}", 7, "spec.trainer.model.name", "tags"},
      {"MergeKey", 7, "    model: {<<: {name: wrn-16-8}, name: wrn-16-8}", 7, "spec.trainer.model.<<", "merge keys"},
      {"FieldTwice", 7, "    model: {name: wrn-16-8, name: wrn-16-4}", 7, "spec.trainer.model.name", "stands twice"},
      {"YesForTrue", 12, "  suspend: yes", 12, "spec.suspend", "write true or false"},
      {"OnAsLabel", 4, "  name: a\n  labels: {power: on}", 5, "metadata.labels.power", "quote it if it is text"},
      {"Octal", 12, "  seed: 010", 12, "spec.seed", "leading zero"},
      {"Hexadecimal", 12, "  seed: 0x1F", 12, "spec.seed", "plain decimal digits"},
      {"Underscores", 12, "  seed: 1_000", 12, "spec.seed", "plain decimal digits"},
      {"MappingAsKey", 12, "  ? {a: b}\n  : c", 12, "spec", "must be a plain word"},
      {"NoAsKey", 12, "  no: 1", 12, "spec.no", "quote it if it is text"},
      {"NullAsKey", 12, "  ~: 1", 12, "spec.~", "needs a name"},
      {"TabAsIndent", 12, "\tseed: 1", 12, "", "not YAML"},
      {"UnclosedBracket", 12, "  seed: [1", 14, "", "not YAML"},
  };
}

void PrintTo(const Case& test, std::ostream* out) { *out << test.text; }

class Mistakes : public testing::TestWithParam<Case> {};

TEST_P(Mistakes, AreNamedWithLineFieldAndAdvice) {
  const Case& expected = GetParam();
  const JobOutcome outcome = ReadJob(JobText({{expected.line, expected.text}}));
  EXPECT_FALSE(outcome.job.has_value());
  ASSERT_FALSE(outcome.mistakes.empty());
  const Mistake& mistake = outcome.mistakes.front();
  EXPECT_EQ(mistake.mark.line, expected.at_line) << ToString(mistake, "job.yaml");
  EXPECT_EQ(mistake.field, expected.field) << ToString(mistake, "job.yaml");
  EXPECT_THAT(mistake.message, testing::HasSubstr(expected.says));
  EXPECT_EQ(outcome.mistakes.size(), 1U) << ToString(outcome.mistakes.back(), "job.yaml");
}

std::string Name(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Document, Mistakes, testing::ValuesIn(DocumentCases()), Name);
INSTANTIATE_TEST_SUITE_P(Trainer, Mistakes, testing::ValuesIn(TrainerCases()), Name);
INSTANTIATE_TEST_SUITE_P(Ecosphere, Mistakes, testing::ValuesIn(EcosphereCases()), Name);
INSTANTIATE_TEST_SUITE_P(Populations, Mistakes, testing::ValuesIn(PopulationCases()), Name);
INSTANTIATE_TEST_SUITE_P(Text, Mistakes, testing::ValuesIn(TextCases()), Name);

}  // namespace
}  // namespace eoa::api
