#include "broker/core/worlds.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/number.h"

namespace eoa::broker {
namespace {

constexpr int kMostNamed = 8;
constexpr const char* kNobodyWasLost = "every process lived; the broker had not heard of them";

std::string PodName(const Population& population, int pod) { return population.name + " pod " + std::to_string(pod); }

Answer<void> CheckPod(const Population& population, int pod) {
  if (pod >= 0 && std::cmp_less(pod, population.pods.size())) return {};
  return Refuse(404, Refusal::kUnknownPod,
                "pod " + std::to_string(pod) + ": population " + population.name + " has pods 0 to " +
                    std::to_string(population.pods.size() - 1));
}

api::Problem Ended(const Population& population) {
  std::string detail = "population " + population.name;
  if (population.stopped) {
    detail += " was stopped: " + *population.stopped;
  } else {
    detail += population.finished->succeeded ? " has finished" : " has failed: " + population.finished->error;
  }
  return Refuse(409, Refusal::kPopulationEnded, std::move(detail));
}

void EndAttempt(EcosphereState& state, World& world, std::string reason) {
  world.running = false;
  world.end_reason = std::move(reason);
  ++state.attempts_ended;
  world.silenced = false;
  for (const int index : world.populations) {
    for (Pod& pod : state.population(index).pods) {
      pod.heartbeat.reset();
      if (!pod.waiting) pod.present_until.reset();
    }
  }
}

// "wolves pod 2, whales pod 0 and 1015 more".
std::string MissingPods(const EcosphereState& state, const World& world) {
  std::string text;
  int missing = 0;
  for (const int index : world.populations) {
    const Population& population = state.population(index);
    if (population.ended()) continue;
    for (std::size_t pod = 0; pod < population.pods.size(); ++pod) {
      if (population.pods[pod].waiting || ++missing > kMostNamed) continue;
      text += (text.empty() ? "" : ", ") + PodName(population, static_cast<int>(pod));
    }
  }
  if (missing > kMostNamed) text += " and " + std::to_string(missing - kMostNamed) + " more";
  return text;
}

bool AllWait(const EcosphereState& state, const World& world) {
  return std::all_of(world.populations.begin(), world.populations.end(), [&](int index) {
    const Population& population = state.population(index);
    return population.ended() || std::all_of(population.pods.begin(), population.pods.end(),
                                             [](const Pod& pod) { return pod.waiting.has_value(); });
  });
}

// The newest generation from which all of them can resume; 0, the start, if there is none.
int NewestCommonCheckpoint(const std::vector<const api::JoinRequest*>& pods) {
  // Thousands of pods may list thousands each.
  std::map<int, std::size_t> listed_by;
  for (const api::JoinRequest* pod : pods) {
    for (const int generation : std::set<int>(pod->checkpoints.begin(), pod->checkpoints.end()))
      ++listed_by[generation];
  }
  for (auto each = listed_by.rbegin(); each != listed_by.rend(); ++each) {
    if (each->second == pods.size()) return each->first;
  }
  return 0;
}

api::JoinAnswer Place(const EcosphereState& state, const World& world, int population, int pod) {
  api::JoinAnswer answer;
  answer.ready = true;
  answer.attempt = world.attempt;
  answer.resume_generation = world.resume_generation;
  const AttemptPod* master = nullptr;
  for (const int index : world.populations) {
    const Population& each = state.population(index);
    if (each.ended()) continue;
    if (master == nullptr) master = &each.pods.front().attempt;
    if (index == population) answer.first_rank = answer.world_size + pod * each.members_per_pod;
    answer.world_size += each.members;
  }
  answer.master_address = master->address;
  answer.master_port = master->store_port;
  return answer;
}

}  // namespace

Answer<void> TakeJoin(EcosphereState& state, int population, const api::JoinRequest& request, SteadyTime now) {
  Population& of = state.population(population);
  EOA_RETURN_IF_ERROR(CheckPod(of, request.pod));
  if (of.ended()) return Ended(of);
  World& world = state.WorldOf(of);
  Pod& pod = of.pods[static_cast<std::size_t>(request.pod)];
  const bool repetition =
      world.running && pod.attempt.incarnation == request.incarnation && request.after_attempt < world.attempt;
  if (repetition) return {};
  if (!request.last_error.empty()) of.last_error = request.last_error;
  if (world.running) {
    EndAttempt(state, world,
               PodName(of, request.pod) + " joined anew" +
                   (request.last_error.empty() ? "" : " after: " + request.last_error));
  }
  pod.waiting = request;
  pod.weights_token = request.weights_token;
  pod.present_until = now + std::chrono::seconds(request.wait_seconds) + kPollGrace;
  return {};
}

Answer<api::JoinAnswer> JoinStatus(const EcosphereState& state, int population, int pod,
                                   const std::string& incarnation) {
  const Population& of = state.population(population);
  if (of.ended()) return Ended(of);
  const World& world = state.WorldOf(of);
  const Pod& asking = of.pods[static_cast<std::size_t>(pod)];
  if (world.running && asking.attempt.incarnation == incarnation) return Place(state, world, population, pod);
  if (world.running || (asking.waiting && asking.waiting->incarnation != incarnation)) {
    return Refuse(409, Refusal::kStaleAttempt, "another process of " + PodName(of, pod) + " has joined since");
  }
  api::JoinAnswer answer;
  answer.waiting_for = MissingPods(state, world);
  answer.attempt = world.attempt;
  return answer;
}

std::optional<AttemptStarted> DueAttempt(const EcosphereState& state, const World& world) {
  if (world.running || !AllWait(state, world)) return std::nullopt;
  AttemptStarted event{.attempt = world.attempt, .resume_generation = 0, .pods = {}};
  std::vector<const api::JoinRequest*> requests;
  bool all_lived = true;
  for (const int index : world.populations) {
    const Population& population = state.population(index);
    if (population.ended()) continue;
    for (const Pod& pod : population.pods) {
      const api::JoinRequest& request = *pod.waiting;
      requests.push_back(&request);
      event.attempt = std::max(event.attempt, request.after_attempt);
      // A process that took part in it, and whose workers did not fail.
      all_lived = all_lived && request.after_attempt == world.attempt && request.last_error.empty();
      event.pods.push_back({.population = population.name,
                            .pod = request.pod,
                            .incarnation = request.incarnation,
                            .address = request.address,
                            .store_port = request.store_port,
                            .weights_port = request.weights_port});
    }
  }
  if (requests.empty()) return std::nullopt;
  ++event.attempt;
  if (world.silenced && all_lived) event.excuse = kNobodyWasLost;
  event.resume_generation = NewestCommonCheckpoint(requests);
  return event;
}

Answer<api::HeartbeatAnswer> TakeHeartbeat(EcosphereState& state, int population, const api::HeartbeatRequest& request,
                                           const Moment& moment) {
  Population& of = state.population(population);
  EOA_RETURN_IF_ERROR(CheckPod(of, request.pod));
  const World& world = state.WorldOf(of);
  api::HeartbeatAnswer answer;
  answer.attempt = world.attempt;
  if (of.stopped || (of.finished && !of.finished->succeeded)) {
    answer.command = api::AgentCommand::kStop;
    answer.reason = Ended(of).detail;
    return answer;
  }
  if (of.finished) return answer;
  if (world.attempt == 0) return Refuse(409, Refusal::kNotJoined, "population " + of.name + " has not started yet");
  Pod& pod = of.pods[static_cast<std::size_t>(request.pod)];
  const bool current = world.running && request.attempt == world.attempt;
  if (!current || pod.attempt.incarnation != request.incarnation) {
    answer.command = api::AgentCommand::kRejoin;
    answer.reason = current         ? "another process of " + PodName(of, request.pod) + " has joined since"
                    : world.running ? "attempt " + std::to_string(world.attempt) + " is running"
                                    : world.end_reason;
    return answer;
  }
  pod.heartbeat = request;
  pod.weights_token = request.weights_token;
  pod.present_until = moment.now + moment.heartbeat_timeout;
  return answer;
}

void DropLostPods(EcosphereState& state, const Moment& moment) {
  for (Population& population : state.populations) {
    if (population.ended()) continue;
    World& world = state.WorldOf(population);
    for (std::size_t i = 0; i < population.pods.size(); ++i) {
      Pod& pod = population.pods[i];
      if (!pod.present_until || *pod.present_until > moment.now) continue;
      pod.present_until.reset();
      pod.waiting.reset();
      if (!world.running) continue;
      population.last_error = PodName(population, static_cast<int>(i)) + " was silent for " +
                              FormatShort(ToSeconds(moment.heartbeat_timeout), 3) + " s";
      EndAttempt(state, world, population.last_error);
      world.silenced = true;
    }
  }
}

void EndAttemptOf(EcosphereState& state, int population, const std::string& reason) {
  World& world = state.WorldOf(state.population(population));
  if (!world.running) return;
  state.population(population).last_error = reason;
  EndAttempt(state, world, reason);
}

void WatchPods(EcosphereState& state, const Moment& moment) {
  for (Population& population : state.populations) {
    if (population.ended() || !state.WorldOf(population).running) continue;
    for (Pod& pod : population.pods) {
      if (!pod.present_until) pod.present_until = moment.now + moment.heartbeat_timeout;
    }
  }
}

void ForgiveSilence(EcosphereState& state, const Moment& moment, Duration grace) {
  for (Population& population : state.populations) {
    if (population.ended() || !state.WorldOf(population).running) continue;
    for (Pod& pod : population.pods) pod.present_until = moment.now + moment.heartbeat_timeout + grace;
  }
}

Answer<void> CheckAttempt(const EcosphereState& state, int population, int attempt) {
  const Population& of = state.population(population);
  if (of.ended()) return Ended(of);
  const World& world = state.WorldOf(of);
  if (world.attempt == 0) return Refuse(409, Refusal::kNotJoined, "population " + of.name + " has not started yet");
  if (world.running && attempt == world.attempt) return {};
  std::string detail = "attempt " + std::to_string(attempt) + " of population " + of.name + " is over: ";
  detail += world.running ? "attempt " + std::to_string(world.attempt) + " is running" : world.end_reason;
  return Refuse(409, Refusal::kStaleAttempt, std::move(detail));
}

Answer<std::optional<PopulationFinished>> TakeFinish(const EcosphereState& state, int population,
                                                     const api::FinishRequest& request) {
  const Population& of = state.population(population);
  if (of.finished && api::ToJson(*of.finished) == api::ToJson(request)) return std::optional<PopulationFinished>();
  EOA_RETURN_IF_ERROR(CheckAttempt(state, population, request.attempt));
  return std::optional(PopulationFinished{.population = of.name, .result = request});
}

}  // namespace eoa::broker
