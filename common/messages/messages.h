// The broker protocol (docs/protocol.md, served as OpenAPI at /v1/openapi.json) as C++ values, and their JSON forms.
//
// Every request names population, attempt and generation where they apply, and is idempotent: sent twice, it is
// answered twice with the same answer. Parse functions take untrusted text: a wrong, missing, misspelt or non-finite
// field is an InvalidArgument that names it. Pure values; thread-safe as such.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "common/job/elected.h"
#include "common/words/phases.h"
#include "common/words/refusals.h"

namespace eoa::api {

// ---- join: POST /v1/jobs/{uid}/populations/{population}/join ----

struct JoinRequest {
  int pod = 0;                // ordinal of the pod within the population, 0 .. pods-1
  std::string incarnation;    // random, fresh for each start of the agent process and each time its workers were lost
  int after_attempt = 0;      // the newest attempt this agent took part in; it wants a later one. 0: none yet
  std::string address;        // host or IP at which this pod's workers and weight server are reached
  int store_port = 0;         // where the world's store would listen if this pod held world rank 0
  int weights_port = 0;       // where this pod's agent serves merged weights
  std::string weights_token;  // what it wants to see for them; the broker hands it to the other leaders alone
  std::vector<int> checkpoints;  // generations this pod can resume from, ascending; empty: only from the start
  int wait_seconds = 0;          // long poll: answer Waiting after that long
  std::string last_error;  // why this pod's workers were lost, for people; empty: a first start, or another pod's fault
};

struct JoinAnswer {
  bool ready = false;          // false: `waiting_for` says who is missing; ask again
  std::string waiting_for;     // "wolves pod 2, whales pods 0 and 1"
  int attempt = 0;             // of the world; 1 is the first
  std::string master_address;  // world rank 0's pod
  int master_port = 0;
  int world_size = 0;         // members of the world: the population's, or the ecosphere's with gradientScope Ecosphere
  int first_rank = 0;         // world rank of this pod's first member
  int resume_generation = 0;  // generations already complete in the checkpoint to load; 0: start anew
};

// ---- heartbeat: POST .../heartbeat ----

struct HeartbeatRequest {
  int pod = 0;
  std::string incarnation;
  int attempt = 0;
  int generation = 0;                 // being trained, 0-based
  std::int64_t step = 0;              // optimizer steps done in this generation
  std::int64_t steps = 0;             // of the generation in all
  double images_per_second = 0;       // of this pod's members together
  double train_loss = 0;              // running mean of the generation
  std::optional<TrainerPhase> phase;  // for people; none: a word of a newer agent, which this version does not know
  int offline_generations = 0;        // that this agent went on without a decision, with the last decision
  std::string weights_token;          // as in JoinRequest, for a broker that has started since
};

enum class AgentCommand { kContinue, kRejoin, kStop };
constexpr auto WordsOf(AgentCommand) { return Words<AgentCommand>("Continue", "Rejoin", "Stop"); }

struct HeartbeatAnswer {
  AgentCommand command = AgentCommand::kContinue;
  std::string reason;  // for Rejoin and Stop
  int attempt = 0;     // the newest
};

// ---- report: POST .../report (population's leader only) ----

struct MemberReport {
  int member = 0;            // 0-based within the population
  double learning_rate = 0;  // used in this generation
  double fitness = 0;        // validation accuracy in [0,1] of the member's own weights
  double train_loss = 0;     // mean over the generation
  // Mean cross entropy of the same weights on the same images; not known from trainers before 0.2, or when not finite.
  std::optional<double> fitness_loss = std::nullopt;
};

struct ReportRequest {
  int attempt = 0;
  int generation = 0;                 // 0-based: the one that just ended
  std::vector<MemberReport> members;  // one for each member, ascending
  double images_per_second = 0;
};

struct ReportAnswer {
  bool late = false;  // the round had closed without this population; its decision still applies to it
};

// ---- decision: GET .../decision?attempt=A&generation=G&waitSeconds=W (long poll) ----

// Where a population's weights of a generation are fetched from (see weights in docs/protocol.md).
struct WeightSource {
  std::string population;
  std::string address;
  int port = 0;
  std::string token;  // a bearer token for this source alone; empty where none is known
  int generation = 0;
  int members = 0;  // how many members the mean stands for: its weight in the mean over populations
};

struct Decision {
  int generation = 0;
  Elected elected;
  double baseline = 0;                       // eta_b, the LR that populations search around
  std::optional<double> base_learning_rate;  // what a probe found; it stands in for the job's from then on
  bool improved =
      false;  // the elected fitness exceeds the last decision's: WeightMerge Best takes the elected's weights
  ClosedBy closed_by = ClosedBy::kAll;  // for people; All besides: a word that this version does not know
  std::vector<std::string> missing;     // populations whose report did not take part
  std::vector<WeightSource> weights;    // one for each population that took part, this one included
};

struct DecisionAnswer {
  std::optional<Decision> decision;  // empty: still open, ask again
};

// ---- finish: POST .../finish (population's leader only) ----

struct FinishRequest {
  int attempt = 0;
  bool succeeded = true;
  std::string error;                    // when it failed: the trainer's last error
  std::optional<double> test_accuracy;  // of the elected population only
  std::optional<double> test_loss;
  std::int64_t test_images = 0;
  std::string model;  // path of the model file on the pod's checkpoint volume
};

// ---- the same for all: problem+json (RFC 9457) ----

struct Problem {
  int status = 500;
  Refusal reason = Refusal::kInternal;
  std::string detail;  // for people

  std::string ToString() const { return std::to_string(status) + " " + std::string(ToWord(reason)) + ": " + detail; }
};

// ---- JSON ----

// What is in each, field by field: bounds, and phrases for the OpenAPI document (common/codec/visitor.h).
void Fields(codec::Visitor& v, JoinRequest& value);
void Fields(codec::Visitor& v, JoinAnswer& value);
void Fields(codec::Visitor& v, HeartbeatRequest& value);
void Fields(codec::Visitor& v, HeartbeatAnswer& value);
void Fields(codec::Visitor& v, MemberReport& value);
void Fields(codec::Visitor& v, ReportRequest& value);
void Fields(codec::Visitor& v, ReportAnswer& value);
void Fields(codec::Visitor& v, WeightSource& value);
void Fields(codec::Visitor& v, Decision& value);
void Fields(codec::Visitor& v, DecisionAnswer& value);
void Fields(codec::Visitor& v, FinishRequest& value);
void Fields(codec::Visitor& v, Problem& value);

// Of every type above, and of Elected. FromJson<JoinRequest>(document): checked as said at the top; not of Problem.
template <typename T>
nlohmann::json ToJson(const T& value);
template <typename T>
Result<T> FromJson(const nlohmann::json& value);

}  // namespace eoa::api
