#include "common/messages/messages.h"

#include <optional>
#include <string>

#include "common/codec/codec.h"

namespace eoa::api {
namespace {

constexpr int kMaxCount = 1'000'000'000;
constexpr int kMaxMember = 4095;
constexpr int kMaxPort = 65535;
constexpr std::size_t kMaxErrorText = 64 * 1024;
constexpr codec::IntegerSpec kCount{.most = kMaxCount};
constexpr codec::IntegerSpec kAttempt{.least = 1, .most = kMaxCount};
constexpr codec::IntegerSpec kMember{.most = kMaxMember};
constexpr codec::IntegerSpec kPort{.most = kMaxPort};
constexpr codec::NumberSpec kNotNegative{.least = 0};
constexpr codec::TextSpec kHost{.most = 255};
constexpr codec::TextSpec kOptionalToken{.most = 128, .presence = codec::kOptional};

}  // namespace

void Fields(codec::Visitor& v, JoinRequest& value) {
  v.Type("join", "JoinRequest", "An agent asks to be part of the next attempt.");
  v.Integer("pod", value.pod, kMember, "Ordinal of the pod within the population");
  v.Text("incarnation", value.incarnation, {.most = 128, .least = 1},
         "Random; fresh for each start of the agent and each time its workers were lost");
  v.Integer("afterAttempt", value.after_attempt, kCount,
            "The newest attempt this agent took part in; it wants a later one");
  v.Text("address", value.address, kHost, "Host or IP at which this pod's workers and weight server are reached");
  v.Integer("storePort", value.store_port, kPort, "Where the world's store would listen if this pod held world rank 0");
  v.Integer("weightsPort", value.weights_port, kPort, "Where this pod's agent serves merged weights");
  v.Text("weightsToken", value.weights_token, kOptionalToken,
         "What it wants to see for them. It is handed to the other populations' leaders and never stored");
  v.Integers("checkpoints", value.checkpoints, kCount, "Generations this pod can resume from");
  v.Integer("waitSeconds", value.wait_seconds, {.most = 3600},
            "Long poll: how long to wait for the others; at most 60 are used");
  v.Text("lastError", value.last_error, {.most = kMaxErrorText, .presence = codec::kOptional},
         "Why this pod's workers were lost, for people");
}

void Fields(codec::Visitor& v, JoinAnswer& value) {
  v.Type("joinAnswer", "JoinAnswer", "The pod's place in the attempt, or who is still missing.");
  v.Bool("ready", value.ready, "False: ask again");
  v.Text("waitingFor", value.waiting_for, {}, "Who is missing: wolves pod 2");
  v.Integer("attempt", value.attempt, kCount, "Of the world; 1 is the first");
  v.Text("masterAddress", value.master_address, kHost, "World rank 0's pod");
  v.Integer("masterPort", value.master_port, kPort, "Of the world's store");
  v.Integer("worldSize", value.world_size, kCount, "Members of the world");
  v.Integer("firstRank", value.first_rank, kCount, "World rank of this pod's first member");
  v.Integer("resumeGeneration", value.resume_generation, kCount,
            "Generations complete in the checkpoint to load; 0: start anew");
}

void Fields(codec::Visitor& v, HeartbeatRequest& value) {
  v.Type("heartbeat", "HeartbeatRequest", "Progress of one pod.");
  v.Integer("pod", value.pod, kMember, "Ordinal of the pod");
  v.Text("incarnation", value.incarnation, {.most = 128}, "As in the join");
  v.Integer("attempt", value.attempt, kCount, "The attempt this pod takes part in");
  v.Integer("generation", value.generation, kCount, "Being trained, 0-based");
  v.Integer("step", value.step, {}, "Optimizer steps done in this generation");
  v.Integer("steps", value.steps, {}, "Of the generation in all");
  v.Number("imagesPerSecond", value.images_per_second, kNotNegative, "Of this pod's members together");
  v.Number("trainLoss", value.train_loss, {}, "Running mean of the generation");
  v.KnownWord("phase", value.phase, "For people");
  v.Integer("offlineGenerations", value.offline_generations, {.most = kMaxCount, .presence = codec::kOptional},
            "That this agent went on without a decision");
  v.Text("weightsToken", value.weights_token, kOptionalToken, "As in JoinRequest, for a broker that has started since");
}

void Fields(codec::Visitor& v, HeartbeatAnswer& value) {
  v.Type("heartbeatAnswer", "HeartbeatAnswer", "What the pod is to do.");
  v.Word("command", value.command, "Rejoin: this attempt is over. Stop: the population is given up");
  v.Text("reason", value.reason, {}, "For Rejoin and Stop");
  v.Integer("attempt", value.attempt, kCount, "The newest");
}

void Fields(codec::Visitor& v, MemberReport& value) {
  v.Type("member", "MemberReport", "One member's generation.");
  v.Integer("member", value.member, kMember, "0-based within the population");
  v.Number("learningRate", value.learning_rate, kNotNegative, "Used in this generation");
  v.Number("fitness", value.fitness, {.least = 0, .most = 1}, "Validation accuracy of the member's own weights");
  v.Number("trainLoss", value.train_loss, {}, "Mean over the generation");
  v.Number("fitnessLoss", value.fitness_loss, {.least = 0, .presence = codec::kOptional},
           "Mean cross entropy of the same weights on the same images; null when it is not known or not finite");
}

void Fields(codec::Visitor& v, ReportRequest& value) {
  v.Type("report", "ReportRequest", "A population's generation, by its leader.");
  v.Integer("attempt", value.attempt, kAttempt, "The running one");
  v.Integer("generation", value.generation, kCount, "0-based: the one that just ended");
  v.Objects("members", value.members, {.least = 1}, "One for each member, ascending");
  v.Number("imagesPerSecond", value.images_per_second, kNotNegative, "Of the whole population");
}

void Fields(codec::Visitor& v, ReportAnswer& value) {
  v.Type("reportAnswer", "ReportAnswer", "The report is stored.");
  v.Bool("late", value.late, "The round had closed without this population; its decision still applies to it");
}

void Fields(codec::Visitor& v, WeightSource& value) {
  v.Type("weightSource", "WeightSource", "Where a population's weights of a generation are fetched.");
  v.Text("population", value.population, {}, "Whose");
  v.Text("address", value.address, {}, "Where it serves them now");
  v.Integer("port", value.port, kPort, "Where it serves them now");
  v.Text("token", value.token, {.most = 128, .presence = codec::kSparse},
         "A bearer token for this source alone; missing while none is known");
  v.Integer("generation", value.generation, kCount, "Of the weights");
  v.Integer("members", value.members, {.least = 1, .most = kMaxMember + 1}, "How many members the mean stands for");
}

void Fields(codec::Visitor& v, Decision& value) {
  v.Type("decision", "Decision", "An election and the baseline that follows from it.");
  v.Integer("generation", value.generation, kCount, "Of the round");
  v.Object("elected", value.elected);
  v.Number("baseline", value.baseline, kNotNegative, "The LR that populations search around");
  v.Number("baseLearningRate", value.base_learning_rate, {.least = 0, .presence = codec::kSparse},
           "What the probe generations found; it stands in for the job's from then on");
  v.Bool("improved", value.improved, "The elected fitness exceeds the last decision's");
  v.KnownWord("closedBy", value.closed_by,
              "All: everybody that could report had. Quorum: at the deadline, exchange.quorum had. Deadline: at the "
              "deadline, all that run had. Async: at once");
  v.Texts("missing", value.missing, "Populations whose report did not take part");
  v.Objects("weights", value.weights, {}, "One for each population that took part");
}

void Fields(codec::Visitor& v, DecisionAnswer& value) {
  v.Type("decisionAnswer", "DecisionAnswer", "The decision, or null while the round is open.");
  v.Object("decision", value.decision, codec::kNullable);
}

void Fields(codec::Visitor& v, FinishRequest& value) {
  v.Type("finish", "FinishRequest", "A population's terminal result, by its leader.");
  v.Integer("attempt", value.attempt, kAttempt, "The running one");
  v.Bool("succeeded", value.succeeded, "False: the population has failed for good");
  v.Text("error", value.error, {.most = kMaxErrorText, .presence = codec::kOptional},
         "When it failed: the trainer's last error");
  v.Number("testAccuracy", value.test_accuracy, {.least = 0, .most = 1, .presence = codec::kOptional},
           "Of the elected population only");
  v.Number("testLoss", value.test_loss, {.presence = codec::kOptional}, "Likewise");
  v.Integer("testImages", value.test_images, {.presence = codec::kOptional}, "Likewise");
  v.Text("model", value.model, {.presence = codec::kOptional}, "Path of the model file on the pod's checkpoint volume");
}

void Fields(codec::Visitor& v, Problem& value) {
  v.Type("problem", "Problem", "Why a request is refused (RFC 9457).");
  v.Integer("status", value.status, {.least = 100, .most = 599}, "As in the status line");
  std::string title(ToWord(value.reason));
  v.Text("title", title, {}, "The reason once more");
  v.Word("reason", value.reason, "Stable, for programs");
  v.Text("detail", value.detail, {.most = kMaxErrorText}, "For people");
}

template <typename T>
nlohmann::json ToJson(const T& value) {
  return codec::ToJson(value);
}

template <typename T>
Result<T> FromJson(const nlohmann::json& value) {
  return codec::FromJson<T>(value);
}

#define EOA_MESSAGE(T)                      \
  template nlohmann::json ToJson(const T&); \
  template Result<T> FromJson(const nlohmann::json&)

EOA_MESSAGE(JoinRequest);
EOA_MESSAGE(JoinAnswer);
EOA_MESSAGE(HeartbeatRequest);
EOA_MESSAGE(HeartbeatAnswer);
EOA_MESSAGE(MemberReport);
EOA_MESSAGE(ReportRequest);
EOA_MESSAGE(ReportAnswer);
EOA_MESSAGE(Elected);
EOA_MESSAGE(Decision);
EOA_MESSAGE(DecisionAnswer);
EOA_MESSAGE(FinishRequest);

#undef EOA_MESSAGE

template nlohmann::json ToJson(const Problem&);

}  // namespace eoa::api
