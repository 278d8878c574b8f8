// `eoa run`: one job on one machine. The broker runs inside this process, each pod of the job is an agent process, and
// what would be in the API server is in the output directory (docs/file-formats.md).
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/file_system.h"

namespace eoa::local {

struct RunOptions {
  std::string job_file;  // empty with `resume`
  std::string output;    // the output directory, made by this run; empty: runs/NAME-N, the next free N
  std::string resume;    // the output directory of an earlier run that did not end
  bool fresh = false;    // start from the beginning even where a run of this job was interrupted
  std::string trainer;   // the agent's program; empty: eoa-trainer beside this one
  std::string worker;    // the worker's program; empty: eoa-trainer-worker beside this one
  std::string version;   // of eoa, for result.json
  double heartbeat_seconds = 1;
  int parent = 0;         // the process that this one must not outlive; 0: none
  int profile_steps = 0;  // that each member traces into profiles/POPULATION-MEMBER.json
};

// Runs the job to its end, showing how it goes on stdout. Returns the exit code (docs/operations.md): 0 succeeded, 1
// failed, 2 the job cannot be started as it is, 130 interrupted by SIGINT, SIGTERM or SIGHUP; then every process it
// started has ended within 5 s. Call before any thread exists: signals are blocked here.
int RunCommand(const RunOptions& options, FileSystem& files, Clock& clock);

}  // namespace eoa::local
