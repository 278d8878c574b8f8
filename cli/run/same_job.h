// Whether a run that was interrupted is of the job that is to be run now. Pure.
#pragma once

#include <optional>
#include <string>

#include "common/job/job.h"

namespace eoa::local {

// The first field in which two completed jobs differ, for people: "spec.ecosphere.generations: 8, was 12". Nothing when
// they are the same job. Names, labels and uids do not count, nor where a schedule lies, if its learning rates are the
// same, nor what changes nothing that is trained: deadlines, checkpoints, templates, loader threads.
std::optional<std::string> FirstDifference(const api::Job& now, const api::Job& before);

// What FirstDifference passes over and `eoa run` reads: taken from the job as it is now.
void TakeWhatTrainsNothing(const api::JobSpec& from, api::JobSpec& spec);

}  // namespace eoa::local
