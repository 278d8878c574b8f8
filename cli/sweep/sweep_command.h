// `eoa sweep`: many runs of jobs that differ in some fields, and what their comparison says (docs/sweep.md).
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/file_system.h"

namespace eoa::sweep {

struct SweepOptions {
  std::string file;     // the sweep file
  std::string output;   // the output directory; empty: sweeps/NAME
  bool show = false;    // tables of what is there, without running anything
  bool render = false;  // print an EOAJob for each run instead
  std::string version;  // of eoa
  // Given to each `eoa run`; empty: its defaults.
  std::string trainer;
  std::string worker;
  double heartbeat_seconds = 1;
};

// Runs what is not done yet and prints the tables. Returns the exit code: 0 no run has failed, be it that a budget left
// some for another time; 1 some failed; 2 the sweep cannot be begun as it is; 130 interrupted by a signal: then every
// process that it started has ended, and the same command goes on. Call before any thread exists.
int SweepCommand(const SweepOptions& options, FileSystem& files, Clock& clock);

}  // namespace eoa::sweep
