// A sweep's output directory (docs/sweep.md): the output directories of its runs, and the tables.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/run/run_lock.h"
#include "cli/sweep/plan.h"
#include "cli/sweep/run_record.h"
#include "common/base/file_system.h"
#include "common/base/result.h"

namespace eoa::sweep {

// Thread-safety: one owner. `plan` and `files` outlive it; the plan's jobs have absolute paths and their schedules.
class SweepDirectory {
 public:
  // Makes it, or takes the one that is there. Unavailable while another sweep is at work in it; FailedPrecondition when
  // it holds a run of another job under the same name: the message says which field differs.
  static Result<SweepDirectory> Open(const std::string& path, const Plan& plan, FileSystem& files);

  const std::string& path() const { return path_; }
  std::string RunPath(const PlannedRun& run) const { return JoinPath(path_, "runs/" + run.id); }
  std::string LogPath(const PlannedRun& run) const { return JoinPath(path_, "logs/" + run.id + ".log"); }

  // What has become of a run so far.
  RunRecord Read(const PlannedRun& run) const;

  // Makes all ready for `eoa run JOB --output DIRECTORY` and returns the path of the job file. A run that was
  // interrupted is kept, to go on.
  Result<std::string> Prepare(const PlannedRun& run);

  // The last line that the run's process said; empty without one.
  std::string LastWords(const PlannedRun& run) const;

  // runs.csv, variants.csv, sweep.json, sweep.html.
  Status WriteTables(const std::vector<RunRecord>& records, const std::string& version);

 private:
  SweepDirectory(std::string path, const Plan& plan, FileSystem& files)
      : path_(std::move(path)), plan_(&plan), files_(&files) {}

  std::string ResumedMark(const PlannedRun& run) const { return JoinPath(path_, "resumed/" + run.id); }
  Status CheckSameJob(const PlannedRun& run) const;

  std::string path_;
  const Plan* plan_;
  FileSystem* files_;
  std::shared_ptr<const local::RunLock> lock_;
};

}  // namespace eoa::sweep
