// The phases of an agent's session (trainer/agent/session.h), and how they follow each other:
//
//   New        -> Joining     the agent starts
//              -> Parked      the same, with a result that an earlier process left
//   Joining    -> Running     the broker has an attempt for this pod
//              -> Waiting     the leader does not know the learning rates of the generation to resume
//              -> Parked      the population has ended
//              -> Stopping    SIGTERM, or no attempt within runPolicy.preRunningDeadlineSeconds
//   Running    -> Joining     the broker has ended the attempt
//              -> Collapsing  a worker was lost, or none has moved for runPolicy.progressDeadlineSeconds
//              -> Parked      a result, an exchange that would fail again, or the end of workers without a leader
//              -> Stopping    SIGTERM, or the broker stops the population
//   Collapsing -> Joining     the workers have ended, or had time to: the next attempt
//              -> Waiting     the same, after earlier failures in a row
//              -> Parked      a worker's exit code forbids a retry
//              -> Stopping    SIGTERM
//   Waiting    -> Joining     the pause is over
//              -> Stopping    SIGTERM
//   Parked     -> Joining     the broker needs this pod again
//              -> Stopping    SIGTERM
//   Stopping   -> Parked      the workers have ended, or had time to: the broker stopped the population
//              -> Ended       the same, after SIGTERM
//
// A parked agent sends heartbeats, serves weights and waits for SIGTERM. The session refuses every other step, and
// tests/unit/trainer/agent/session_property_test.cc takes each of these.
#pragma once

#include "common/words/word.h"

namespace eoa::agent {

enum class Phase { kNew, kJoining, kRunning, kCollapsing, kWaiting, kParked, kStopping, kEnded };

constexpr auto WordsOf(Phase) {
  return Words<Phase>("New", "Joining", "Running", "Collapsing", "Waiting", "Parked", "Stopping", "Ended");
}

// True for the steps above.
bool MayLead(Phase from, Phase to);

}  // namespace eoa::agent
