#include "cli/fetch/fetch_command.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/failure_policy.h"
#include "broker/core/journal.h"
#include "broker/core/state.h"
#include "broker/core/view.h"
#include "cli/fetch/model_source.h"
#include "cli/report/report_data.h"
#include "cli/report/report_page.h"
#include "cli/run/run_result.h"
#include "cli/run/schedule_csv.h"
#include "common/base/json_guard.h"
#include "common/base/number.h"
#include "common/base/timestamp.h"
#include "common/job/job_status.h"
#include "common/job/read_job.h"
#include "common/words/exit_code.h"
#include "common/words/labels.h"
#include "operator/rounds/eoa_jobs.h"
#include "operator/rounds/stored_rounds.h"

namespace eoa::fetch {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostResultBytes = std::uint64_t{64} << 20;
constexpr const char* kModel = "model.safetensors";
constexpr const char* kEvaluation = "evaluation.json";

class Fetching {
 public:
  Fetching(const FetchOptions& options, kube::ApiClient& client, FileSystem& files, Clock& clock, std::ostream& err)
      : options_(options), client_(client), files_(files), clock_(clock), err_(err) {}

  Status Run() {
    EOA_RETURN_IF_ERROR(ReadJob());
    EOA_RETURN_IF_ERROR(ClaimDirectory());
    EOA_RETURN_IF_ERROR(ReadRounds());
    // What is small and needs no pod is there whatever becomes of the model.
    Status model = FetchModel();
    EOA_RETURN_IF_ERROR(WriteResults());
    if (!model.ok()) return std::move(model).error().WithContext("the model");
    return Mark();
  }

 private:
  std::string file(const std::string& name) const { return JoinPath(options_.directory, name); }
  bool ended() const { return api::IsTerminal(status_); }
  bool succeeded() const { return api::IsTrue(status_, ConditionType::kComplete); }

  Status ReadJob() {
    const kube::ObjectKey key{options_.name_space, options_.name};
    Result<json> found = client_.Get(cluster::kEoaJobs, key);
    if (!found.ok()) {
      if (found.error().code() != ErrorCode::kNotFound) return std::move(found).error();
      return NotFoundError("no EOAJob " + key.name + " in namespace " + key.name_space +
                           "; see: kubectl get eoajobs -A");
    }
    if (found->contains("status")) status_ = api::StatusFromJson(found->at("status"));
    found->erase("status");
    EOA_ASSIGN_OR_RETURN(job_, api::JobFromJson(*found));
    return OkStatus();
  }

  // An empty directory, or the one of an earlier fetch of this job.
  Status ClaimDirectory() {
    const std::string job_file = file("job.json");
    if (files_.Exists(job_file)) {
      EOA_ASSIGN_OR_RETURN(const std::string text, files_.ReadFile(job_file, api::kMaxJobBytes));
      EOA_ASSIGN_OR_RETURN(const api::Job there, api::JobFromText(text, job_file));
      if (there.metadata.uid != job_.metadata.uid) {
        return AlreadyExistsError("'" + options_.directory + "' holds another run; name another directory");
      }
    } else if (files_.Exists(options_.directory)) {
      EOA_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.ListDirectory(options_.directory));
      if (!names.empty()) {
        return AlreadyExistsError("'" + options_.directory + "' is there and is not empty; name another directory");
      }
    }
    EOA_RETURN_IF_ERROR(files_.CreateDirectories(options_.directory));
    api::Job job = job_;
    job.metadata.labels.clear();
    job.metadata.annotations.clear();
    return files_.WriteFileAtomically(job_file, DumpJsonPretty(api::JobToJson(job)));
  }

  Status ReadRounds() {
    EOA_ASSIGN_OR_RETURN(cluster::RoundsContent rounds, cluster::ReadRounds(client_, job_));
    events_ = std::move(rounds.events);
    EOA_ASSIGN_OR_RETURN(const broker::EcosphereState state, broker::StateAfter(job_.spec, events_));
    view_ = broker::MakeView(state);
    std::string journal = broker::EncodeJournalHeader(job_.metadata.uid);
    for (const broker::Event& event : events_) journal += broker::EncodeJournalRecord(event);
    EOA_RETURN_IF_ERROR(files_.WriteFileAtomically(file("journal"), journal));
    return files_.WriteFileAtomically(file("schedule.csv"), local::ScheduleCsv(job_.spec, view_));
  }

  Status FetchModel() {
    const broker::PopulationView* elected = broker::ElectedPopulation(view_);
    if (elected == nullptr) return NotFoundError("no generation has been decided yet");
    EOA_ASSIGN_OR_RETURN(const std::unique_ptr<ModelSource> source,
                         ModelSource::Open(job_, elected->name, client_, clock_));
    const RemoteFile* model = Find(*source, kModel);
    if (succeeded() && model != nullptr) {
      EOA_RETURN_IF_ERROR(Take(*source, *model));
      if (const RemoteFile* evaluation = Find(*source, kEvaluation)) EOA_RETURN_IF_ERROR(Take(*source, *evaluation));
      has_model_ = true;
      return OkStatus();
    }
    const RemoteFile* newest = NewestCheckpoint(*source);
    if (newest == nullptr) return NotFoundError("pod of " + elected->name + " has neither a model nor a checkpoint");
    return Take(*source, *newest);
  }

