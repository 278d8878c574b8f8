#include "cli/run/run_directory.h"

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "cli/run/prepare_job.h"
#include "cli/run/revive_run.h"
#include "cli/run/run_result.h"
#include "cli/run/same_job.h"
#include "cli/run/schedule_csv.h"
#include "common/base/entropy.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"
#include "common/evolve/load_schedules.h"
#include "common/job/read_job.h"

namespace eoa::local {
namespace {

constexpr std::size_t kMaxResultBytes = std::size_t{64} << 20;  // a confusion matrix of 2,000 classes among them
constexpr std::size_t kMaxScheduleBytes = std::size_t{64} << 20;

// Into run.job and run.warnings.
Status ReadJobFile(const std::string& path, FileSystem& files, RunDirectory& run) {
  Result<std::string> text = files.ReadFile(path, api::kMaxJobBytes);
  if (!text.ok()) return std::move(text).error();
  api::JobOutcome outcome = api::ReadJob(*text);
  for (const api::Mistake& warning : outcome.warnings) run.warnings.push_back(api::ToString(warning, path));
  if (outcome.job) {
    run.job = *std::move(outcome.job);
    return OkStatus();
  }
  std::string mistakes = "the job is not valid:";
  for (const api::Mistake& mistake : outcome.mistakes) mistakes += "\n" + api::ToString(mistake, path);
  return InvalidArgumentError(mistakes);
}

Status WriteToken(const RunDirectory& run, FileSystem& files) {
  // No other user may read it, not even while it is written.
  const mode_t before = ::umask(0077);
  Status written = files.WriteFileAtomically(run.file("token"), run.token + "\n");
  ::umask(before);
  return written;
}

Result<std::string> MakeDirectory(const RunOptions& options, const std::string& name, FileSystem& files) {
  if (options.output.empty()) return MakeRunDirectory("runs", name, files);
  if (files.Exists(options.output)) {
    const Result<std::vector<std::string>> entries = files.ListDirectory(options.output);
    if (!entries.ok() || !entries->empty()) {
      return AlreadyExistsError("--output: '" + options.output +
                                "' is there already; give a new directory, or go on with " +
                                "that run: eoa run --resume " + options.output);
    }
  }
  EOA_RETURN_IF_ERROR(files.CreateDirectories(options.output));
  return options.output;
}

// Agents read these copies, also when the run is resumed and the user's file has changed or is gone.
Status KeepSchedules(RunDirectory& run, FileSystem& files) {
  for (api::PopulationSpec& population : run.job.spec.populations) {
    if (!evolve::ReadsSchedule(population.algorithm)) continue;
    EOA_ASSIGN_OR_RETURN(const std::string text, files.ReadFile(population.algorithm.schedule, kMaxScheduleBytes));
    std::error_code error;
    const std::string folder = std::filesystem::absolute(run.path, error).string();
    population.algorithm.schedule = JoinPath(folder, "schedule-of-" + population.name + ".csv");
    EOA_RETURN_IF_ERROR(files.WriteFileAtomically(population.algorithm.schedule, text));
  }
  return OkStatus();
}

// The outcome in result.json; empty without one.
std::string HowItEnded(const std::string& path, FileSystem& files) {
  const Result<std::string> text = files.ReadFile(JoinPath(path, "result.json"), kMaxResultBytes);
  if (!text.ok()) return "";
  const Result<nlohmann::json> result = ParseJson(*text);
  if (!result.ok()) return "";
  return TextAt(*result, "outcome");
}

// A directory in which a run of this job may go on: not ended, and nobody at work in it.
std::optional<std::string> FindUnfinished(const RunOptions& options, const std::string& name, FileSystem& files) {
  std::string path = options.output.empty() ? NewestRunDirectory("runs", name, files) : options.output;
  if (path.empty() || !files.Exists(JoinPath(path, "job.json"))) return std::nullopt;
  const std::string ended = HowItEnded(path, files);
  if (!ended.empty() && ended != ToWord(Outcome::kInterrupted)) return std::nullopt;
  return path;
}

// If the newest run of this job was interrupted, makes it `run` and returns true.
Result<bool> ResumeNewestRun(const RunOptions& options, FileSystem& files, RunDirectory& run) {
  const std::optional<std::string> path = FindUnfinished(options, run.job.metadata.name, files);
  if (!path) {
    const std::string newest = NewestRunDirectory("runs", run.job.metadata.name, files);
    if (options.output.empty() && !newest.empty() && HowItEnded(newest, files) == ToWord(Outcome::kFailed)) {
      run.notice = newest + " has failed; to go on with it once the cause is gone: eoa run --resume " + newest;
    }
    return false;
  }
  RunDirectory earlier;
  earlier.path = *path;
  auto lock = RunLock::Take(*path);
  // The newest run is still running: this one gets a directory of its own.
  if (!lock.ok()) return false;
  earlier.lock = *std::move(lock);
  if (!ReadJobFile(earlier.file("job.json"), files, earlier).ok()) return false;
  (void)evolve::LoadSchedules(earlier.job.spec, files);
  if (const std::optional<std::string> difference = FirstDifference(run.job, earlier.job)) {
    run.notice =
        *path + " was interrupted, but the job has changed since: " + *difference +
        ". To go on with that job: " + "eoa run --resume " + *path +
        (options.output.empty() ? ". This run starts from the beginning." : "; for this job give another directory");
    return false;
  }
  TakeWhatTrainsNothing(run.job.spec, earlier.job.spec);
  EOA_RETURN_IF_ERROR(files.WriteFileAtomically(earlier.file("job.json"), DumpJsonPretty(api::JobToJson(earlier.job))));
  earlier.warnings = std::move(run.warnings);
  earlier.notice = "going on with " + *path + ", which was interrupted; to start from the beginning: eoa run --fresh";
  run = std::move(earlier);
  return true;
}

Status Begin(const RunOptions& options, FileSystem& files, RunDirectory& run) {
  EOA_RETURN_IF_ERROR(ReadJobFile(options.job_file, files, run));
  const std::filesystem::path folder = std::filesystem::path(options.job_file).parent_path();
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(folder.empty() ? "." : folder, error);
  if (error) return ErrnoError(error.value(), "finding the job file's folder");
  MakePathsAbsolute(run.job.spec, absolute.string());
  EOA_RETURN_IF_ERROR(CheckInputs(run.job.spec, files));
  EOA_RETURN_IF_ERROR(evolve::LoadSchedules(run.job.spec, files));
  if (!options.fresh) {
    EOA_ASSIGN_OR_RETURN(const bool goes_on, ResumeNewestRun(options, files, run));
    if (goes_on) return OkStatus();
    if (!run.notice.empty() && !options.output.empty()) return FailedPreconditionError("--output: " + run.notice);
  }
  run.job.metadata.uid = RandomHex(16);
  EOA_ASSIGN_OR_RETURN(run.path, MakeDirectory(options, run.job.metadata.name, files));
  EOA_ASSIGN_OR_RETURN(run.lock, RunLock::Take(run.path));
  EOA_RETURN_IF_ERROR(KeepSchedules(run, files));
  return files.WriteFileAtomically(run.file("job.json"), DumpJsonPretty(api::JobToJson(run.job)));
}

Status Resume(const RunOptions& options, FileSystem& files, RunDirectory& run) {
  run.path = options.resume;
  if (!files.Exists(run.file("job.json"))) {
    return NotFoundError("--resume: '" + options.resume +
                         "' is not the output directory of a run: it holds no job.json");
  }
  EOA_ASSIGN_OR_RETURN(run.lock, RunLock::Take(run.path));
  const std::string ended = HowItEnded(run.path, files);
  if (ended == ToWord(Outcome::kSucceeded)) {
    return FailedPreconditionError("--resume: the run in '" + options.resume + "' has ended: " + ended +
                                   "; start another one with: eoa run " + run.file("job.json"));
  }
  EOA_RETURN_IF_ERROR(ReadJobFile(run.file("job.json"), files, run));
  EOA_RETURN_IF_ERROR(CheckInputs(run.job.spec, files));
  if (ended != ToWord(Outcome::kFailed)) return OkStatus();
  run.notice = "going on with " + options.resume + ", which had failed";
  return ReviveRun(run.path, run.job.metadata.uid, files);
}

}  // namespace

Result<RunDirectory> OpenRunDirectory(const RunOptions& options, FileSystem& files) {
  RunDirectory run;
  EOA_RETURN_IF_ERROR(options.resume.empty() ? Begin(options, files, run) : Resume(options, files, run));
  run.token = RandomHex(32);
  EOA_RETURN_IF_ERROR(files.CreateDirectories(run.file("logs")));
  EOA_RETURN_IF_ERROR(files.CreateDirectories(run.file("pods")));
  EOA_RETURN_IF_ERROR(WriteToken(run, files));
  return run;
}

Status WriteSchedule(const RunDirectory& run, const broker::EcosphereView& view, FileSystem& files) {
  return files.WriteFileAtomically(run.file("schedule.csv"), ScheduleCsv(run.job.spec, view));
}

nlohmann::ordered_json ReadEvaluation(const broker::EcosphereView& view, FileSystem& files) {
  const broker::PopulationView* elected = ElectedPopulation(view);
  if (elected == nullptr || !elected->finished || elected->finished->model.empty()) return nullptr;
  const std::string folder = std::filesystem::path(elected->finished->model).parent_path().string();
  const Result<std::string> text = files.ReadFile(JoinPath(folder, "evaluation.json"), kMaxResultBytes);
  if (!text.ok()) return nullptr;
  // Ours, and bounded by its size.
  nlohmann::ordered_json evaluation = nlohmann::ordered_json::parse(*text, nullptr, false);
  return evaluation.is_discarded() ? nullptr : evaluation;
}

Status CopyModel(const RunDirectory& run, const broker::EcosphereView& view, FileSystem& files) {
  const broker::PopulationView* elected = ElectedPopulation(view);
  if (elected == nullptr || !elected->finished || elected->finished->model.empty()) {
    return NotFoundError("the elected population left no model");
  }
  const std::string part = run.file("model.safetensors.part");
  std::error_code error;
  std::filesystem::copy_file(elected->finished->model, part, std::filesystem::copy_options::overwrite_existing, error);
  if (error) return ErrnoError(error.value(), "copying " + elected->finished->model);
  return files.Rename(part, run.file("model.safetensors"));
}

Status RemoveCheckpoints(const RunDirectory& run, bool succeeded, FileSystem& files) {
  if (api::KeepsCheckpoints(run.job.spec.checkpoint.retain, succeeded)) return OkStatus();
  return files.Remove(run.file("pods"));
}

}  // namespace eoa::local
