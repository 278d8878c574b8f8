#include "trainer/config/worker_protocol.h"

#include <limits>

#include "common/base/json_guard.h"
#include "common/codec/codec.h"

namespace eoa::train {
namespace {

using codec::Visitor;

constexpr JsonLimits kLineLimits{.max_bytes = kMaxLineBytes, .max_depth = 80, .max_values = 100'000};

constexpr codec::IntegerSpec kCount{.most = 1'000'000'000};
constexpr codec::IntegerSpec kPositive{.least = 1, .most = kCount.most};
constexpr codec::NumberSpec kNotNegative{.least = 0};
constexpr codec::NumberSpec kShare{.least = 0, .most = 1};

}  // namespace

static void Fields(Visitor& v, StartMessage& value) {
  v.Kind("start", "start");
  v.Any("job", value.job);
  v.Text("population", value.population);
  v.Integer("attempt", value.attempt, kCount);
  v.Integer("member", value.member, kCount);
  v.Integer("rank", value.rank, kCount);
  v.Integer("worldSize", value.world_size, kPositive);
  v.Text("storeHost", value.store_host);
  v.Integer("storePort", value.store_port, {.most = 65535});
  v.Integer("storeDescriptor", value.store_descriptor, {.least = -1, .most = kCount.most});
  v.Text("directory", value.directory);
  v.Integer("resumeGeneration", value.resume_generation, kCount);
  v.Numbers("learningRates", value.learning_rates, kNotNegative);
  v.Integer("threads", value.threads, {.least = 1, .most = 4096});
  v.Integer("collectiveTimeoutSeconds", value.collective_timeout_seconds, kPositive);
  v.Integer("profileSteps", value.profile_steps, {.most = kMostProfiledSteps});
  v.Text("profileDirectory", value.profile_directory);
}

static void Fields(Visitor& v, MergeMessage& value) {
  v.Kind("merge", "merge");
  v.Integer("generation", value.generation, kCount);
  v.Text("population", value.population);
  v.Integer("member", value.member, kCount);
}

static void Fields(Visitor& v, ForeignWeights& value) {
  v.Type("foreign");
  v.Text("file", value.file);
  v.Number("weight", value.weight, kShare);
}

static void Fields(Visitor& v, NextMessage& value) {
  v.Kind("next", "next");
  v.Integer("generation", value.generation, kCount);
  v.Numbers("learningRates", value.learning_rates, kNotNegative);
  v.Number("ownWeight", value.own_weight, kShare);
  v.Objects("foreign", value.foreign);
}

static void Fields(Visitor& v, FinishMessage& value) {
  v.Kind("finish", "finish");
  v.Bool("measureTest", value.measure_test);
  v.Integer("member", value.member, kCount);
}

static void Fields(Visitor& v, StopMessage& /*value*/) { v.Kind("stop", "stop"); }

static void Fields(Visitor& v, ProgressMessage& value) {
  v.Kind("progress", "progress");
  v.Integer("generation", value.generation, kCount);
  v.Integer("step", value.step);
  v.Integer("steps", value.steps);
  v.Number("imagesPerSecond", value.images_per_second, kNotNegative);
  v.Number("trainLoss", value.train_loss);
  v.Word("phase", value.phase);
  v.Integer("totalSteps", value.total_steps);
  v.Number("trainSeconds", value.train_seconds, kNotNegative);
  v.Number("dataWaitSeconds", value.data_wait_seconds, kNotNegative);
  v.Number("communicationSeconds", value.communication_seconds, kNotNegative);
  v.Number("checkpointSeconds", value.checkpoint_seconds, kNotNegative);
  v.Integer("deviceMemoryBytes", value.device_memory_bytes);
  v.Integer("checkpointFailures", value.checkpoint_failures, {.presence = codec::kOptional});
}

static void Fields(Visitor& v, GenerationEndMessage& value) {
  v.Kind("generationEnd", "generationEnd");
  v.Integer("generation", value.generation, kCount);
  v.Objects("members", value.members);
  v.Number("imagesPerSecond", value.images_per_second, kNotNegative);
}

static void Fields(Visitor& v, MergedMessage& value) {
  v.Kind("merged", "merged");
  v.Integer("generation", value.generation, kCount);
  v.Text("file", value.file);
  v.Integer("crc32", value.crc32, {.most = std::numeric_limits<std::uint32_t>::max()});
  v.Integer("bytes", value.bytes);
}

static void Fields(Visitor& v, CheckpointedMessage& value) {
  v.Kind("checkpointed", "checkpointed");
  v.Integer("generation", value.generation, kCount);
  v.Integer("oldest", value.oldest, {.most = kCount.most, .presence = codec::kOptional});
}

static void Fields(Visitor& v, CheckpointLostMessage& value) {
  v.Kind("checkpointLost", "checkpointLost");
  v.Integer("generation", value.generation, kCount);
}

static void Fields(Visitor& v, ResultMessage& value) {
  v.Kind("result", "result");
  v.Number("testAccuracy", value.test_accuracy, {.least = 0, .most = 1, .presence = codec::kOptional});
  v.Number("testLoss", value.test_loss, {.presence = codec::kOptional});
  v.Integer("testImages", value.test_images);
  v.Text("model", value.model);
}

static void Fields(Visitor& v, ErrorMessage& value) {
  v.Kind("error", "error");
  v.Text("code", value.code, {.most = 64});
  v.Text("message", value.message, {.most = 64 * 1024});
}

namespace {

template <typename Variant>
Result<Variant> Decode(std::string_view line, std::string_view where) {
  EOA_ASSIGN_OR_RETURN(const nlohmann::json document, ParseJson(line, kLineLimits));
  return codec::VariantFromJson<Variant>(document, where);
}

}  // namespace

std::string EncodeLine(const ToWorker& message) { return DumpJson(codec::VariantToJson(message)); }
std::string EncodeLine(const FromWorker& message) { return DumpJson(codec::VariantToJson(message)); }
Result<ToWorker> DecodeToWorker(std::string_view line) { return Decode<ToWorker>(line, "message to a worker"); }
Result<FromWorker> DecodeFromWorker(std::string_view line) { return Decode<FromWorker>(line, "message from a worker"); }

}  // namespace eoa::train
