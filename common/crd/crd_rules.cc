#include <map>
#include <utility>

#include "common/crd/crd_parts.h"
#include "common/job/datasets.h"
#include "common/job/models.h"

namespace eoa::api {
namespace {

std::string Quoted(std::string_view word) { return "'" + std::string(word) + "'"; }

// Whether the model that the variable `name` holds has a trait.
std::string Has(ModelTrait trait, const std::string& name) {
  const std::vector<const ModelFamily*> having = FamiliesWith(trait);
  if (having.size() == 1) return name + std::string(having.front()->cel);
  std::string rule;
  for (const ModelFamily* family : FamiliesWith(trait, false)) {
    std::string is = name + std::string(family->cel);
    const std::size_t equal = is.find(" == ");
    rule += (rule.empty() ? "" : " && ") + (equal == std::string::npos ? "!" + is : is.replace(equal, 4, " != "));
  }
  return rule;
}

// That a setting is not used (`unused`) unless the model has a trait.
CelRule Only(ModelTrait trait, const std::string& name, const std::string& unused, const std::string& field) {
  return {Has(trait, name) + " || " + unused, TraitRefusal(trait, FamiliesWith(trait, false).front()->plural), field};
}

// The official data sets are alike in number and size of images (a test keeps it so): one rule serves them all.
const DatasetRow& kOfficial = RowOf(Dataset::kCifar10);

std::string OfficialNames() {
  std::string names;
  for (const DatasetRow& row : Datasets()) {
    if (row.official()) names += (names.empty() ? "" : ", ") + Quoted(ToWord(row.dataset));
  }
  return "[" + names + "]";
}

std::vector<CelRule> ModelRules() {
  const std::string depth = "int(self.name.split('-')[1])";
  const std::string least = std::to_string(WideResNet::kMinDepth);
  const std::string most = std::to_string(WideResNet::kMaxDepth);
  return {
      {"!self.name.matches('^wrn-[1-9][0-9]{1,2}-') || (" + depth + " >= " + least + " && " + depth + " <= " + most +
           " && (" + depth + " - 4) % 6 == 0)",
       "a Wide ResNet has D = 6n + 4 layers, " + least + " to " + most + ": wrn-10-1, wrn-16-8, wrn-28-10", ".name"},
      Only(ModelTrait::kDropout, "self.name", "self.dropout == 0.0", ".dropout"),
      {"!self.name.contains('vit-') || !has(self.imageSize) || "
       "self.imageSize % int(self.name.split('-')[self.name.startsWith('r50') ? 3 : 2]) == 0",
       "must be a multiple of the patches' side, the last number of the model's name", ".imageSize"},
      Only(ModelTrait::kAttentionDropout, "self.name", "self.attentionDropout == 0.0", ".attentionDropout"),
      Only(ModelTrait::kStochasticDepth, "self.name", "self.stochasticDepth == 0.0", ".stochasticDepth"),
      Only(ModelTrait::kClassifier, "self.name", "self.classifier == 'Token'", ".classifier"),
      {Has(ModelTrait::kNpzWeights, "self.name") + " || !self.pretrained.endsWith('.npz')",
       "Google's .npz files are Vision Transformers; others start from a .safetensors file", ".pretrained"}};
}

std::vector<CelRule> TrainerRules() {
  // Whether the model chooses the augmentation when the job does not (complete_job.cc): one that resizes.
  std::string chooses = "self.model.name" + std::string(FamilyOf(VisionTransformer()).cel);
  for (const ModelRow& row : Models()) {
    if (std::holds_alternative<VisionTransformer>(row.architecture) && !row.augmentation) {
      chooses += " && self.model.name != " + Quoted(row.name);
    }
  }
  const std::string side = std::to_string(kOfficial.image_side);
  return {{"!(self.dataset.name in " + OfficialNames() +
               ") || !has(self.model.imageSize) || self.model.imageSize == " + side +
               " || (has(self.dataset.augmentation) ? self.dataset.augmentation in ['vit', 'vit-flip', 'imagenet'] : " +
               chooses + ")",
           "CIFAR images are " + side + "x" + side +
               "; leave it out, or choose augmentation vit, vit-flip or imagenet, which resize",
           ".model.imageSize"},
          Only(ModelTrait::kActivationCheckpointing, "self.model.name", "!self.activationCheckpointing",
               ".activationCheckpointing")};
}

// That no more images judge than the validation split has.
CelRule FitnessRule() {
  const std::string images = std::to_string(kOfficial.training_images);
  return {"!(self.trainer.dataset.name in " + OfficialNames() + ") || self.ecosphere.fitnessSamples <= int(" + images +
              ".0 * self.trainer.dataset.validationFraction + 0.5)",
          "the validation split has fewer images (validationFraction of " + images + "); 0 means all of them",
          ".ecosphere.fitnessSamples"};
}

// common/job/job_rules.cc in the API server's words. Absent fields are those whose default depends on others
// (complete_job.cc); all others are there, since defaults are filled in before rules are read.
const std::map<std::string, std::vector<CelRule>>& RulesByPath() {
  static const std::map<std::string, std::vector<CelRule>> rules = {
      {"spec.trainer.model", ModelRules()},
      {"spec.trainer", TrainerRules()},
      {"spec.trainer.optimizer",
       {{"!self.nesterov || self.momentum > 0.0", "needs momentum greater than 0", ".nesterov"}}},
      {"spec.ecosphere",
       {{"!has(self.generationEpochs) || self.generationEpochs == 0 || self.generationSteps == 0",
         "a generation is either generationEpochs or generationSteps long; leave one out", ".generationSteps"},
        {"!has(self.generationEpochs) || self.generationEpochs > 0 || self.generationSteps > 0",
         "one of generationEpochs and generationSteps must be greater than 0", ".generationEpochs"},
        {"self.probeGenerations + self.warmupGenerations < self.generations",
         "probeGenerations and warmupGenerations together must be less than generations", ".warmupGenerations"},
        {"self.probeGenerations == 0 || self.exchange.mode == 'Sync'",
         "needs exchange.mode Sync: all populations set out from the same learning rate", ".probeGenerations"},
        {"self.probeGenerations == 0 || self.gradientScope == 'Population'",
         "needs gradientScope Population: each population tries learning rates of its own", ".probeGenerations"},
        {"self.gradientScope != 'Ecosphere' || self.exchange.mode != 'Async'",
         "with gradientScope Ecosphere all populations step together: use Sync, or gradientScope Population",
         ".exchange.mode"}}},
      {"spec.populations[].algorithm",
       {{"self.minLearningRate < self.maxLearningRate", "must be less than maxLearningRate", ".minLearningRate"},
        {"self.space != 'Log' || self.minLearningRate > 0.0",
         "must be greater than 0 in space Log: zero has no logarithm", ".minLearningRate"},
        {"self.name == 'Fixed' || self.schedule == 'Constant'", "only algorithm Fixed follows a schedule; leave it out",
         ".schedule"}}},
      {"spec.populations[]",
       {{"self.algorithm.name != 'GreyWolf' || self.members >= 3",
         "GreyWolf needs at least 3 members, its alpha, beta and delta; Whale does with fewer", ".members"},
        {"self.members % self.membersPerPod == 0", "must divide members", ".membersPerPod"}}},
      {"spec",
       {{"self.ecosphere.exchange.quorum <= size(self.populations)",
         "must be at most the number of populations; 0 means all that run", ".ecosphere.exchange.quorum"},
        {"self.ecosphere.weightMerge != 'Best' || self.ecosphere.exchange.mode != 'Async' || "
         "size(self.populations) == 1",
         "with exchange.mode Async nobody knows whose weights another population serves: use Average, or Sync",
         ".ecosphere.weightMerge"},
        {"self.ecosphere.probeGenerations == 0 || self.populations.all(p, p.algorithm.name != 'Fixed')",
         "needs populations that search; Fixed follows its schedule from the first generation",
         ".ecosphere.probeGenerations"},
        FitnessRule(),
        {"self.populations.map(p, p.members).sum() <= 4096", "at most 4096 members together are allowed",
         ".populations"},
        {"self.runPolicy.successPolicy.type != 'BestK' || (self.runPolicy.successPolicy.k >= 1 && "
         "self.runPolicy.successPolicy.k <= size(self.populations))",
         "type BestK needs k from 1 to the number of populations", ".runPolicy.successPolicy.k"},
        {"self.runPolicy.successPolicy.type == 'BestK' || self.runPolicy.successPolicy.k == 0",
         "only type BestK has a k; leave it out", ".runPolicy.successPolicy.k"}}},
  };
  return rules;
}

// Whether a field holds what it held, or is absent as it was. Values are compared as lists of one: the cost of
// comparing objects is otherwise taken for unbounded.
std::string Same(const std::string& now, const std::string& before, const std::string& field) {
  return "[" + now + ".?" + field + "] == [" + before + ".?" + field + "]";
}

// Of a list everything but its free objects is compared, item by item: those (the pods' templates) may change while the
// job is suspended.
std::string SameItems(const Field& list, const std::string& path) {
  std::string same;
  for (const Field& field : list.object->fields) {
    if (field.kind == FieldKind::kIgnored || field.kind == FieldKind::kFreeObject) continue;
    same += (same.empty() ? "" : " && ") + Same("n", "o", field.name);
  }
  const std::string now = "self." + path;
  const std::string before = "oldSelf." + path;
  return "size(" + now + ") == size(" + before + ") && " + now + ".all(n, " + before + ".exists(o, " + same + "))";
}

std::vector<CelRule> RootRules() {
  std::vector<CelRule> rules = {{"self.spec.populations.all(p, size(self.metadata.name) + 1 + size(p.name) <= 52)",
                                 "a population's name, the job's name and a '-' may have 52 characters together: "
                                 "Kubernetes names pods after both",
                                 ".spec.populations"}};
  const std::string started = "has(oldSelf.status) && has(oldSelf.status.startTime)";
  for (const Field& field : FindField(JobSchema(), "spec")->object->fields) {
    if (!field.immutable) continue;
    std::string rule = "!(" + started + ") || (";
    rule += field.kind == FieldKind::kList ? SameItems(field, "spec." + field.name)
                                           : Same("self.spec", "oldSelf.spec", field.name);
    rule += ")";
    rules.push_back({std::move(rule), "is immutable once the job has started", ".spec." + field.name});
  }
  const std::string pods_may_run = started +
                                   " && !self.spec.suspend && self.spec.replicas == 1 && !oldSelf.spec.suspend && "
                                   "oldSelf.spec.replicas == 1";
  rules.push_back({"!(" + pods_may_run + ") || " + Same("self.spec", "oldSelf.spec", "template"),
                   "can be changed only before the job starts and while it is suspended", ".spec.template"});
  rules.push_back({"!(" + pods_may_run + ") || self.spec.populations.all(n, oldSelf.spec.populations.exists(o, " +
                       "n.name == o.name && " + Same("n", "o", "template") + "))",
                   "templates of populations can be changed only before the job starts and while it is suspended",
                   ".spec.populations"});
  return rules;
}

}  // namespace

std::vector<CelRule> CelRulesAt(const std::string& path) {
  if (path.empty()) return RootRules();
  const auto found = RulesByPath().find(path);
  return found == RulesByPath().end() ? std::vector<CelRule>{} : found->second;
}

}  // namespace eoa::api
