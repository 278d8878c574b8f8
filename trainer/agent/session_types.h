// What goes into the agent's state machine and what comes out of it (trainer/agent/session.h): plain values, no I/O.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/result.h"
#include "common/base/subprocess.h"
#include "common/job/job.h"
#include "common/messages/messages.h"
#include "trainer/agent/record.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::agent {

// The descriptor under which the worker of world rank 0 inherits the store's listening socket.
inline constexpr int kStoreChannel = 4;

// What stays the same while the agent process lives.
struct PodSetup {
  std::shared_ptr<const api::Job> job;  // complete and valid
  int population = 0;                   // index in job.spec.populations
  int pod = 0;                          // ordinal within the population; pod 0 holds the leader
  std::string address;                  // host or IP at which other pods reach this one
  int weights_port = 0;                 // where this agent serves its population's weights
  std::string weights_token;            // random, fresh for each process; who shows it may have them
  std::string directory;                // checkpoints, weights and the agent's record
  int threads = 1;                      // compute threads of each worker
  int profile_steps = 0;                // that each worker traces
  std::string profile_directory;        // where to; exists unless profile_steps is 0
  std::string incarnation_prefix;       // random, fresh for each process
  std::vector<double> start_rates;      // of the population's members in generation 0 (evolve::StartRates)
  Duration heartbeat_interval = std::chrono::seconds(1);
  Duration stop_grace = std::chrono::seconds(2);  // for workers that are asked to stop: a write may be under way
};

// ---- events ----

struct JoinAnswered {
  Result<api::JoinAnswer> answer;
};
struct HeartbeatAnswered {
  Result<api::HeartbeatAnswer> answer;
};
struct ReportAnswered {
  int generation = 0;  // asked for
  Result<api::ReportAnswer> answer;
};
struct DecisionAnswered {
  int generation = 0;  // asked for
  Result<api::DecisionAnswer> answer;
};
struct WeightsFetched {
  int generation = 0;  // FetchWeights::generation
  std::string population;
  Result<std::string> file;  // complete and checked
};
struct FinishAnswered {
  Status status;
};
struct MessageReceived {
  int worker = 0;  // index within the pod
  train::FromWorker message;
};
struct WorkerExited {
  int worker = 0;
  ExitStatus status;
};
struct StartFailed {  // none of the pod's workers runs
  Error error;
};
struct Tick {};           // the time asked for by NextWakeup() has come
struct StopRequested {};  // SIGTERM or SIGINT

// `era` is AgentSession::era() when the action that led to this event was handed out; Tick and StopRequested need none.
struct Event {
  int era = 0;
  std::variant<JoinAnswered, HeartbeatAnswered, ReportAnswered, DecisionAnswered, WeightsFetched, FinishAnswered,
               MessageReceived, WorkerExited, StartFailed, Tick, StopRequested>
      body;
};

// ---- actions, carried out in the order given ----

struct SendJoin {
  api::JoinRequest request;  // store_port is filled in by whoever opens the store's socket
};
struct SendHeartbeat {
  api::HeartbeatRequest request;
};
struct SendReport {
  api::ReportRequest request;
};
struct AskDecision {
  int attempt = 0;
  int generation = 0;
  int wait_seconds = 0;
};
struct FetchWeights {
  int generation = 0;  // that just ended here; the source may serve another one
  api::WeightSource source;
  Duration timeout{};
};
struct SendFinish {
  api::FinishRequest request;
};
struct CancelCalls {};  // the answers to calls in flight are no longer needed
struct StartWorkers {
  std::vector<train::StartMessage> messages;  // one for each member of this pod
};
struct SendToWorker {
  int worker = 0;
  train::ToWorker message;
};
struct KillWorkers {};  // and reap them; their exits are not reported
struct SaveRecord {
  Record record;  // durable before the next action is carried out
};
struct PublishWeights {
  WeightsFile weights;
};
struct WriteLog {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};
struct Exit {
  ExitCode code = ExitCode::kOk;
};

using Action = std::variant<SendJoin, SendHeartbeat, SendReport, AskDecision, FetchWeights, SendFinish, CancelCalls,
                            StartWorkers, SendToWorker, KillWorkers, SaveRecord, PublishWeights, WriteLog, Exit>;
using Actions = std::vector<Action>;

}  // namespace eoa::agent
