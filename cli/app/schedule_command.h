// `eoa schedule`: the learning rates of a run or of a job in a cluster, as a file that others read.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/report/export_schedule.h"
#include "common/base/file_system.h"
#include "operator/kube/api_client.h"

namespace eoa::app {

struct ScheduleOptions {
  std::string format;           // empty: all members in every generation, as schedule.csv has them
  report::SchedulePath path{};  // whose learning rates; only with a format
};

// What is decided by now goes to `out` (docs/file-formats.md); a job that trains has more later. Both return 0; 1 with
// a message to `err`; 2 for an unknown format.
//
// Of the run in this output directory.
int ScheduleOfRun(const std::string& directory, const ScheduleOptions& options, FileSystem& files, std::ostream& out,
                  std::ostream& err);

// Of a job in a cluster, from the rounds that the operator stores beside it and deletes with it.
int ScheduleOfJob(const std::string& name_space, const std::string& name, const ScheduleOptions& options,
                  kube::ApiClient& client, std::ostream& out, std::ostream& err);

}  // namespace eoa::app
