#include "cli/app/schedule_command.h"

#include <ostream>

#include "broker/core/state.h"
#include "broker/core/view.h"
#include "cli/report/run_files.h"
#include "cli/run/schedule_csv.h"
#include "common/job/read_job.h"
#include "common/words/exit_code.h"
#include "operator/rounds/eoa_jobs.h"
#include "operator/rounds/stored_rounds.h"

namespace eoa::app {
namespace {

struct JobAndView {
  api::Job job;
  broker::EcosphereView view;
};

Result<JobAndView> InCluster(const kube::ObjectKey& key, kube::ApiClient& client) {
  Result<nlohmann::json> found = client.Get(cluster::kEoaJobs, key);
  if (!found.ok()) {
    if (found.error().code() != ErrorCode::kNotFound) return found.error();
    return NotFoundError("no EOAJob " + key.name + " in namespace " + key.name_space + "; see: kubectl get eoajobs -A");
  }
  found->erase("status");
  EOA_ASSIGN_OR_RETURN(const api::Job job, api::JobFromJson(*found));
  EOA_ASSIGN_OR_RETURN(const cluster::RoundsContent rounds, cluster::ReadRounds(client, job));
  EOA_ASSIGN_OR_RETURN(const broker::EcosphereState state, broker::StateAfter(job.spec, rounds.events));
  return JobAndView{job, broker::MakeView(state)};
}

Result<JobAndView> InDirectory(const std::string& directory, FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(const report::ReportInput input, report::ReadRun(directory, files));
  EOA_ASSIGN_OR_RETURN(const broker::EcosphereView view, report::ViewOf(input));
  return JobAndView{input.job, view};
}

int Fail(int code, const Error& error, std::ostream& err) {
  err << "eoa schedule: " << error.message() << "\n";
  return code;
}

int Print(const Result<JobAndView>& found, const ScheduleOptions& options, std::ostream& out, std::ostream& err) {
  if (!found.ok()) return Fail(CommandExit::kFailed, found.error(), err);
  if (options.format.empty()) {
    out << local::ScheduleCsv(found->job.spec, found->view);
    return CommandExit::kOk;
  }
  const auto format = report::ParseScheduleFormat(options.format);
  if (!format.ok()) return Fail(CommandExit::kWrongUsage, format.error(), err);
  const auto text = report::ExportSchedule(found->job, found->view, options.path, *format);
  if (!text.ok()) return Fail(CommandExit::kFailed, text.error(), err);
  out << *text;
  return CommandExit::kOk;
}

}  // namespace

int ScheduleOfRun(const std::string& directory, const ScheduleOptions& options, FileSystem& files, std::ostream& out,
                  std::ostream& err) {
  return Print(InDirectory(directory, files), options, out, err);
}

int ScheduleOfJob(const std::string& name_space, const std::string& name, const ScheduleOptions& options,
                  kube::ApiClient& client, std::ostream& out, std::ostream& err) {
  return Print(InCluster({name_space, name}, client), options, out, err);
}

}  // namespace eoa::app
