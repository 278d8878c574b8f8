#include "common/messages/messages.h"

#include <limits>
#include <utility>

#include "common/messages/json_fields.h"

namespace eoa::api {
namespace {

using nlohmann::json;

constexpr int kMaxCount = 1'000'000'000;
constexpr int kMaxMember = 4095;
constexpr int kMaxWaitSeconds = 3600;
constexpr std::size_t kMaxTokenBytes = 128;
constexpr std::int64_t kMaxSteps = std::int64_t{1} << 53;  // exact as a JSON number anywhere
constexpr double kLargest = std::numeric_limits<double>::max();

int ReadInt(FieldReader& in, std::string_view field, int low, int high) {
  return static_cast<int>(in.Integer(field, low, high));
}

template <typename T>
Result<T> Finish(const FieldReader& in, T value) {
  if (in.error()) return *in.error();
  return value;
}

MemberReport ReadMember(FieldReader& in) {
  MemberReport member;
  member.member = ReadInt(in, "member", 0, kMaxMember);
  member.learning_rate = in.Number("learningRate", 0, kLargest);
  member.fitness = in.Number("fitness", 0, 1);
  member.train_loss = in.Number("trainLoss", -kLargest, kLargest);
  member.fitness_loss = in.OptionalNumber("fitnessLoss", 0, kLargest);
  return member;
}

Elected ReadElected(FieldReader& in) {
  Elected elected;
  elected.population = in.String("population");
  elected.member = ReadInt(in, "member", 0, kMaxMember);
  elected.learning_rate = in.Number("learningRate", 0, kLargest);
  elected.fitness = in.Number("fitness", 0, 1);
  elected.generation = ReadInt(in, "generation", 0, kMaxCount);
  return elected;
}

WeightSource ReadWeightSource(FieldReader& in) {
  WeightSource source;
  source.population = in.String("population");
  source.address = in.String("address");
  source.port = ReadInt(in, "port", 0, 65535);
  source.token = in.StringOr("token", "", kMaxTokenBytes);
  source.generation = ReadInt(in, "generation", 0, kMaxCount);
  source.members = ReadInt(in, "members", 1, kMaxMember + 1);
  return source;
}

Decision ReadDecision(FieldReader& in) {
  Decision decision;
  decision.generation = ReadInt(in, "generation", 0, kMaxCount);
  if (!in.OptionalObject("elected", [&](FieldReader& elected) { decision.elected = ReadElected(elected); })) {
    in.Fail("elected", "is missing");
  }
  decision.baseline = in.Number("baseline", 0, kLargest);
  decision.improved = in.Bool("improved");
  decision.closed_by = in.KnownWord<ClosedBy>("closedBy").value_or(ClosedBy::kAll);
  decision.missing = in.Strings("missing");
  in.Objects("weights", [&](FieldReader& source) { decision.weights.push_back(ReadWeightSource(source)); });
  return decision;
}

}  // namespace

json ToJson(const JoinRequest& value) {
  return {{"pod", value.pod},
          {"incarnation", value.incarnation},
          {"afterAttempt", value.after_attempt},
          {"address", value.address},
          {"storePort", value.store_port},
          {"weightsPort", value.weights_port},
          {"weightsToken", value.weights_token},
          {"checkpoints", value.checkpoints},
          {"waitSeconds", value.wait_seconds},
          {"lastError", value.last_error}};
}

template <>
Result<JoinRequest> FromJson(const json& document) {
  FieldReader in(document, "join");
  JoinRequest value;
  value.pod = ReadInt(in, "pod", 0, kMaxMember);
  value.incarnation = in.String("incarnation", 128);
  value.after_attempt = ReadInt(in, "afterAttempt", 0, kMaxCount);
  value.address = in.String("address", 255);
  value.store_port = ReadInt(in, "storePort", 0, 65535);
  value.weights_port = ReadInt(in, "weightsPort", 0, 65535);
  value.weights_token = in.StringOr("weightsToken", "", kMaxTokenBytes);
  value.checkpoints = in.Integers("checkpoints", 0, kMaxCount);
  value.wait_seconds = ReadInt(in, "waitSeconds", 0, kMaxWaitSeconds);
  value.last_error = in.StringOr("lastError", "", 64 * 1024);
  if (value.incarnation.empty()) in.Fail("incarnation", "must not be empty");
  return Finish(in, std::move(value));
}

json ToJson(const JoinAnswer& value) {
  return {{"ready", value.ready},
          {"waitingFor", value.waiting_for},
          {"attempt", value.attempt},
          {"masterAddress", value.master_address},
          {"masterPort", value.master_port},
          {"worldSize", value.world_size},
          {"firstRank", value.first_rank},
          {"resumeGeneration", value.resume_generation}};
}

template <>
Result<JoinAnswer> FromJson(const json& document) {
  FieldReader in(document, "joinAnswer");
  JoinAnswer value;
  value.ready = in.Bool("ready");
  value.waiting_for = in.String("waitingFor");
  value.attempt = ReadInt(in, "attempt", 0, kMaxCount);
  value.master_address = in.String("masterAddress", 255);
  value.master_port = ReadInt(in, "masterPort", 0, 65535);
  value.world_size = ReadInt(in, "worldSize", 0, kMaxCount);
  value.first_rank = ReadInt(in, "firstRank", 0, kMaxCount);
  value.resume_generation = ReadInt(in, "resumeGeneration", 0, kMaxCount);
  return Finish(in, std::move(value));
}

json ToJson(const HeartbeatRequest& value) {
  return {{"pod", value.pod},
          {"incarnation", value.incarnation},
          {"attempt", value.attempt},
          {"generation", value.generation},
          {"step", value.step},
          {"steps", value.steps},
          {"imagesPerSecond", value.images_per_second},
          {"trainLoss", value.train_loss},
          {"phase", value.phase ? ToWord(*value.phase) : ""},
          {"offlineGenerations", value.offline_generations},
          {"weightsToken", value.weights_token}};
}

template <>
Result<HeartbeatRequest> FromJson(const json& document) {
  FieldReader in(document, "heartbeat");
  HeartbeatRequest value;
  value.pod = ReadInt(in, "pod", 0, kMaxMember);
  value.incarnation = in.String("incarnation", 128);
  value.attempt = ReadInt(in, "attempt", 0, kMaxCount);
  value.generation = ReadInt(in, "generation", 0, kMaxCount);
  value.step = in.Integer("step", 0, kMaxSteps);
  value.steps = in.Integer("steps", 0, kMaxSteps);
  value.images_per_second = in.Number("imagesPerSecond", 0, kLargest);
  value.train_loss = in.Number("trainLoss", -kLargest, kLargest);
  value.phase = in.KnownWord<TrainerPhase>("phase");
  value.offline_generations = static_cast<int>(in.IntegerOr("offlineGenerations", 0, 0, kMaxCount));
  value.weights_token = in.StringOr("weightsToken", "", kMaxTokenBytes);
  return Finish(in, std::move(value));
}

json ToJson(const HeartbeatAnswer& value) {
  return {{"command", ToWord(value.command)}, {"reason", value.reason}, {"attempt", value.attempt}};
}

template <>
Result<HeartbeatAnswer> FromJson(const json& document) {
  FieldReader in(document, "heartbeatAnswer");
  HeartbeatAnswer value;
  value.command = in.Word<AgentCommand>("command");
  value.reason = in.String("reason");
  value.attempt = ReadInt(in, "attempt", 0, kMaxCount);
  return Finish(in, std::move(value));
}

json ToJson(const MemberReport& value) {
  return {{"member", value.member},
          {"learningRate", value.learning_rate},
          {"fitness", value.fitness},
          {"trainLoss", value.train_loss},
          {"fitnessLoss", OptionalNumberJson(value.fitness_loss)}};
}

template <>
Result<MemberReport> FromJson(const json& document) {
  FieldReader in(document, "member");
  MemberReport value = ReadMember(in);
  return Finish(in, value);
}

json ToJson(const ReportRequest& value) {
  json members = json::array();
  for (const MemberReport& member : value.members) members.push_back(ToJson(member));
  return {{"attempt", value.attempt},
          {"generation", value.generation},
          {"members", std::move(members)},
          {"imagesPerSecond", value.images_per_second}};
}

template <>
Result<ReportRequest> FromJson(const json& document) {
  FieldReader in(document, "report");
  ReportRequest value;
  value.attempt = ReadInt(in, "attempt", 1, kMaxCount);
  value.generation = ReadInt(in, "generation", 0, kMaxCount);
  in.Objects("members", [&](FieldReader& member) { value.members.push_back(ReadMember(member)); });
  value.images_per_second = in.Number("imagesPerSecond", 0, kLargest);
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    if (value.members[i].member != static_cast<int>(i)) in.Fail("members", "must list members 0, 1, 2, ... in order");
  }
  if (value.members.empty()) in.Fail("members", "must not be empty");
  return Finish(in, std::move(value));
}

