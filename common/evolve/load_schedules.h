// The schedules that Fixed populations replay, from their files.
#pragma once

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::evolve {

// Whether the algorithm's schedule is a file's path, not a word.
bool ReadsSchedule(const api::AlgorithmSpec& algorithm);

// Reads them into algorithm.learning_rates. InvalidArgument or what the file system says, with field and path, for a
// file that cannot be read, is no schedule, or has fewer generations than the job.
Status LoadSchedules(api::JobSpec& spec, FileSystem& files);

}  // namespace eoa::evolve
