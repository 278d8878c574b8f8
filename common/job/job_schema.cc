#include "common/job/job.h"
#include "common/job/schema_builder.h"
#include "common/job/schema_tables.h"

namespace eoa::api {
namespace {

constexpr const char* kDnsLabel = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
// Services are called so, and their names begin with a letter (RFC 1035).
constexpr const char* kJobName = "[a-z]([-a-z0-9]*[a-z0-9])?";
constexpr const char* kJobNameMeaning =
    "lower-case letters, digits and '-', 63 at most, a letter first and no '-' at the end";
constexpr const char* kDnsLabelMeaning = "lower-case letters, digits and '-', 63 at most, no '-' at the ends";

const ObjectSchema& MetadataSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Metadata> table("Kubernetes' object metadata. What is not listed here is left to Kubernetes.");
    table.String("name", &Metadata::name, "The job's name.").Required().Matches(kJobName, kJobNameMeaning, 63);
    table.String("namespace", &Metadata::name_space, "The job's namespace in the cluster.")
        .OmitEmpty()
        .Matches(std::string("(") + kDnsLabel + ")?", kDnsLabelMeaning, 63);
    table.String("uid", &Metadata::uid, "Given by the API server, or by `eoa run`.")
        .OmitEmpty()
        .Matches("[-A-Za-z0-9._]*", "letters, digits, '-', '.' and '_', 63 at most", 63);
    table.TextMap("labels", &Metadata::labels, "").OmitEmpty();
    table.TextMap("annotations", &Metadata::annotations, "").OmitEmpty();
    for (const char* name :
         {"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName",
          "generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink"}) {
      table.Ignored(name);
    }
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& CheckpointSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<CheckpointSpec> table("Checkpoints: a population that is restarted goes on from its newest one.");
    table.Integer("everyGenerations", &CheckpointSpec::every_generations, 1, 100'000,
                  "Number of generations between two checkpoints.");
    table.Integer("keep", &CheckpointSpec::keep, 1, 1000, "How many of the newest checkpoints are kept.");
    table.Word(
        "storage", &CheckpointSpec::storage,
        "Where a cluster keeps checkpoints and the model. Auto: on the template's volume `checkpoints` if there is "
        "one, else on a claim for each pod if `volumeClaim` is given or the cluster has a default StorageClass, "
        "else in the pods, with which they are lost. Claim: on claims in any case. Pod: in the pods.");
    table.FreeObject(
        "volumeClaim", &CheckpointSpec::volume_claim,
        "The spec of each pod's PersistentVolumeClaim: the StatefulSet's volumeClaimTemplate. Without it a "
        "claim is ReadWriteOnce, of the default StorageClass, and of the size that checkpoints need.");
    table.Word("retain", &CheckpointSpec::retain,
               "Whether checkpoints outlive the job. OnFailure: not once it has succeeded; on a cluster, not once "
               "`eoa fetch` has taken its model besides.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& SuccessPolicySchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<SuccessPolicy> table("How many populations must finish for the job to succeed.");
    table.Word("type", &SuccessPolicy::type, "All populations, any one of them, or `k` of them.");
    table.Integer("k", &SuccessPolicy::k, 0, 64, "BestK: how many populations must finish.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& RunPolicySchema() {
  static const ObjectSchema schema = [] {
    constexpr int kMaxSeconds = 1'000'000'000;
    SchemaBuilder<RunPolicy> table(
        "When populations are restarted, when the job fails, and what is removed at its end.");
    table.Integer("backoffLimit", &RunPolicy::backoff_limit, 0, 1'000'000,
                  "How many restarts all populations together may take before the job gives them up.");
    table.Integer("maxPopulationRestarts", &RunPolicy::max_population_restarts, 0, 1'000'000,
                  "How many restarts one population may take before it is given up.");
    table.Integer("progressDeadlineSeconds", &RunPolicy::progress_deadline_seconds, 1, kMaxSeconds,
                  "A population that does no training step for this long is stalled, and is restarted.");
    table.Integer("preRunningDeadlineSeconds", &RunPolicy::pre_running_deadline_seconds, 1, kMaxSeconds,
                  "The job fails, with the reason, when its pods are pending or cannot start for this long.");
    table.Integer("activeDeadlineSeconds", &RunPolicy::active_deadline_seconds, 0, kMaxSeconds,
                  "Longest time that the job may run, counted from zero again after a resume; 0: no limit.");
    table.Integer("ttlSecondsAfterFinished", &RunPolicy::ttl_seconds_after_finished, -1, kMaxSeconds,
                  "A finished job is deleted this long after its end; -1: never.");
    table.Word("cleanPodPolicy", &RunPolicy::clean_pod_policy,
               "Which pods are removed when the job has ended. Fetched: all but a pod that alone has the model, which "
               "stays until `eoa fetch` has taken it; Running: all; All: their StatefulSets and the Service too; None: "
               "none.");
    table.Object("successPolicy", &RunPolicy::success_policy, SuccessPolicySchema());
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& SpecSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<JobSpec> table("What to train, on what, and who evolves the learning rates.");
    table.Boolean(
        "suspend", &JobSpec::suspend,
        "While true the job has no pods. Set to false, it goes on from its checkpoints, or begins again if they were "
        "in the pods (`checkpoint.storage`).");
    table.Integer(
        "replicas", &JobSpec::replicas, 0, 1,
        "1, or 0 for no pods, the same as `suspend: true`. `kubectl scale` changes it. How many members train "
        "is set by each population.");
    table
        .String("managedBy", &JobSpec::managed_by,
                "The controller of the job. This operator ignores jobs with another value.")
        .Fixed()
        .Matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?",
                 "a domain, '/' and a name, 63 at most", 63);
    table
        .Integer("seed", &JobSpec::seed, 0, (std::int64_t{1} << 53) - 1,
                 "The same seed and the same reports give the same learning rates, anywhere.")
        .Immutable();
    table.Object("trainer", &JobSpec::trainer, TrainerSchema()).Required().Immutable();
    table.Object("ecosphere", &JobSpec::ecosphere, EcosphereSchema()).Immutable();
    table.List("populations", &JobSpec::populations, 1, 64, PopulationSchema()).Required().Immutable().KeyedBy("name");
    table
        .FreeObject("template", &JobSpec::pod_template,
                    "A PodTemplateSpec. The operator completes the container named `trainer`; `eoa run` ignores the "
                    "template. It can be changed before the job starts and while it is suspended.")
        .Keys({"metadata", "spec"});
    table.Object("checkpoint", &JobSpec::checkpoint, CheckpointSchema()).Immutable();
    table.Object("runPolicy", &JobSpec::run_policy, RunPolicySchema());
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace

const ObjectSchema& JobSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Job> table("One training run.");
    table.Constant("apiVersion", std::string(kApiVersion), "Always `eoa.io/v1alpha1`.");
    table.Constant("kind", std::string(kJobKind), "Always `EOAJob`.");
    table.Object("metadata", &Job::metadata, MetadataSchema()).Required();
    table.Object("spec", &Job::spec, SpecSchema()).Required();
    table.Ignored("status");
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace eoa::api
