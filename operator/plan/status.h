// What an EOAJob's status says, from what is observed. Pure.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/job/job_status.h"
#include "operator/plan/observed.h"
#include "operator/plan/pods.h"

namespace eoa::plan {

// Sets a condition; its transition time changes only with its status. Its message is cut to what a status may hold.
void SetCondition(api::JobStatus& status, const api::Condition& condition);

// Null when the status tells nothing of that population.
const api::PopulationStatus* FindRow(const api::JobStatus& status, const std::string& population);

// The last status with what can be read from what is observed: rows of the populations, restarts, progress, elected,
// baseline. Phase and conditions stay.
api::JobStatus ComputeStatus(const Observed& observed, const PodsByPopulation& pods, WallTime now);

// `next`, or `last` when they differ only in what moves all the time (a population's generation and fitness between two
// elections, pods on their way to being ready): then nothing need be written.
api::JobStatus DropMinorChanges(const api::JobStatus& last, api::JobStatus next);

}  // namespace eoa::plan
