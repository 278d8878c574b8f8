#include "cli/run/run_command.h"

#include <sys/poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "broker/core/journal.h"
#include "broker/rest/broker_service.h"
#include "cli/report/report_data.h"
#include "cli/report/report_page.h"
#include "cli/report/run_files.h"
#include "cli/run/agent_pool.h"
#include "cli/run/event_lines.h"
#include "cli/run/live_table.h"
#include "cli/run/prepare_job.h"
#include "cli/run/run_directory.h"
#include "cli/run/run_result.h"
#include "cli/run/screen.h"
#include "cli/run/signal_queue.h"
#include "cli/run/time_left.h"
#include "common/base/json_guard.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/base/program_path.h"
#include "common/base/subprocess.h"
#include "common/words/exit_code.h"

namespace eoa::local {
namespace {

constexpr int kRefreshMilliseconds = 200;
constexpr Duration kStopGrace = std::chrono::seconds(3);

class Run {
 public:
  Run(RunDirectory directory, broker::BrokerService& broker, AgentPoolOptions agents, FileSystem& files, Clock& clock)
      : directory_(std::move(directory)),
        broker_(broker),
        agents_(std::move(agents), directory_.job.spec),
        files_(files),
        clock_(clock),
        started_(clock.SteadyNow()),
        left_(directory_.job.spec.populations.size(), TimeLeft(directory_.job.spec.ecosphere.generations)),
        screen_(STDOUT_FILENO) {
    for (const broker::PopulationView& population : View().populations) attempts_before_.push_back(population.attempt);
  }

  broker::JobVerdict UntilEnd(const SignalQueue& signals) {
    broker::JobVerdict verdict;
    while (verdict.outcome == Outcome::kRunning) {
      const SteadyTime now = clock_.SteadyNow();
      if (const Status started = agents_.StartDue(now); !started.ok()) {
        verdict = {Outcome::kFailed, started.error().ToString()};
        break;
      }
      NoteDeaths(now);
      Refresh(now);
      EnforceBudget();
      verdict = broker::JudgeJob(spec(), view_);
      if (verdict.outcome == Outcome::kRunning && PastActiveDeadline(now)) {
        verdict = {Outcome::kFailed, "not finished within runPolicy.activeDeadlineSeconds"};
      }
      if (verdict.outcome == Outcome::kRunning && Wait(signals))
        verdict = {Outcome::kInterrupted, "asked to stop by a signal"};
    }
    agents_.StopAll(kStopGrace, clock_);
    Refresh(clock_.SteadyNow());
    return verdict;
  }

  const broker::EcosphereView& view() const { return view_; }
  Duration elapsed() const { return clock_.SteadyNow() - started_; }

 private:
  const api::JobSpec& spec() const { return directory_.job.spec; }
  broker::EcosphereView View() const {
    return broker_.View(directory_.job.metadata.uid).value_or(broker::EcosphereView{});
  }

  // Until something happens or the next refresh is due; true when asked to stop.
  bool Wait(const SignalQueue& signals) {
    std::vector<pollfd> entries = agents_.PollEntries();
    entries.push_back({signals.descriptor(), POLLIN, 0});
    ::poll(entries.data(), entries.size(), kRefreshMilliseconds);
    return signals.StopRequested();
  }

  void NoteDeaths(SteadyTime now) {
    for (const AgentDeath& death : agents_.CollectDeaths(now)) {
      const std::string& name = spec().population(death.population).name;
      Print(name + ": the agent of pod " + std::to_string(death.pod) + " ended with " + death.status.ToString() +
            "; see " + death.log);
      // It cannot even start, and would not the next time.
      if (death.status.signal == 0 && death.status.code == static_cast<int>(ExitCode::kBadConfiguration))
        GiveUp(death.population, "the agent cannot start; see " + death.log);
    }
  }

