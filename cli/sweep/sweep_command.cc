#include "cli/sweep/sweep_command.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "cli/run/prepare_job.h"
#include "cli/sweep/comparison.h"
#include "cli/sweep/sweep_directory.h"
#include "cli/sweep/sweep_runs.h"
#include "common/base/number.h"
#include "common/base/program_path.h"
#include "common/document/json_document.h"
#include "common/document/print_yaml.h"
#include "common/document/read_yaml.h"
#include "common/evolve/load_schedules.h"
#include "common/job/read_job.h"
#include "common/words/exit_code.h"

namespace eoa::sweep {
namespace {

Error MistakesOf(const std::vector<api::Mistake>& mistakes, const std::string& file) {
  std::string text;
  for (const api::Mistake& mistake : mistakes) text += (text.empty() ? "" : "\n") + api::ToString(mistake, file);
  return InvalidArgumentError(std::move(text));
}

struct Loaded {
  Sweep sweep;
  Plan plan;
  std::string job_folder;  // absolute
};

Result<Loaded> Load(const std::string& file, FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(const std::string text, files.ReadFile(file, api::kMaxDocumentBytes));
  SweepOutcome read = ReadSweep(text);
  if (!read.sweep) return MistakesOf(read.mistakes, file);
  const std::filesystem::path job_file = std::filesystem::path(file).parent_path() / read.sweep->job;
  const auto job_text = files.ReadFile(job_file.string(), api::kMaxJobBytes);
  if (!job_text.ok()) return InvalidArgumentError(file + ": spec.job: " + job_text.error().message());
  const api::JobOutcome job = api::ReadJob(*job_text);
  if (!job.job) return MistakesOf(job.mistakes, job_file.string());
  // It was read just now, so it has a root.
  const api::YamlOutcome written = api::ReadYaml(*job_text, {"an", "EOAJob"});
  PlanOutcome expanded = Expand(*read.sweep, api::NodeToJson(*written.root));
  if (!expanded.plan) return MistakesOf(expanded.mistakes, file);
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(job_file, error);
  if (error) return ErrnoError(error.value(), "finding the job file's folder");
  return Loaded{*std::move(read.sweep), *std::move(expanded.plan), absolute.parent_path().string()};
}

void Render(const Plan& plan) {
  for (const PlannedRun& run : plan.runs) std::cout << "---\n" << api::YamlText(DocumentOf(plan, run));
}

// As `eoa run` does to each job, so that what is missing is said once and before anything runs.
Status PrepareJobs(Loaded& loaded, FileSystem& files) {
  for (Variant& variant : loaded.plan.variants) {
    local::MakePathsAbsolute(variant.job.spec, loaded.job_folder);
    Status ready = local::CheckInputs(variant.job.spec, files);
    if (ready.ok()) ready = evolve::LoadSchedules(variant.job.spec, files);
    if (!ready.ok()) return std::move(ready).error().WithContext(variant.name);
  }
  return OkStatus();
}

int ParallelRuns(const Loaded& loaded) {
  if (loaded.sweep.parallel > 0) return loaded.sweep.parallel;
  int members = 1;
  for (const Variant& variant : loaded.plan.variants) {
    members = std::max(members, api::EcosphereMembers(variant.job.spec));
  }
  return std::clamp(local::AvailableCores() / members, 1, static_cast<int>(loaded.plan.runs.size()));
}

SweepRunsOptions RunsOptions(const SweepOptions& options, const Loaded& loaded) {
  std::vector<std::string> command = {BesideThisProgram("", "eoa"), "run",
                                      "--heartbeat-seconds=" + FormatNumber(options.heartbeat_seconds)};
  if (!options.trainer.empty()) command.push_back("--trainer=" + options.trainer);
  if (!options.worker.empty()) command.push_back("--worker=" + options.worker);
  return {.command = std::move(command),
          .parallel = ParallelRuns(loaded),
          .budget = std::chrono::seconds(loaded.sweep.budget_seconds),
          .budget_runs = loaded.sweep.budget_runs,
          .version = options.version};
}

void PrintTables(const Plan& plan, const SweepDirectory& directory, const std::vector<RunRecord>& records) {
  std::cout << "\n"
            << ComparisonText(plan, Compare(plan, records), records)
            << "\n± is half of a 95 % confidence interval; differences are of test accuracy in points, seed by seed.\n"
            << "files    " << directory.path() << "/: sweep.html variants.csv runs.csv sweep.json runs/ logs/\n";
}

int Fail(const Error& error) {
  std::cerr << "eoa sweep: " << error.message() << "\n";
  return CommandExit::kWrongUsage;
}

}  // namespace

int SweepCommand(const SweepOptions& options, FileSystem& files, Clock& clock) {
  auto loaded = Load(options.file, files);
  if (!loaded.ok()) return Fail(loaded.error());
  const Plan& plan = loaded->plan;
  if (options.render) {
    Render(plan);
    return CommandExit::kOk;
  }
  const local::SignalQueue signals;
  if (const Status ready = PrepareJobs(*loaded, files); !ready.ok()) return Fail(ready.error());
  const std::string path = options.output.empty() ? JoinPath("sweeps", plan.name) : options.output;
  auto directory = SweepDirectory::Open(path, plan, files);
  if (!directory.ok()) return Fail(directory.error());
  SweepRunsOptions runs_options = RunsOptions(options, *loaded);
  const int parallel = runs_options.parallel;
  SweepRuns runs(std::move(runs_options), plan, *directory, clock);
  bool interrupted = false;
  if (!options.show) {
    const std::size_t ended = plan.runs.size() - static_cast<std::size_t>(runs.left());
    std::cout << "eoa sweep: " << plan.name << ", " << plan.variants.size() << " variants, " << plan.runs.size()
              << " runs";
    if (ended > 0) std::cout << ", " << ended << " of which have ended";
    std::cout << "; " << parallel << " at once; output in " << path << std::endl;
    interrupted = runs.UntilEnd(signals);
  }
  if (const Status written = directory->WriteTables(runs.records(), options.version); !written.ok()) {
    return Fail(written.error());
  }
  PrintTables(plan, *directory, runs.records());
  if (runs.left() > 0 || interrupted) std::cout << "go on    the same command\n";
  if (interrupted) return CommandExit::kInterrupted;
  const bool failed =
      std::ranges::any_of(runs.records(), [](const RunRecord& each) { return each.state == RunState::kFailed; });
  return failed ? CommandExit::kFailed : CommandExit::kOk;
}

}  // namespace eoa::sweep
