#include <utility>

#include "common/crd/crd_parts.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;

Json Described(Json schema, const char* description) {
  schema["description"] = description;
  return schema;
}

Json Text(std::size_t max_length, const char* description) {
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
      "", {{"type", Text(316, "Initialized, Running, Stalled, Suspended, Complete, Failed, ...")},
           {"status", Described({{"type", "string"}, {"enum", {"True", "False", "Unknown"}}}, "Whether it holds.")},
           {"observedGeneration", Count("The metadata.generation that it was made from.")},
           {"lastTransitionTime", Time("When status changed.")},
           {"reason", Text(1024, "One word for programs.")},
           {"message", Text(32768, "A sentence for people.")}});
  item.erase("description");
  item["required"] = {"type", "status", "lastTransitionTime", "reason", "message"};
  return {{"description", "What holds of the job. Complete and Failed are final."},
          {"type", "array"},
          {"maxItems", 32},
          {"x-kubernetes-list-type", "map"},
          {"x-kubernetes-list-map-keys", {"type"}},
          {"items", std::move(item)}};
}

Json Populations() {
  Json item = Object("", {{"name", Text(63, "Of the population.")},
                          {"phase", Text(64, "One word: Pending, Running, Stalled, Suspended, Succeeded, Failed.")},
                          {"generation", Count("The generation that it trains.")},
                          {"members", Count("Trainer processes that it has.")},
                          {"ready", Count("Of them, those in pods that are ready.")},
                          {"attempt", Count("Times that its world was formed.")},
                          {"restarts", Count("Restarts that count towards maxPopulationRestarts.")},
                          {"fitness", OrNull(Real("The best of its last report."))},
                          {"learningRate", OrNull(Real("The best member's."))},
                          {"lastReportTime", OrNull(Time("When it reported last."))},
                          {"message", Text(4096, "Why it is in this phase.")}});
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
      "What became of the job. Written by the operator.",
      {{"observedGeneration", Count("The metadata.generation that this status was made from.")},
       {"phase", Text(64, "One word: Pending, Running, Suspended, Succeeded or Failed. Conditions say more.")},
       {"conditions", Conditions()},
       {"startTime", OrNull(Time("When the job was first taken up. From then on most of the spec is immutable."))},
       {"completionTime", OrNull(Time("When it ended."))},
       {"progress", Object("How far the job is.", {{"generation", Count("The last generation that was decided.")},
                                                   {"generations", Count("Of so many.")},
                                                   {"percent", Count("The same in percent.")},
                                                   {"estimatedSecondsLeft", OrNull(Count("By the pace so far."))}})},
       {"elected",
        OrNull(Object("The best member of the last generation.", {{"population", Text(63, "Its population.")},
                                                                  {"member", Count("Its number there, from 0.")},
                                                                  {"learningRate", Real("With which it trained.")},
                                                                  {"fitness", Real("On the validation split.")},
                                                                  {"generation", Count("In which it was elected.")}}))},
       {"baseline", OrNull(Real("What populations search around."))},
       {"restarts", Count("Of all populations; counts towards backoffLimit.")},
       {"populations", Populations()},
       {"result", Object("At the end.", {{"testAccuracy", OrNull(Real("Measured once, on the elected weights."))},
                                         {"model", Text(4096, "Where the trained weights are.")}})},
       {"replicas", Count("1 while the job has pods, else 0: what the scale subresource shows.")},
       {"selector", Text(1024, "The label selector of the job's pods: for the scale subresource.")}});
}

}  // namespace eoa::api
