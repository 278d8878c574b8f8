// What `eoa run` does to a job before it starts: everything that a pod would get from the cluster is made to fit this
// machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::local {

// Paths of data set, pretrained weights and schedules, relative to `directory`, become absolute. Pure.
void MakePathsAbsolute(api::JobSpec& spec, const std::string& directory);

// InvalidArgument naming field and path when one of those files is missing, so that no process is started in vain.
Status CheckInputs(const api::JobSpec& spec, FileSystem& files);

// Compute threads of each member when all members share `cores`. Pure.
int ThreadsPerMember(int cores, int members);

// Cores that this process may use.
int AvailableCores();

// The number of the next run: one more than the greatest N among `entries` of the form NAME-N. Pure.
int NextRunNumber(const std::vector<std::string>& entries, std::string_view name);

// PARENT/NAME-N with the greatest N; empty when there is none.
std::string NewestRunDirectory(const std::string& parent, const std::string& name, FileSystem& files);

// Makes PARENT/NAME-N with the next free N and returns its path.
Result<std::string> MakeRunDirectory(const std::string& parent, const std::string& name, FileSystem& files);

}  // namespace eoa::local