  void EnforceBudget() {
    // Attempts and deaths both count most losses, so the greater number is taken, not the sum. The first attempt since
    // this run began, or went on, is none.
    std::vector<int> restarts;
    for (std::size_t i = 0; i < view_.populations.size(); ++i) {
      restarts.push_back(
          std::max(view_.populations[i].attempt - attempts_before_[i] - 1, agents_.deaths(static_cast<int>(i))));
    }
    const auto exhausted = broker::ExhaustedRestarts(spec(), restarts);
    for (std::size_t i = 0; i < exhausted.size(); ++i) {
      const broker::PopulationView& population = view_.populations[i];
      if (!exhausted[i] || HasEnded(population.phase)) continue;
      GiveUp(static_cast<int>(i),
             population.last_error.empty() ? *exhausted[i] : *exhausted[i] + ": " + population.last_error);
    }
  }

  void GiveUp(int population, const std::string& reason) {
    broker_.StopPopulation(directory_.job.metadata.uid, spec().population(population).name, reason);
    agents_.GiveUp(population);
    view_ = View();
  }

  bool PastActiveDeadline(SteadyTime now) const {
    const int deadline = spec().run_policy.active_deadline_seconds;
    return deadline > 0 && now - started_ >= std::chrono::seconds(deadline);
  }

  void Refresh(SteadyTime now) {
    broker::EcosphereView view = View();
    const EventLines lines = DescribeChanges(directory_.job, view_, view);
    const bool decided = view.rounds.size() > view_.rounds.size();
    view_ = std::move(view);
    for (const std::string& line : lines.others) Print(line);
    // On a terminal the table shows the elections.
    if (!screen_.live()) {
      for (const std::string& line : lines.rounds) Print(line);
    }
    TableTimes times{.elapsed = now - started_, .left = {}};
    for (std::size_t i = 0; i < view_.populations.size(); ++i) {
      left_[i].Observe(now, GenerationsDone(spec(), view_.populations[i]));
      times.left.push_back(left_[i].Estimate());
    }
    screen_.Show(RenderTable(directory_.job, view_, times, {.width = screen_.width(), .color = screen_.color()}));
    if (!decided) return;
    if (const Status written = WriteSchedule(directory_, view_, files_); !written.ok()) {
      Print("schedule.csv is not written: " + written.error().ToString());
    }
  }

  void Print(const std::string& line) { screen_.Print("[" + FormatDuration(elapsed()) + "] " + line); }

