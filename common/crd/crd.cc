#include "common/crd/crd.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "common/crd/crd_parts.h"
#include "common/document/print_yaml.h"
#include "common/words/labels.h"
#include "common/words/phases.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;

Json Column(const char* name, const char* type, const char* path, const std::string& description, int priority = 0) {
  Json column = {{"name", name}, {"type", type}, {"jsonPath", path}, {"description", description}};
  // Those with a priority are shown by `kubectl get -o wide`.
  if (priority > 0) column["priority"] = priority;
  return column;
}

Json Columns() {
  return {
      Column("Phase", "string", ".status.phase", JoinWords(kWords<JobPhase>)),
      Column("Progress", "integer", ".status.progress.percent", "Finished generations in percent"),
      Column("Best", "string", ".status.elected.population", "The population of the elected member"),
      Column("Fitness", "number", ".status.elected.fitness", "Fitness of the elected member, on the validation split"),
      Column("Restarts", "integer", ".status.restarts", "Number of restarts of all populations"),
      Column("Generation", "integer", ".status.progress.generation", "The last generation that was decided", 1),
      Column("Learning-Rate", "number", ".status.elected.learningRate", "Learning rate of the elected member", 1),
      Column("Seconds-Left", "integer", ".status.progress.estimatedSecondsLeft",
             "Seconds until the end, if the pace so far goes on", 1),
      Column("Age", "date", ".metadata.creationTimestamp", "Time since the job was created"),
  };
}

Json RootStructure() {
  const ObjectSchema& job = JobSchema();
  const ObjectSchema& metadata = *FindField(job, "metadata")->object;
  Json name = StructuralField(metadata, *FindField(metadata, "name"), "metadata.name");
  Json schema = {{"description", job.description}, {"type", "object"}, {"required", {"spec"}}};
  schema["properties"] = {
      {"apiVersion", {{"type", "string"}, {"description", FindField(job, "apiVersion")->description}}},
      {"kind", {{"type", "string"}, {"description", FindField(job, "kind")->description}}},
      // Of the metadata a schema may say only this much.
      {"metadata", {{"type", "object"}, {"properties", {{"name", std::move(name)}}}}},
      {"spec", StructuralField(job, *FindField(job, "spec"), "spec")},
      {"status", StatusStructure()},
  };
  AddRules(CelRulesAt(""), schema);
  return schema;
}

}  // namespace

Json CustomResourceDefinition() {
  Json version = {{"name", kCrdVersion},
                  {"served", true},
                  {"storage", true},
                  {"additionalPrinterColumns", Columns()},
                  {"schema", {{"openAPIV3Schema", RootStructure()}}},
                  {"subresources",
                   {{"status", Json::object()},
                    {"scale",
                     {{"specReplicasPath", ".spec.replicas"},
                      {"statusReplicasPath", ".status.replicas"},
                      {"labelSelectorPath", ".status.selector"}}}}}};
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", {{"name", "eoajobs.eoa.io"}, {"labels", {{"app.kubernetes.io/part-of", "eoa"}}}}},
          {"spec",
           {{"group", kApiGroup},
            {"names",
             {{"kind", kJobKind},
              {"listKind", "EOAJobList"},
              {"plural", "eoajobs"},
              {"singular", "eoajob"},
              {"shortNames", {"eoa"}},
              {"categories", {"all"}}}},
            {"scope", "Namespaced"},
            {"versions", Json::array({std::move(version)})}}}};
}

std::string CustomResourceDefinitionYaml() {
  return "# Written from the schema of EOAJob (common/job): run crd_test with EOA_UPDATE_DOCS=1 after a change.\n" +
         YamlText(CustomResourceDefinition());
}

}  // namespace eoa::api
