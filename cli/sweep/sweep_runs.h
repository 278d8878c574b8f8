// SweepRuns: the processes of a sweep, one `eoa run` for each run, a few at a time.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "cli/run/signal_queue.h"
#include "cli/sweep/sweep_directory.h"
#include "common/base/clock.h"
#include "common/base/subprocess.h"

namespace eoa::sweep {

struct SweepRunsOptions {
  std::vector<std::string> command;  // `eoa run` and its flags; job file and directory are added
  int parallel = 1;
  Duration budget{};    // no run begins later; 0: no limit
  int budget_runs = 0;  // at most so many begin; 0: no limit
  std::string version;
};

// Thread-safety: one owner, whose thread lives as long as it: the kernel ends the processes with that thread.
class SweepRuns {
 public:
  // All of them outlive it.
  SweepRuns(SweepRunsOptions options, const Plan& plan, SweepDirectory& directory, Clock& clock);

  // Runs what is neither done nor failed, in the plan's order, prints a line for each end, and writes the tables after
  // each. Returns true when a signal ended it; then no process runs any more, and a later sweep goes on with theirs.
  // What goes wrong with one run is in its record.
  bool UntilEnd(const local::SignalQueue& signals);

  const std::vector<RunRecord>& records() const { return records_; }

  // Runs that a budget left for another time.
  int left() const { return static_cast<int>(waiting_.size()); }

 private:
  struct Process {
    std::size_t run = 0;  // of the plan
    int share = 0;        // which part of the cores it has
    Subprocess process;
  };

  void BeginDue();
  Status Begin(std::size_t run);
  void CollectEnds();
  void Note(std::size_t run, const std::string& failure);
  void StopAll();
  void Print(const std::string& line) const;
  int FreeShare() const;

  const SweepRunsOptions options_;
  const Plan& plan_;
  SweepDirectory& directory_;
  Clock& clock_;
  const SteadyTime started_;
  const std::vector<int> cores_;
  std::vector<RunRecord> records_;
  std::list<std::size_t> waiting_;
  std::list<Process> running_;
  int begun_ = 0;
};

}  // namespace eoa::sweep
