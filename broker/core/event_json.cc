#include <limits>

#include "broker/core/event.h"
#include "common/codec/codec.h"

namespace eoa::broker {
namespace {

constexpr codec::IntegerSpec kCount{.most = std::numeric_limits<int>::max()};
constexpr codec::IntegerSpec kPort{.most = 65535};
constexpr codec::NumberSpec kSeconds{.least = 0, .most = 1e12, .presence = codec::kOptional};

}  // namespace

static void Fields(codec::Visitor& v, AttemptPod& pod) {
  v.Type("pod");
  v.Text("population", pod.population);
  v.Integer("pod", pod.pod, kCount);
  v.Text("incarnation", pod.incarnation);
  v.Text("address", pod.address);
  v.Integer("storePort", pod.store_port, kPort);
  v.Integer("weightsPort", pod.weights_port, kPort);
}

static void Fields(codec::Visitor& v, AttemptStarted& event) {
  v.Kind("event", "AttemptStarted");
  v.Integer("attempt", event.attempt, {.least = 1, .most = kCount.most});
  v.Integer("resumeGeneration", event.resume_generation, kCount);
  v.Objects("pods", event.pods);
  v.Text("excuse", event.excuse, {.presence = codec::kSparse});
}

static void Fields(codec::Visitor& v, ReportAccepted& event) {
  v.Kind("event", "ReportAccepted");
  v.Text("population", event.population);
  v.Object("report", event.report);
  v.Number("secondsOpen", event.seconds_open, kSeconds);
}

static void Fields(codec::Visitor& v, RoundClosed& event) {
  v.Kind("event", "RoundClosed");
  v.Text("population", event.population);
  v.Object("decision", event.decision);
  v.Number("secondsOpen", event.seconds_open, kSeconds);
}

static void Fields(codec::Visitor& v, PopulationFinished& event) {
  v.Kind("event", "PopulationFinished");
  v.Text("population", event.population);
  v.Object("result", event.result);
}

static void Fields(codec::Visitor& v, PopulationStopped& event) {
  v.Kind("event", "PopulationStopped");
  v.Text("population", event.population);
  v.Text("reason", event.reason);
}

nlohmann::json ToJson(const Event& event) { return codec::VariantToJson(event); }

Result<Event> EventFromJson(const nlohmann::json& document) { return codec::VariantFromJson<Event>(document, "event"); }

}  // namespace eoa::broker
