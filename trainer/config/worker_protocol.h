// What an agent and its workers say to each other (docs/protocol.md, "Agent and worker"): JSON objects, one to a line,
// over a socket pair that is descriptor kWorkerChannel in the worker. No torch here: the agent links this and stays
// small.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/messages/messages.h"
#include "common/words/exit_code.h"
#include "common/words/phases.h"

namespace eoa::train {

inline constexpr int kWorkerChannel = 3;
inline constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

// A trace holds some thousand events of each step.
inline constexpr int kMostProfiledSteps = 1000;

// ---- agent to worker ----

struct StartMessage {
  nlohmann::json job;  // the completed job (api::JobToJson); dataset.path and model.pretrained are absolute
  std::string population;
  int attempt = 0;
  int member = 0;  // within the population; member 0 is the population's leader
  int rank = 0;    // within the world (docs/protocol.md)
  int world_size = 0;
  std::string store_host;  // c10d TCPStore of the world
  int store_port = 0;
  int store_descriptor = -1;           // world rank 0 only: an inherited, bound socket on which it listens as the store
  std::string directory;               // this pod's checkpoints and weights; exists
  int resume_generation = 0;           // load that checkpoint; 0: start anew
  std::vector<double> learning_rates;  // of the population's members in generation resume_generation; leader only
  int threads = 1;                     // compute threads of this worker
  int collective_timeout_seconds = 0;  // a collective that takes longer means a lost peer
  int profile_steps = 0;               // trace so many steps
  std::string profile_directory;       // into POPULATION-MEMBER.json there; exists unless profile_steps is 0
};

// Only with weightMerge Best, after generationEnd: which weights the merged ones are. An empty population: the mean.
struct MergeMessage {
  int generation = 0;
  std::string population;
  int member = 0;
};

struct ForeignWeights {
  std::string file;   // a complete, checked safetensors file on this pod
  double weight = 0;  // in the mean; own and foreign weights sum to 1
};

struct NextMessage {
  int generation = 0;                   // the one to start; equal to ecosphere.generations after the last
  std::vector<double> learning_rates;   // of the population's members; empty after the last generation
  double own_weight = 1;                // of this population's merged weights
  std::vector<ForeignWeights> foreign;  // empty: nothing to mix in
};

// After the last NextMessage. measure_test: evaluate the final weights on the test set once; with weightMerge None they
// are `member`'s.
struct FinishMessage {
  bool measure_test = false;
  int member = 0;
};

struct StopMessage {};

using ToWorker = std::variant<StartMessage, MergeMessage, NextMessage, FinishMessage, StopMessage>;

// ---- worker to agent ----

struct ProgressMessage {
  int generation = 0;
  std::int64_t step = 0;
  std::int64_t steps = 0;
  double images_per_second = 0;  // of this member
  double train_loss = 0;
  TrainerPhase phase = TrainerPhase::kStarting;  // any other word is an error: both programs come from one image

  // Since the process began.
  std::int64_t total_steps = 0;
  double train_seconds = 0;              // of those steps
  double data_wait_seconds = 0;          // part of it
  double communication_seconds = 0;      // likewise: in collectives, but for what backward hides
  std::int64_t device_memory_bytes = 0;  // of a GPU, by tensors, at most; 0 on the CPU
  double checkpoint_seconds = 0;         // beside it: waiting until a checkpoint is copied or the one before is written
  std::int64_t checkpoint_failures = 0;  // checkpoints that could not be written, and were left out
};

struct GenerationEndMessage {  // leader only
  int generation = 0;
  std::vector<api::MemberReport> members;
  double images_per_second = 0;  // of the population
};

struct MergedMessage {  // leader only; only when other populations or the checkpoint need the file
  int generation = 0;
  std::string file;
  std::uint32_t crc32 = 0;
  std::uint64_t bytes = 0;
};

struct CheckpointedMessage {
  int generation = 0;  // resume_generation may be this from now on
  int oldest = 0;      // what is older has been removed; of the pod's first worker
};

// The checkpoint of this generation cannot be used: it must not be resumed from again. The worker ends with kStartOver.
struct CheckpointLostMessage {
  int generation = 0;
};

struct ResultMessage {  // leader only
  std::optional<double> test_accuracy;
  std::optional<double> test_loss;
  std::int64_t test_images = 0;
  std::string model;  // path of model.safetensors
};

struct ErrorMessage {
  std::string code;  // ErrorCodeName
  std::string message;
};

using FromWorker = std::variant<ProgressMessage, GenerationEndMessage, MergedMessage, CheckpointedMessage,
                                CheckpointLostMessage, ResultMessage, ErrorMessage>;

// One line without its newline.
std::string EncodeLine(const ToWorker& message);
std::string EncodeLine(const FromWorker& message);
Result<ToWorker> DecodeToWorker(std::string_view line);
Result<FromWorker> DecodeFromWorker(std::string_view line);

}  // namespace eoa::train
