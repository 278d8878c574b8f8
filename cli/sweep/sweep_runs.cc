#include "cli/sweep/sweep_runs.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <optional>
#include <utility>

#include "cli/run/time_left.h"
#include "cli/sweep/core_share.h"
#include "common/base/descriptor.h"
#include "common/base/number.h"
#include "common/words/exit_code.h"

namespace eoa::sweep {
namespace {

constexpr int kLookMilliseconds = 500;
// `eoa run` itself ends everything within 5 s.
constexpr Duration kStopGrace = std::chrono::seconds(15);

std::string Outcome(const RunRecord& record) {
  std::string text(ToWord(record.state));
  if (record.test_accuracy) text += ", test " + FormatShort(100 * *record.test_accuracy, 4) + " %";
  if (!record.reason.empty()) text += ": " + record.reason;
  return text;
}

}  // namespace

SweepRuns::SweepRuns(SweepRunsOptions options, const Plan& plan, SweepDirectory& directory, Clock& clock)
    : options_(std::move(options)),
      plan_(plan),
      directory_(directory),
      clock_(clock),
      started_(clock.SteadyNow()),
      cores_(AllowedCores()) {
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    records_.push_back(directory.Read(plan.runs[i]));
    const RunState state = records_.back().state;
    if (state == RunState::kPending || state == RunState::kInterrupted) waiting_.push_back(i);
  }
}

bool SweepRuns::UntilEnd(const local::SignalQueue& signals) {
  for (;;) {
    BeginDue();
    if (running_.empty()) return false;
    std::vector<pollfd> entries = {{signals.descriptor(), POLLIN, 0}};
    for (const Process& each : running_) entries.push_back({each.process.exit_descriptor(), POLLIN, 0});
    ::poll(entries.data(), entries.size(), kLookMilliseconds);
    if (signals.StopRequested()) {
      StopAll();
      return true;
    }
    CollectEnds();
  }
}

void SweepRuns::BeginDue() {
  while (!waiting_.empty() && static_cast<int>(running_.size()) < options_.parallel) {
    const bool late = options_.budget > Duration::zero() && clock_.SteadyNow() - started_ >= options_.budget;
    if (late || (options_.budget_runs > 0 && begun_ >= options_.budget_runs)) return;
    const std::size_t run = waiting_.front();
    waiting_.pop_front();
    ++begun_;
    if (const Status begun = Begin(run); !begun.ok()) Note(run, begun.error().ToString());
  }
}

Status SweepRuns::Begin(std::size_t run) {
  const PlannedRun& planned = plan_.runs[run];
  EOA_ASSIGN_OR_RETURN(const std::string job, directory_.Prepare(planned));
  const std::string log = directory_.LogPath(planned);
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!output.valid()) return ErrnoError(errno, "opening " + log);
  SubprocessOptions process;
  process.arguments = options_.command;
  for (const std::string& argument :
       {"--output=" + directory_.RunPath(planned), "--parent=" + std::to_string(::getpid()), job}) {
    process.arguments.push_back(argument);
  }
  process.descriptors = {{output.get(), STDOUT_FILENO}, {output.get(), STDERR_FILENO}};
  const int share = FreeShare();
  // A run computes with as many threads as it has cores.
  const CoreShare cores(ShareOf(cores_, share, options_.parallel));
  EOA_ASSIGN_OR_RETURN(Subprocess started, Subprocess::Start(process));
  running_.push_back({run, share, std::move(started)});
  const bool goes_on = records_[run].state == RunState::kInterrupted;
  Print(planned.id + (goes_on ? " goes on" : " begins"));
  return OkStatus();
}

int SweepRuns::FreeShare() const {
  int share = 0;
  while (std::ranges::any_of(running_, [share](const Process& each) { return each.share == share; })) ++share;
  return share;
}

void SweepRuns::CollectEnds() {
  for (auto each = running_.begin(); each != running_.end();) {
    const std::optional<ExitStatus> status = each->process.Poll();
    if (!status) {
      ++each;
      continue;
    }
    const std::size_t run = each->run;
    each = running_.erase(each);
    Note(run, status->ok()
                  ? ""
                  : "`eoa run` ended with " + status->ToString() + ": " + directory_.LastWords(plan_.runs[run]));
  }
}

// `failure` counts where the run's own files do not say that it ended.
void SweepRuns::Note(std::size_t run, const std::string& failure) {
  RunRecord& record = records_[run];
  record = directory_.Read(plan_.runs[run]);
  const bool ended = record.state == RunState::kSucceeded || record.state == RunState::kFailed;
  if (!ended && !failure.empty()) {
    record = RunRecord();
    record.state = RunState::kFailed;
    record.reason = failure;
  }
  const auto done = std::ranges::count_if(records_, [](const RunRecord& each) {
    return each.state == RunState::kSucceeded || each.state == RunState::kFailed;
  });
  Print(plan_.runs[run].id + ": " + Outcome(record) + " (" + std::to_string(done) + " of " +
        std::to_string(records_.size()) + ")");
  const Status written = directory_.WriteTables(records_, options_.version);
  if (!written.ok()) std::cerr << "eoa sweep: the tables are not written: " << written.error().ToString() << std::endl;
}

void SweepRuns::Print(const std::string& line) const {
  std::cout << "[" << local::FormatDuration(clock_.SteadyNow() - started_) << "] " << line << std::endl;
}

void SweepRuns::StopAll() {
  for (Process& each : running_) (void)each.process.Signal(SIGTERM);
  for (Process& each : running_) {
    each.process.Terminate(kStopGrace);
    records_[each.run] = directory_.Read(plan_.runs[each.run]);
  }
  running_.clear();
}

}  // namespace eoa::sweep