  const RunDirectory directory_;
  broker::BrokerService& broker_;
  AgentPool agents_;
  FileSystem& files_;
  Clock& clock_;
  const SteadyTime started_;
  std::vector<TimeLeft> left_;
  std::vector<int> attempts_before_;  // of each population, in the journal that this run goes on with
  broker::EcosphereView view_;
  Screen screen_;
};

void PrintSummary(const RunDirectory& run, const broker::EcosphereView& view, const broker::JobVerdict& verdict) {
  std::cout << "\n";
  if (const broker::PopulationView* elected = ElectedPopulation(view)) {
    const api::Decision& decision = view.rounds.back().decision;
    std::cout << "elected  " << decision.elected.population << "/" << decision.elected.member << ", LR "
              << FormatShort(decision.elected.learning_rate, 4) << ", fitness "
              << FormatShort(decision.elected.fitness, 4) << " after " << view.rounds.size() << " generations\n";
    if (elected->finished && elected->finished->test_accuracy) {
      std::cout << "test     " << FormatShort(*elected->finished->test_accuracy * 100, 4) << " % of "
                << elected->finished->test_images << " images\n";
    }
  }
  std::cout << "files    " << run.path << "/: report.html result.json schedule.csv job.json";
  std::cout << (verdict.outcome == Outcome::kSucceeded ? " model.safetensors\n" : " logs/\n");
  if (!view.rounds.empty()) {
    std::cout << "replay   algorithm: {name: Fixed, schedule: " << run.file("schedule.csv") << "}\n";
  }
  if (verdict.outcome == Outcome::kInterrupted)
    std::cout << "go on    the same command, or eoa run --resume " << run.path << "\n";
  std::cout.flush();
  if (verdict.outcome == Outcome::kFailed) std::cerr << "eoa run: failed: " << verdict.reason << "\n";
}

int Fail(int code, const Error& error) {
  std::cerr << "eoa run: " << error.message() << "\n";
  return code;
}

// The report can be made again at any time, so a failure to write it is printed and changes nothing else.
void WriteReport(const RunDirectory& run, const std::string& version, FileSystem& files) {
  const auto page = [&]() -> Status {
    EOA_ASSIGN_OR_RETURN(report::ReportInput input, report::ReadRun(run.path, files));
    input.version = version;
    EOA_ASSIGN_OR_RETURN(const nlohmann::ordered_json data, report::ReportData(input));
    return files.WriteFileAtomically(run.file("report.html"), report::ReportPage(data));
  };
  const Status written = page();
  if (!written.ok()) std::cerr << "eoa run: report.html is not written: " << written.error().ToString() << "\n";
}

// What is written once, when the run has ended.
Status WriteResults(const RunDirectory& run, const broker::EcosphereView& view, RunSummary summary, FileSystem& files) {
  EOA_RETURN_IF_ERROR(WriteSchedule(run, view, files));
  summary.evaluation = ReadEvaluation(view, files);
  const bool succeeded = summary.verdict.outcome == Outcome::kSucceeded;
  if (succeeded) EOA_RETURN_IF_ERROR(CopyModel(run, view, files));
  EOA_RETURN_IF_ERROR(
      files.WriteFileAtomically(run.file("result.json"), RunResultText(RunResultJson(run.job, view, summary))));
  EOA_RETURN_IF_ERROR(files.Remove(run.file("token")));
  return summary.verdict.outcome == Outcome::kInterrupted ? OkStatus() : RemoveCheckpoints(run, succeeded, files);
}

}  // namespace

int RunCommand(const RunOptions& options, FileSystem& files, Clock& clock) {
  if (options.parent > 0) DieWithParent(options.parent);
  const SignalQueue signals;
  const WallTime started = clock.Now();
  const Result<RunDirectory> run = OpenRunDirectory(options, files);
  if (!run.ok()) return Fail(CommandExit::kWrongUsage, run.error());
  for (const std::string& warning : run->warnings) std::cerr << warning << "\n";
  auto journal = broker::OpenJournal(run->file("journal"), run->job.metadata.uid, files);
  if (!journal.ok()) return Fail(CommandExit::kFailed, journal.error());
  broker::FixedToken token(run->token);
  const auto broker = broker::BrokerService::Start({}, token, clock);
  if (!broker.ok()) return Fail(CommandExit::kFailed, broker.error());
  if (const Status added = (*broker)->AddJob(run->job, *std::move(journal)); !added.ok())
    return Fail(CommandExit::kFailed, added.error());

  const api::JobSpec& spec = run->job.spec;
  std::error_code error;
  const AgentPoolOptions agents{
      .trainer = BesideThisProgram(options.trainer, "eoa-trainer"),
      .worker = BesideThisProgram(options.worker, "eoa-trainer-worker"),
      .directory = std::filesystem::absolute(run->path, error).string(),
      .broker_url = "http://127.0.0.1:" + std::to_string((*broker)->port()),
      .threads = ThreadsPerMember(AvailableCores(), api::EcosphereMembers(spec)),
      .heartbeat_seconds = options.heartbeat_seconds,
      .profile_steps = options.profile_steps,
  };
  if (!run->notice.empty()) std::cout << "eoa run: " << run->notice << "\n";
  std::cout << "eoa run: " << run->job.metadata.name << ", " << spec.populations.size() << " populations, "
            << api::EcosphereMembers(spec) << " members, " << spec.ecosphere.generations << " generations; output in "
            << run->path << std::endl;

  RunSummary summary{.verdict = {}, .started = started, .version = options.version};
  broker::EcosphereView view;
  {
    Run running(*run, **broker, agents, files, clock);
    summary.verdict = running.UntilEnd(signals);
    summary.duration = running.elapsed();
    view = running.view();
  }
  if (const Status written = WriteResults(*run, view, summary, files); !written.ok()) {
    if (summary.verdict.outcome != Outcome::kSucceeded) Fail(CommandExit::kFailed, written.error());
    if (summary.verdict.outcome == Outcome::kSucceeded)
      summary.verdict = {Outcome::kFailed, written.error().ToString()};
  }
  WriteReport(*run, options.version, files);
  PrintSummary(*run, view, summary.verdict);
  if (summary.verdict.outcome == Outcome::kInterrupted) return CommandExit::kInterrupted;
  return summary.verdict.outcome == Outcome::kSucceeded ? CommandExit::kOk : CommandExit::kFailed;
}

}  // namespace eoa::local
