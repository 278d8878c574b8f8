// Joins, attempts and heartbeats: who forms a world, when it starts anew, and what agents are told about it. Pure; see
// docs/protocol.md for the rules as agents see them.
//
// All pods of a world's populations that have not ended must wait at the same time; then the next attempt starts. It
// ends when one of its pods joins again (its agent or its workers were lost) or is silent for too long; the other pods
// are told by their heartbeats' answers.
#pragma once

#include <optional>
#include <string>

#include "broker/core/event.h"
#include "broker/core/problem.h"
#include "broker/core/state.h"
#include "common/base/clock.h"
#include "common/messages/messages.h"

namespace eoa::broker {

// A pod that gives no sign of life for `heartbeat_timeout` is lost.
struct Moment {
  SteadyTime now;
  Duration heartbeat_timeout = std::chrono::seconds(30);
};

// How long a waiting pod may take between two polls and still be counted on. Short, since an attempt that starts with a
// pod that is gone is lost.
inline constexpr Duration kPollGrace = std::chrono::seconds(5);

// Remembers that the pod waits for the next attempt, for as long as it polls and kPollGrace more; ends the running
// attempt unless the request only repeats the one that led to it. A refusal changes nothing.
Answer<void> TakeJoin(EcosphereState& state, int population, const api::JoinRequest& request, SteadyTime now);

// What a pod that joined is to be told now: ready with its place in the attempt, not ready with who is missing, or a
// refusal: its population has ended, or another process of the same pod has joined since.
Answer<api::JoinAnswer> JoinStatus(const EcosphereState& state, int population, int pod,
                                   const std::string& incarnation);

// The next attempt of this world, when everybody waits for it: to be stored and applied.
std::optional<AttemptStarted> DueAttempt(const EcosphereState& state, const World& world);

// Constant time: thousands arrive each second.
Answer<api::HeartbeatAnswer> TakeHeartbeat(EcosphereState& state, int population, const api::HeartbeatRequest& request,
                                           const Moment& moment);

// Ends the attempts of pods that were silent for too long, and stops counting on waiting ones that poll no more.
void DropLostPods(EcosphereState& state, const Moment& moment);

// Ends the running attempt of this population's world, from outside: its pods are told to join again.
void EndAttemptOf(EcosphereState& state, int population, const std::string& reason);

// Starts to count the silence of pods that nobody watches yet: after an attempt began.
void WatchPods(EcosphereState& state, const Moment& moment);

// Counts the silence of all pods of running attempts anew, and allows `grace` more: until now nobody could reach the
// broker.
void ForgiveSilence(EcosphereState& state, const Moment& moment, Duration grace);

// The refusal for a request of another than the running attempt of this population; nothing if it is the running one.
Answer<void> CheckAttempt(const EcosphereState& state, int population, int attempt);

// The terminal result to store and apply, nothing for a repetition of the one that stands, or a refusal.
Answer<std::optional<PopulationFinished>> TakeFinish(const EcosphereState& state, int population,
                                                     const api::FinishRequest& request);

}  // namespace eoa::broker
