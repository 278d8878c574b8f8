#include "trainer/config/worker_protocol.h"

#include <limits>
#include <utility>

#include "common/base/json_guard.h"
#include "common/messages/json_fields.h"

namespace eoa::train {
namespace {

using api::FieldReader;
using api::OptionalNumberJson;
using nlohmann::json;

constexpr int kMaxCount = 1'000'000'000;
constexpr std::int64_t kMaxSteps = std::int64_t{1} << 53;
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr JsonLimits kLineLimits{.max_bytes = kMaxLineBytes, .max_depth = 80, .max_values = 100'000};

int ReadInt(FieldReader& in, std::string_view field, int low = 0, int high = kMaxCount) {
  return static_cast<int>(in.Integer(field, low, high));
}

json ToJson(const StartMessage& value) {
  return {{"type", "start"},
          {"job", value.job},
          {"population", value.population},
          {"attempt", value.attempt},
          {"member", value.member},
          {"rank", value.rank},
          {"worldSize", value.world_size},
          {"storeHost", value.store_host},
          {"storePort", value.store_port},
          {"storeDescriptor", value.store_descriptor},
          {"directory", value.directory},
          {"resumeGeneration", value.resume_generation},
          {"learningRates", value.learning_rates},
          {"threads", value.threads},
          {"collectiveTimeoutSeconds", value.collective_timeout_seconds},
          {"profileSteps", value.profile_steps},
          {"profileDirectory", value.profile_directory}};
}

void Read(FieldReader& in, StartMessage& value) {
  value.job = in.Any("job");
  value.population = in.String("population");
  value.attempt = ReadInt(in, "attempt");
  value.member = ReadInt(in, "member");
  value.rank = ReadInt(in, "rank");
  value.world_size = ReadInt(in, "worldSize", 1);
  value.store_host = in.String("storeHost");
  value.store_port = ReadInt(in, "storePort", 0, 65535);
  value.store_descriptor = ReadInt(in, "storeDescriptor", -1);
  value.directory = in.String("directory");
  value.resume_generation = ReadInt(in, "resumeGeneration");
  value.learning_rates = in.Numbers("learningRates", 0, kLargest);
  value.threads = ReadInt(in, "threads", 1, 4096);
  value.collective_timeout_seconds = ReadInt(in, "collectiveTimeoutSeconds", 1);
  value.profile_steps = ReadInt(in, "profileSteps", 0, kMostProfiledSteps);
  value.profile_directory = in.String("profileDirectory");
}

json ToJson(const MergeMessage& value) {
  return {
      {"type", "merge"}, {"generation", value.generation}, {"population", value.population}, {"member", value.member}};
}

void Read(FieldReader& in, MergeMessage& value) {
  value.generation = ReadInt(in, "generation");
  value.population = in.String("population");
  value.member = ReadInt(in, "member");
}

json ToJson(const NextMessage& value) {
  json foreign = json::array();
  for (const ForeignWeights& weights : value.foreign) {
    foreign.push_back({{"file", weights.file}, {"weight", weights.weight}});
  }
  return {{"type", "next"},
          {"generation", value.generation},
          {"learningRates", value.learning_rates},
          {"ownWeight", value.own_weight},
          {"foreign", std::move(foreign)}};
}

void Read(FieldReader& in, NextMessage& value) {
  value.generation = ReadInt(in, "generation");
  value.learning_rates = in.Numbers("learningRates", 0, kLargest);
  value.own_weight = in.Number("ownWeight", 0, 1);
  in.Objects("foreign", [&](FieldReader& weights) {
    ForeignWeights one;
    one.file = weights.String("file");
    one.weight = weights.Number("weight", 0, 1);
    value.foreign.push_back(std::move(one));
  });
}

json ToJson(const FinishMessage& value) {
  return {{"type", "finish"}, {"measureTest", value.measure_test}, {"member", value.member}};
}

void Read(FieldReader& in, FinishMessage& value) {
  value.measure_test = in.Bool("measureTest");
  value.member = ReadInt(in, "member");
}

json ToJson(const StopMessage& /*value*/) { return {{"type", "stop"}}; }

void Read(FieldReader& /*in*/, StopMessage& /*value*/) {}

json ToJson(const ProgressMessage& value) {
  return {{"type", "progress"},
          {"generation", value.generation},
          {"step", value.step},
          {"steps", value.steps},
          {"imagesPerSecond", value.images_per_second},
          {"trainLoss", value.train_loss},
          {"phase", ToWord(value.phase)},
          {"totalSteps", value.total_steps},
          {"trainSeconds", value.train_seconds},
          {"dataWaitSeconds", value.data_wait_seconds},
          {"communicationSeconds", value.communication_seconds},
          {"checkpointSeconds", value.checkpoint_seconds},
          {"deviceMemoryBytes", value.device_memory_bytes}};
}

void Read(FieldReader& in, ProgressMessage& value) {
  value.generation = ReadInt(in, "generation");
  value.step = in.Integer("step", 0, kMaxSteps);
  value.steps = in.Integer("steps", 0, kMaxSteps);
  value.images_per_second = in.Number("imagesPerSecond", 0, kLargest);
  value.train_loss = in.Number("trainLoss", -kLargest, kLargest);
  value.phase = in.Word<TrainerPhase>("phase");
  value.total_steps = in.Integer("totalSteps", 0, kMaxSteps);
  value.train_seconds = in.Number("trainSeconds", 0, kLargest);
  value.data_wait_seconds = in.Number("dataWaitSeconds", 0, kLargest);
  value.communication_seconds = in.Number("communicationSeconds", 0, kLargest);
  value.checkpoint_seconds = in.Number("checkpointSeconds", 0, kLargest);
  value.device_memory_bytes = in.Integer("deviceMemoryBytes", 0, kMaxSteps);
}

json ToJson(const GenerationEndMessage& value) {
  json members = json::array();
  for (const MemberResult& member : value.members) {
    members.push_back({{"member", member.member},
                       {"learningRate", member.learning_rate},
                       {"fitness", member.fitness},
                       {"trainLoss", member.train_loss},
                       {"fitnessLoss", OptionalNumberJson(member.fitness_loss)}});
  }
  return {{"type", "generationEnd"},
          {"generation", value.generation},
          {"members", std::move(members)},
          {"imagesPerSecond", value.images_per_second}};
}

void Read(FieldReader& in, GenerationEndMessage& value) {
  value.generation = ReadInt(in, "generation");
  in.Objects("members", [&](FieldReader& member) {
    MemberResult one;
    one.member = ReadInt(member, "member");
    one.learning_rate = member.Number("learningRate", 0, kLargest);
    one.fitness = member.Number("fitness", 0, 1);
    one.train_loss = member.Number("trainLoss", -kLargest, kLargest);
    one.fitness_loss = member.OptionalNumber("fitnessLoss", 0, kLargest);
    value.members.push_back(one);
  });
  value.images_per_second = in.Number("imagesPerSecond", 0, kLargest);
}

json ToJson(const MergedMessage& value) {
  return {{"type", "merged"},
          {"generation", value.generation},
          {"file", value.file},
          {"crc32", value.crc32},
          {"bytes", value.bytes}};
}

void Read(FieldReader& in, MergedMessage& value) {
  value.generation = ReadInt(in, "generation");
  value.file = in.String("file");
  value.crc32 = static_cast<std::uint32_t>(in.Integer("crc32", 0, std::numeric_limits<std::uint32_t>::max()));
  value.bytes = static_cast<std::uint64_t>(in.Integer("bytes", 0, kMaxSteps));
}

json ToJson(const CheckpointedMessage& value) { return {{"type", "checkpointed"}, {"generation", value.generation}}; }

void Read(FieldReader& in, CheckpointedMessage& value) { value.generation = ReadInt(in, "generation"); }

json ToJson(const CheckpointLostMessage& value) {
  return {{"type", "checkpointLost"}, {"generation", value.generation}};
}

void Read(FieldReader& in, CheckpointLostMessage& value) { value.generation = ReadInt(in, "generation"); }

json ToJson(const ResultMessage& value) {
  return {{"type", "result"},
          {"testAccuracy", OptionalNumberJson(value.test_accuracy)},
          {"testLoss", OptionalNumberJson(value.test_loss)},
          {"testImages", value.test_images},
          {"model", value.model}};
}

void Read(FieldReader& in, ResultMessage& value) {
  value.test_accuracy = in.OptionalNumber("testAccuracy", 0, 1);
  value.test_loss = in.OptionalNumber("testLoss", -kLargest, kLargest);
  value.test_images = in.Integer("testImages", 0, kMaxSteps);
  value.model = in.String("model");
}

json ToJson(const ErrorMessage& value) { return {{"type", "error"}, {"code", value.code}, {"message", value.message}}; }

void Read(FieldReader& in, ErrorMessage& value) {
  value.code = in.String("code", 64);
  value.message = in.String("message", 64 * 1024);
}

template <typename Message, typename Variant>
Result<Variant> ReadAs(const json& document, const std::string& type) {
  FieldReader in(document, type);
  Message value;
  Read(in, value);
  if (in.error()) return *in.error();
  return Variant(std::move(value));
}

Result<json> ParseLine(std::string_view line, std::string& type) {
  EOA_ASSIGN_OR_RETURN(json document, ParseJson(line, kLineLimits));
  EOA_ASSIGN_OR_RETURN(type, GetString(document, "type"));
  return document;
}

}  // namespace

std::string EncodeLine(const ToWorker& message) {
  return DumpJson(std::visit([](const auto& value) { return ToJson(value); }, message));
}

std::string EncodeLine(const FromWorker& message) {
  return DumpJson(std::visit([](const auto& value) { return ToJson(value); }, message));
}

Result<ToWorker> DecodeToWorker(std::string_view line) {
  std::string type;
  EOA_ASSIGN_OR_RETURN(const json document, ParseLine(line, type));
  if (type == "start") return ReadAs<StartMessage, ToWorker>(document, type);
  if (type == "merge") return ReadAs<MergeMessage, ToWorker>(document, type);
  if (type == "next") return ReadAs<NextMessage, ToWorker>(document, type);
  if (type == "finish") return ReadAs<FinishMessage, ToWorker>(document, type);
  if (type == "stop") return ReadAs<StopMessage, ToWorker>(document, type);
  return InvalidArgumentError("message of unknown type '" + type + "' to a worker");
}

Result<FromWorker> DecodeFromWorker(std::string_view line) {
  std::string type;
  EOA_ASSIGN_OR_RETURN(const json document, ParseLine(line, type));
  if (type == "progress") return ReadAs<ProgressMessage, FromWorker>(document, type);
  if (type == "generationEnd") return ReadAs<GenerationEndMessage, FromWorker>(document, type);
  if (type == "merged") return ReadAs<MergedMessage, FromWorker>(document, type);
  if (type == "checkpointed") return ReadAs<CheckpointedMessage, FromWorker>(document, type);
  if (type == "checkpointLost") return ReadAs<CheckpointLostMessage, FromWorker>(document, type);
  if (type == "result") return ReadAs<ResultMessage, FromWorker>(document, type);
  if (type == "error") return ReadAs<ErrorMessage, FromWorker>(document, type);
  return InvalidArgumentError("message of unknown type '" + type + "' from a worker");
}

}  // namespace eoa::train
