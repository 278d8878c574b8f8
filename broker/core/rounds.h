// Rounds: from the populations' reports to the elections. Pure; see docs/protocol.md for the rules as agents see them.
//
// Sync: one election for each generation. It takes place when every population that could still report has done so,
// or, from the deadline on (counted from the first report), when `quorum` populations have; with quorum 0, when all
// that run have, so that only populations that are down are not waited for. Async: one election for each report, at
// once, over the freshest reports at most maxStaleness generations older.
#pragma once

#include <optional>

#include "broker/core/event.h"
#include "broker/core/problem.h"
#include "broker/core/state.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/messages/messages.h"

namespace eoa::broker {

struct ReportStep {
  std::optional<ReportAccepted> event;  // to be stored and applied; nothing for a repetition
  api::ReportAnswer answer;
};

// What a report of the running attempt means. Refused: a stale attempt, a generation that the attempt cannot report, a
// number of members that is not the population's, LRs from which no finite baseline follows, and a second, different
// report.
Answer<ReportStep> TakeReport(const EcosphereState& state, int population, const api::ReportRequest& request);

// The next election that is due, to be stored and applied; call again until there is none. Internal if the reports
// that were accepted cannot be elected from.
Result<std::optional<RoundClosed>> DueElection(const EcosphereState& state, SteadyTime now);

// Starts the deadlines of rounds whose first report has come: after a report and after a restart.
void StartDeadlines(EcosphereState& state, SteadyTime now);

// Completes an event that is about to be stored: for how long its round has been open.
void StampRound(Event& event, const EcosphereState& state, SteadyTime now);

// Adds that to state.round_times.
void TimeRound(const Event& event, EcosphereState& state);

// The refusal for asking for a decision that will not come: a stale attempt, or a generation that this population has
// not reported.
Answer<void> CheckDecisionRequest(const EcosphereState& state, int population, int attempt, int generation);

}  // namespace eoa::broker
