#include "broker/core/polls.h"

#include <algorithm>
#include <iterator>

#include <nlohmann/json.hpp>

#include "broker/core/responses.h"
#include "broker/core/rounds.h"
#include "broker/core/worlds.h"

namespace eoa::broker {
namespace {

std::optional<net::ServerResponse> Answered(const JoinPoll& poll, const EcosphereState& state, bool last) {
  const Population& population = state.population(poll.population);
  const Pod& pod = population.pods[static_cast<std::size_t>(poll.pod)];
  const bool waits = !population.ended() && !state.WorldOf(population).running && pod.waiting &&
                     pod.waiting->incarnation == poll.incarnation;
  if (waits && !last) return std::nullopt;
  return Respond(JoinStatus(state, poll.population, poll.pod, poll.incarnation));
}

std::optional<net::ServerResponse> Answered(const DecisionPoll& poll, const EcosphereState& state, bool last) {
  const Answer<void> allowed = CheckDecisionRequest(state, poll.population, poll.attempt, poll.generation);
  if (!allowed.ok()) return ProblemResponse(allowed.error());
  api::DecisionAnswer answer{.decision = DecisionFor(state, poll.population, poll.generation)};
  if (!answer.decision && !last) return std::nullopt;
  return JsonResponse(api::ToJson(answer));
}

// How many questions like this one may wait.
std::size_t Limit(const Question& question) {
  return std::holds_alternative<JoinPoll>(question) ? 1 : Polls::kDecisionPolls;
}

bool Alike(const Question& left, const Question& right) {
  if (left.index() != right.index()) return false;
  if (const auto* join = std::get_if<JoinPoll>(&left)) {
    const auto& other = std::get<JoinPoll>(right);
    return join->population == other.population && join->pod == other.pod;
  }
  return std::get<DecisionPoll>(left).population == std::get<DecisionPoll>(right).population;
}

}  // namespace

std::optional<net::ServerResponse> AnswerTo(const Question& question, const EcosphereState& state, bool last) {
  return std::visit([&](const auto& poll) { return Answered(poll, state, last); }, question);
}

void Polls::Add(Question question, SteadyTime deadline, net::Responder responder, const EcosphereState& state,
                Replies& replies) {
  const auto alike = [&](const Poll& poll) { return Alike(poll.question, question); };
  if (std::cmp_greater_equal(std::count_if(polls_.begin(), polls_.end(), alike), Limit(question))) {
    const auto oldest = std::find_if(polls_.begin(), polls_.end(), alike);
    replies.emplace_back(std::move(oldest->responder), *AnswerTo(oldest->question, state, true));
    polls_.erase(oldest);
  }
  polls_.push_back({std::move(question), deadline, std::move(responder)});
}

void Polls::Collect(const EcosphereState& state, SteadyTime now, Replies& replies) {
  std::erase_if(polls_, [&](Poll& poll) {
    auto response = AnswerTo(poll.question, state, now >= poll.deadline);
    if (!response) return false;
    replies.emplace_back(std::move(poll.responder), *std::move(response));
    return true;
  });
}

std::optional<SteadyTime> Polls::NextDeadline() const {
  const auto first = std::min_element(
      polls_.begin(), polls_.end(), [](const Poll& left, const Poll& right) { return left.deadline < right.deadline; });
  if (first == polls_.end()) return std::nullopt;
  return first->deadline;
}

}  // namespace eoa::broker