json ToJson(const ReportAnswer& value) { return {{"late", value.late}}; }

template <>
Result<ReportAnswer> FromJson(const json& document) {
  FieldReader in(document, "reportAnswer");
  ReportAnswer value;
  value.late = in.Bool("late");
  return Finish(in, value);
}

json ToJson(const Elected& value) {
  return {{"population", value.population},
          {"member", value.member},
          {"learningRate", value.learning_rate},
          {"fitness", value.fitness},
          {"generation", value.generation}};
}

template <>
Result<Elected> FromJson(const json& document) {
  FieldReader in(document, "elected");
  Elected value = ReadElected(in);
  return Finish(in, std::move(value));
}

json ToJson(const Decision& value) {
  json weights = json::array();
  for (const WeightSource& source : value.weights) {
    weights.push_back({{"population", source.population},
                       {"address", source.address},
                       {"port", source.port},
                       {"generation", source.generation},
                       {"members", source.members}});
    if (!source.token.empty()) weights.back()["token"] = source.token;
  }
  return {{"generation", value.generation}, {"elected", ToJson(value.elected)},    {"baseline", value.baseline},
          {"improved", value.improved},     {"closedBy", ToWord(value.closed_by)}, {"missing", value.missing},
          {"weights", std::move(weights)}};
}

