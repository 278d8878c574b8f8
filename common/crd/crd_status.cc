#include <utility>

#include <nlohmann/json.hpp>

#include "common/crd/crd_parts.h"
#include "common/words/conditions.h"
#include "common/words/phases.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;

Json Described(Json schema, const std::string& description) {
  schema["description"] = description;
  return schema;
}

Json Text(std::size_t max_length, const std::string& description) {
  return Described({{"type", "string"}, {"maxLength", max_length}}, description);
}

Json Time(const char* description) { return Described({{"type", "string"}, {"format", "date-time"}}, description); }

Json Count(const char* description) {
  return Described({{"type", "integer"}, {"format", "int64"}, {"minimum", 0}}, description);
}

Json Real(const char* description) { return Described({{"type", "number"}}, description); }

// What is not known yet is absent or null; the API server would otherwise drop a null, or refuse it in a list.
Json OrNull(Json schema) {
  schema["nullable"] = true;
  return schema;
}

Json Object(const char* description, Json properties) {
  return Described({{"type", "object"}, {"properties", std::move(properties)}}, description);
}

// metav1.Condition.
Json Conditions() {
  Json item = Object(
      "",
      {{"type", Text(316, JoinWords(kWords<ConditionType>, ", ") + ", ...")},
       {"status", Described({{"type", "string"}, {"enum", kWords<ConditionStatus>}}, "Whether the condition holds.")},
       {"observedGeneration", Count("The metadata.generation that the condition was made from.")},
       {"lastTransitionTime", Time("When the condition's status last changed.")},
       {"reason", Text(1024, "The cause in one word, for programs.")},
       {"message", Text(32768, "The cause in a sentence, for people.")}});
  item.erase("description");
  item["required"] = {"type", "status", "lastTransitionTime", "reason", "message"};
  return {{"description", "The job's conditions. Complete and Failed are final."},
          {"type", "array"},
          {"maxItems", 32},
          {"x-kubernetes-list-type", "map"},
          {"x-kubernetes-list-map-keys", {"type"}},
          {"items", std::move(item)}};
}

Json Populations() {
  Json item = Object("", {{"name", Text(63, "The population's name.")},
                          {"phase", Text(64, "One word: " + JoinWords(kWords<PopulationPhase>, ", ") + ".")},
                          {"generation", Count("The generation that the population trains.")},
                          {"members", Count("Number of trainer processes.")},
                          {"ready", Count("Number of trainer processes in pods that are ready.")},
                          {"attempt", Count("How many times the members were started together.")},
                          {"restarts", Count("Number of restarts that count towards maxPopulationRestarts.")},
                          {"fitness", OrNull(Real("The best member's fitness in the last report."))},
                          {"learningRate", OrNull(Real("The best member's learning rate in the last report."))},
                          {"lastReportTime", OrNull(Time("When the population last reported."))},
                          {"message", Text(4096, "Why the population is in this phase.")}});
  item.erase("description");
  item["required"] = {"name"};
  return {{"description", "One row for each population."},
          {"type", "array"},
          {"maxItems", 64},
          {"x-kubernetes-list-type", "map"},
          {"x-kubernetes-list-map-keys", {"name"}},
          {"items", std::move(item)}};
}

}  // namespace

Json StatusStructure() {
  return Object(
      "The job's state, written by the operator.",
      {{"observedGeneration", Count("The metadata.generation that this status was made from.")},
       {"phase", Text(64, "One word: " + JoinWords(kWords<JobPhase>) + ". Conditions say more.")},
       {"conditions", Conditions()},
       {"startTime",
        OrNull(Time("When the operator first acted on the job. Most of the spec is immutable from then on."))},
       {"completionTime", OrNull(Time("When the job ended."))},
       {"progress",
        Object("How far the job has come.",
               {{"generation", Count("The last generation that was decided.")},
                {"generations", Count("Total number of generations.")},
                {"percent", Count("Finished generations in percent.")},
                {"estimatedSecondsLeft", OrNull(Count("Seconds until the end, if the pace so far goes on."))}})},
       {"elected", OrNull(Object("The best member of the last generation.",
                                 {{"population", Text(63, "The member's population.")},
                                  {"member", Count("The member's number in its population, from 0.")},
                                  {"learningRate", Real("The learning rate that it trained with.")},
                                  {"fitness", Real("Its fitness, measured on the validation split.")},
                                  {"generation", Count("The generation in which it was elected.")}}))},
       {"baseline", OrNull(Real("The learning rate that populations search around."))},
       {"restarts", Count("Number of restarts of all populations, which counts towards backoffLimit.")},
       {"populations", Populations()},
       {"result",
        Object("What the job ended with.",
               {{"testAccuracy", OrNull(Real("Accuracy on the test set, measured once with the elected weights."))},
                {"model", Text(4096, "Where the trained weights are.")}})},
       {"replicas", Count("1 while the job has pods, else 0; the scale subresource shows it.")},
       {"selector", Text(1024, "Label selector of the job's pods, for the scale subresource.")}});
}

}  // namespace eoa::api