  static const RemoteFile* Find(const ModelSource& source, const std::string& name) {
    const auto found = std::ranges::find(source.list(), name, &RemoteFile::name);
    return found == source.list().end() ? nullptr : &*found;
  }

  // Of those with a manifest.
  static const RemoteFile* NewestCheckpoint(const ModelSource& source) {
    const RemoteFile* newest = nullptr;
    std::int64_t best = -1;
    for (const RemoteFile& each : source.list()) {
      constexpr std::string_view kPrefix = "checkpoint-";
      constexpr std::string_view kSuffix = ".weights.json";
      if (!each.name.starts_with(kPrefix) || !each.name.ends_with(kSuffix)) continue;
      const std::string stem = each.name.substr(0, each.name.size() - std::string_view(".json").size());
      const Result<std::int64_t> generation =
          ParseInteger(std::string_view(each.name).substr(kPrefix.size(), each.name.find('.') - kPrefix.size()));
      const RemoteFile* weights = Find(source, stem + ".safetensors");
      if (!generation.ok() || *generation <= best || weights == nullptr) continue;
      best = *generation;
      newest = weights;
    }
    return newest;
  }

  Status Take(ModelSource& source, const RemoteFile& wanted) {
    const auto show = [&](const RemoteFile& each, std::int64_t done) {
      if (!options_.progress) return;
      constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
      err_ << "\r" << each.name << ": " << done / kMebibyte << " of " << each.bytes / kMebibyte << " MiB" << std::flush;
      if (done >= each.bytes) err_ << "\n";
    };
    return source.files().Fetch(wanted, file(wanted.name), files_, show);
  }

  Status WriteResults() {
    report::ReportInput input{.job = job_, .events = events_, .result = nullptr, .version = options_.version};
    if (ended()) {
      local::RunSummary summary{.verdict = {}, .duration = {}, .started = {}, .version = options_.version};
      summary.verdict.outcome = succeeded() ? Outcome::kSucceeded : Outcome::kFailed;
      const api::Condition* failed = api::FindCondition(status_, ConditionType::kFailed);
      if (!succeeded() && failed != nullptr) summary.verdict.reason = failed->message;
      if (status_.start_time) summary.started = *status_.start_time;
      if (status_.start_time && status_.completion_time) summary.duration = *status_.completion_time - summary.started;
      if (has_model_ && files_.Exists(file(kEvaluation))) {
        EOA_ASSIGN_OR_RETURN(const std::string text, files_.ReadFile(file(kEvaluation), kMostResultBytes));
        summary.evaluation = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
        if (summary.evaluation.is_discarded()) summary.evaluation = nullptr;
      }
      input.result = local::RunResultJson(job_, view_, summary);
      EOA_RETURN_IF_ERROR(files_.WriteFileAtomically(file("result.json"), local::RunResultText(input.result)));
      EOA_RETURN_IF_ERROR(files_.Remove(file(kEvaluation)));
    }
    EOA_ASSIGN_OR_RETURN(const nlohmann::ordered_json data, report::ReportData(input));
    return files_.WriteFileAtomically(file("report.html"), report::ReportPage(data));
  }

  // A failure to say so loses nothing: something is kept longer than needed.
  Status Mark() {
    if (!has_model_) return OkStatus();
    const json patch = {{"metadata", {{"annotations", {{kFetchedAnnotation, FormatTimestamp(clock_.Now())}}}}}};
    const Result<json> marked = client_.MergePatch(cluster::kEoaJobs, {options_.name_space, options_.name}, patch);
    if (!marked.ok()) {
      err_ << "eoa fetch: the job is not told that its model was fetched, so that a pod or claims may be kept for it: "
           << marked.error().message() << "\n";
    }
    return OkStatus();
  }

  const FetchOptions& options_;
  kube::ApiClient& client_;
  FileSystem& files_;
  Clock& clock_;
  std::ostream& err_;
  api::Job job_;
  api::JobStatus status_;
  std::vector<broker::Event> events_;
  broker::EcosphereView view_;
  bool has_model_ = false;  // in the directory
};

}  // namespace

int Fetch(const FetchOptions& options, kube::ApiClient& client, FileSystem& files, Clock& clock, std::ostream& out,
          std::ostream& err) {
  const Status fetched = Fetching(options, client, files, clock, err).Run();
  if (!fetched.ok()) {
    err << "eoa fetch: " << fetched.error().message() << "\n";
    return CommandExit::kFailed;
  }
  out << options.directory << "\n";
  return CommandExit::kOk;
}

}  // namespace eoa::fetch