template <>
Result<Decision> FromJson(const json& document) {
  FieldReader in(document, "decision");
  Decision value = ReadDecision(in);
  return Finish(in, std::move(value));
}

json ToJson(const DecisionAnswer& value) {
  return {{"decision", value.decision ? ToJson(*value.decision) : json(nullptr)}};
}

template <>
Result<DecisionAnswer> FromJson(const json& document) {
  FieldReader in(document, "decisionAnswer");
  DecisionAnswer value;
  in.OptionalObject("decision", [&](FieldReader& decision) { value.decision = ReadDecision(decision); });
  return Finish(in, std::move(value));
}

json ToJson(const FinishRequest& value) {
  return {{"attempt", value.attempt},
          {"succeeded", value.succeeded},
          {"error", value.error},
          {"testAccuracy", OptionalNumberJson(value.test_accuracy)},
          {"testLoss", OptionalNumberJson(value.test_loss)},
          {"testImages", value.test_images},
          {"model", value.model}};
}

template <>
Result<FinishRequest> FromJson(const json& document) {
  FieldReader in(document, "finish");
  FinishRequest value;
  value.attempt = ReadInt(in, "attempt", 1, kMaxCount);
  value.succeeded = in.Bool("succeeded");
  value.error = in.StringOr("error", "", 64 * 1024);
  value.test_accuracy = in.OptionalNumber("testAccuracy", 0, 1);
  value.test_loss = in.OptionalNumber("testLoss", -kLargest, kLargest);
  value.test_images = in.IntegerOr("testImages", 0, 0, kMaxSteps);
  value.model = in.StringOr("model", "");
  return Finish(in, std::move(value));
}

json ToJson(const Problem& value) {
  return {{"status", value.status},
          {"title", ToWord(value.reason)},
          {"reason", ToWord(value.reason)},
          {"detail", value.detail}};
}

}  // namespace eoa::api
