#include <limits>
#include <utility>

#include "broker/core/event.h"
#include "common/messages/json_fields.h"

namespace eoa::broker {
namespace {

using api::FieldReader;
using nlohmann::json;

constexpr int kMaxCount = std::numeric_limits<int>::max();
constexpr int kMaxPort = 65535;
constexpr double kLongest = 1e12;  // seconds

json Body(const AttemptPod& pod) {
  return {{"population", pod.population},   {"pod", pod.pod},
          {"incarnation", pod.incarnation}, {"address", pod.address},
          {"storePort", pod.store_port},    {"weightsPort", pod.weights_port}};
}

json Body(const AttemptStarted& event) {
  json pods = json::array();
  for (const AttemptPod& pod : event.pods) pods.push_back(Body(pod));
  return {{"type", "AttemptStarted"},
          {"attempt", event.attempt},
          {"resumeGeneration", event.resume_generation},
          {"pods", std::move(pods)}};
}

json Body(const ReportAccepted& event) {
  return {{"type", "ReportAccepted"},
          {"population", event.population},
          {"report", api::ToJson(event.report)},
          {"secondsOpen", api::OptionalNumberJson(event.seconds_open)}};
}

json Body(const RoundClosed& event) {
  return {{"type", "RoundClosed"},
          {"population", event.population},
          {"decision", api::ToJson(event.decision)},
          {"secondsOpen", api::OptionalNumberJson(event.seconds_open)}};
}

json Body(const PopulationFinished& event) {
  return {{"type", "PopulationFinished"}, {"population", event.population}, {"result", api::ToJson(event.result)}};
}

json Body(const PopulationStopped& event) {
  return {{"type", "PopulationStopped"}, {"population", event.population}, {"reason", event.reason}};
}

int ReadInt(FieldReader& in, std::string_view field, int low, int high) {
  return static_cast<int>(in.Integer(field, low, high));
}

AttemptStarted ReadAttempt(FieldReader& in) {
  AttemptStarted event;
  event.attempt = ReadInt(in, "attempt", 1, kMaxCount);
  event.resume_generation = ReadInt(in, "resumeGeneration", 0, kMaxCount);
  in.Objects("pods", [&](FieldReader& each) {
    event.pods.push_back({.population = each.String("population"),
                          .pod = ReadInt(each, "pod", 0, kMaxCount),
                          .incarnation = each.String("incarnation"),
                          .address = each.String("address"),
                          .store_port = ReadInt(each, "storePort", 0, kMaxPort),
                          .weights_port = ReadInt(each, "weightsPort", 0, kMaxPort)});
  });
  return event;
}

// The message in `field`, read by its own parser.
template <typename Message>
Result<Message> ReadMessage(FieldReader& in, std::string_view field) {
  const json& document = in.Any(field);
  if (in.error()) return *in.error();
  return api::FromJson<Message>(document);
}

}  // namespace

json ToJson(const Event& event) {
  return std::visit([](const auto& each) { return Body(each); }, event);
}

Result<Event> EventFromJson(const json& document) {
  FieldReader in(document, "event");
  const std::string type = in.String("type");
  Event event;
  if (type == "AttemptStarted") {
    event = ReadAttempt(in);
  } else if (type == "ReportAccepted") {
    ReportAccepted accepted{.population = in.String("population"),
                            .report = {},
                            .seconds_open = in.OptionalNumber("secondsOpen", 0, kLongest)};
    EOA_ASSIGN_OR_RETURN(accepted.report, ReadMessage<api::ReportRequest>(in, "report"));
    event = std::move(accepted);
  } else if (type == "RoundClosed") {
    RoundClosed closed{.population = in.String("population"),
                       .decision = {},
                       .seconds_open = in.OptionalNumber("secondsOpen", 0, kLongest)};
    EOA_ASSIGN_OR_RETURN(closed.decision, ReadMessage<api::Decision>(in, "decision"));
    event = std::move(closed);
  } else if (type == "PopulationFinished") {
    PopulationFinished finished{.population = in.String("population"), .result = {}};
    EOA_ASSIGN_OR_RETURN(finished.result, ReadMessage<api::FinishRequest>(in, "result"));
    event = std::move(finished);
  } else if (type == "PopulationStopped") {
    event = PopulationStopped{.population = in.String("population"), .reason = in.String("reason")};
  } else {
    in.Fail("type", "'" + type + "' is not an event that this version knows");
  }
  if (in.error()) return *in.error();
  return event;
}

}  // namespace eoa::broker
