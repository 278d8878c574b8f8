// What an EOAJob's status says, from what is observed. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/job/job_status.h"
#include "operator/plan/observed.h"

namespace eoa::plan {

// Sets a condition; its transition time changes only with its status.
void SetCondition(api::JobStatus& status, const api::Condition& condition);

// Rows of the populations, restarts, progress, elected, baseline: what can be read off, without conditions and phase.
api::JobStatus ReadOff(const Observed& observed, WallTime now);

// `next`, or `last` when they differ only in what moves all the time (a population's generation and fitness between two
// elections, pods on their way to being ready): then nothing need be written.
api::JobStatus WorthWriting(const api::JobStatus& last, api::JobStatus next);

}  // namespace eoa::plan
