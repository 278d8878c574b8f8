// Whether a run that was interrupted is of the job that is to be run now. Pure.
#pragma once

#include <optional>
#include <string>

#include "common/job/job.h"

namespace eoa::local {

// The first field in which two completed jobs differ, for people: "spec.ecosphere.generations: 8, was 12". Nothing when
// they are the same job. Names, labels and uids do not count, nor where a schedule lies, if its learning rates are the
// same.
std::optional<std::string> FirstDifference(const api::Job& now, const api::Job& before);

}  // namespace eoa::local
