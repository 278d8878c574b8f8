// A run's output directory: what is in it, and how a run begins there or goes on there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/core/view.h"
#include "cli/run/run_command.h"
#include "cli/run/run_lock.h"
#include "common/base/file_system.h"
#include "common/base/result.h"
#include "common/job/job.h"

namespace eoa::local {

struct RunDirectory {
  std::shared_ptr<const RunLock> lock;  // as long as this or a copy of it lives
  std::string path;
  api::Job job;                       // completed, paths absolute, with a uid; as written to job.json
  std::vector<std::string> warnings;  // about the job, for the user
  std::string notice;                 // which run goes on or begins, and why; for the user; may be empty
  std::string token;  // the broker's, fresh for each process; also in the file `token`, readable only by the user

  std::string file(const std::string& name) const { return JoinPath(path, name); }
};

// Reads and checks the job. Goes on with its newest run if that was interrupted and the job is still the same (not with
// options.fresh), else makes a directory for it and writes job.json. With options.resume, goes on with that one. The
// error's message is for the user, complete, and may have several lines.
Result<RunDirectory> OpenRunDirectory(const RunOptions& options, FileSystem& files);

// Writes schedule.csv: what is known so far.
Status WriteSchedule(const RunDirectory& run, const broker::EcosphereView& view, FileSystem& files);

// Puts the elected population's model beside the other results. NotFound when there is none.
// The test set class by class, which the elected population's trainer left beside its model; null without.
nlohmann::ordered_json ReadEvaluation(const broker::EcosphereView& view, FileSystem& files);

Status CopyModel(const RunDirectory& run, const broker::EcosphereView& view, FileSystem& files);

// Removes the checkpoints, unless spec.checkpoint.retain keeps them.
Status RemoveCheckpoints(const RunDirectory& run, bool succeeded, FileSystem& files);

}  // namespace eoa::local
