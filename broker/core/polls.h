// Long polls: requests that wait for the state to change, each with a deadline. Bounded: a pod waits with one join, a
// population with kDecisionPolls decisions; when another comes the oldest is answered at once that there is nothing
// yet. Thread-safety: none; ServedJob uses it under its lock.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "broker/core/state.h"
#include "common/base/clock.h"
#include "common/net/http_server.h"

namespace eoa::broker {

struct JoinPoll {
  int population = 0;
  int pod = 0;
  std::string incarnation;
};

struct DecisionPoll {
  int population = 0;
  int attempt = 0;
  int generation = 0;
};

using Question = std::variant<JoinPoll, DecisionPoll>;

// What the question is answered now; nothing while it is to wait on. With `last` set it is answered in any case.
std::optional<net::ServerResponse> AnswerTo(const Question& question, const EcosphereState& state, bool last);

// Responses that are ready to go; they are sent outside of the lock.
using Replies = std::vector<std::pair<net::Responder, net::ServerResponse>>;

class Polls {
 public:
  static constexpr std::size_t kDecisionPolls = 4;

  void Add(Question question, SteadyTime deadline, net::Responder responder, const EcosphereState& state,
           Replies& replies);

  // Moves to `replies` what can be answered now or has waited long enough.
  void Collect(const EcosphereState& state, SteadyTime now, Replies& replies);

  std::optional<SteadyTime> NextDeadline() const;
  std::size_t size() const { return polls_.size(); }

 private:
  struct Poll {
    Question question;
    SteadyTime deadline;
    net::Responder responder;
  };

  std::vector<Poll> polls_;  // oldest first
};

}  // namespace eoa::broker
