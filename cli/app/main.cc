// eoa: the command line. Flags and wiring only; each command lives in a file of its own.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "cli/app/export_command.h"
#include "cli/app/predict_command.h"
#include "cli/app/render_command.h"
#include "cli/app/report_command.h"
#include "cli/app/schedule_command.h"
#include "cli/app/validate_command.h"
#include "cli/data/check_command.h"
#include "cli/data/data_command.h"
#include "cli/fetch/fetch_command.h"
#include "cli/run/run_command.h"
#include "cli/sweep/sweep_command.h"
#include "common/base/file_system.h"
#include "common/net/cpprest/cpprest_client.h"
#include "common/words/exit_code.h"
#include "operator/access/cluster_access.h"

namespace {

void AddRun(CLI::App& app, eoa::local::RunOptions& options) {
  CLI::App* run = app.add_subcommand("run", "Run a job on this machine.");
  CLI::Option* file = run->add_option("FILE", options.job_file, "The job file.");
  run->add_option("-o,--output", options.output, "The output directory, which the run makes. Default: runs/NAME-N.");
  CLI::Option* resume =
      run->add_option("--resume", options.resume, "Go on with the interrupted run in this output directory.");
  resume->excludes(file);
  run->add_flag("--fresh", options.fresh, "Start from the beginning even if a run of this job was interrupted.")
      ->excludes(resume);
  run->add_option("--profile", options.profile_steps,
                  "Trace this number of steps of each member, for Perfetto or chrome://tracing.")
      ->check(CLI::Range(0, 1000));
  run->add_option("--trainer", options.trainer, "The agent's program. Default: eoa-trainer beside eoa.")
      ->group("Programs");
  run->add_option("--worker", options.worker, "The worker's program. Default: eoa-trainer-worker beside eoa.")
      ->group("Programs");
  run->add_option("--heartbeat-seconds", options.heartbeat_seconds, "Seconds between two heartbeats of an agent.")
      ->check(CLI::Range(0.01, 60.0))
      ->group("Programs");
  run->add_option("--parent", options.parent, "The process id of the parent; the run ends when it does.")
      ->group("Programs");
  run->callback([&options] {
    if (options.job_file.empty() && options.resume.empty()) throw CLI::RequiredError("FILE (the job) or --resume DIR");
  });
}

CLI::App* AddSweep(CLI::App& app, eoa::sweep::SweepOptions& options) {
  options.version = EOA_VERSION;
  CLI::App* sweep =
      app.add_subcommand("sweep", "Run jobs that differ in some fields, with several seeds; compare them.");
  sweep->add_option("FILE", options.file, "The sweep file.")->required();
  sweep->add_option("-o,--output", options.output, "The output directory. Default: sweeps/NAME.");
  CLI::Option* show = sweep->add_flag("--show", options.show, "Run nothing; show the tables of what is done.");
  sweep->add_flag("--render", options.render, "Print the EOAJobs, for kubectl apply, and run nothing.")->excludes(show);
  sweep->add_option("--trainer", options.trainer, "As for run.")->group("Programs");
  sweep->add_option("--worker", options.worker, "As for run.")->group("Programs");
  sweep->add_option("--heartbeat-seconds", options.heartbeat_seconds, "As for run.")
      ->check(CLI::Range(0.01, 60.0))
      ->group("Programs");
  return sweep;
}

CLI::App* AddDataCheck(CLI::App& data, eoa::data::CheckOptions& options) {
  CLI::App* check = data.add_subcommand("check", "Say what a data set holds and what training on it would fail at.");
  check->add_option("DIR", options.directory, "The data set's folder, as spec.trainer.dataset.path.")->required();
  check->add_flag("--decode", options.decode, "Read every image, in place of only opening its file.");
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  check->add_option("--threads", options.threads, "Threads that read. Default: one for each core.")
      ->check(CLI::Range(1, 1024));
  return check;
}

CLI::App* AddRender(CLI::App& app, eoa::app::RenderOptions& options) {
  options.trainer_image = std::string("eoa-trainer:") + EOA_VERSION;
  options.broker_url = "http://eoa-broker.eoa-system.svc:8080";
  CLI::App* render = app.add_subcommand("render", "Print the Kubernetes objects that the operator makes for a job.");
  render->add_option("FILE", options.file, "The job file, or - for standard input.")->required();
  render->add_option("-n,--namespace", options.name_space,
                     "The namespace of the objects. Default: the job's, or \"default\".");
  render->add_option("--uid", options.uid,
                     "The uid of the EOAJob in a cluster, to print exactly what is applied there.");
  render->add_option("--trainer-image", options.trainer_image, "The operator's --trainer-image.")
      ->capture_default_str();
  render->add_option("--broker-url", options.broker_url, "The operator's --broker-url.")->capture_default_str();
  render->add_flag("--no-default-storage-class", options.no_default_storage_class,
                   "As in a cluster without one, where a job that names no claim keeps checkpoints in its pods.");
  render->add_flag("--json", options.json, "Print one JSON List instead of YAML documents.");
  return render;
}

CLI::App* AddPredict(CLI::App& app, eoa::app::PredictOptions& options) {
  CLI::App* predict = app.add_subcommand("predict", "Classify images with the model of a run.");
  predict->add_option("DIR", options.directory, "The output directory of a run.")->required();
  predict->add_option("IMAGE", options.images, "JPEG or PNG files.")->required();
  predict->add_option("--top", options.top, "How many of the likeliest classes to print for each image.")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  predict->add_flag("--json", options.json, "Print a JSON object for each image, on a line of its own.");
  predict->add_option("--worker", options.worker, "The worker's program. Default: eoa-trainer-worker beside eoa.")
      ->group("Programs");
  return predict;
}

struct ScheduleFlags {
  std::string name;  // or a directory
  std::string name_space;
  std::string population;
  eoa::app::ScheduleOptions options;
  eoa::app::ClusterFlags cluster;
};

CLI::App* AddSchedule(CLI::App& app, ScheduleFlags& flags) {
  CLI::App* schedule = app.add_subcommand("schedule", "Print the learning rates of a run, or of a job in a cluster.");
  schedule->add_option("RUN", flags.name, "The output directory of a run, or the name of an EOAJob.")->required();
  CLI::Option* format = schedule->add_option("--format", flags.options.format,
                                             "Print the learning rates that trained the model as csv, json, python or "
                                             "pytorch-lambda. Default: the whole schedule.csv.");
  CLI::Option* population =
      schedule->add_option("--population", flags.population, "The population whose member's rates to print.")
          ->needs(format);
  schedule->add_option("--member", flags.options.path.member, "The number of that member.")
      ->needs(population)
      ->capture_default_str();
  schedule->add_option("-n,--namespace", flags.name_space, "The job's namespace. Default: that of the context.");
  schedule->add_option("--kubeconfig", flags.cluster.kubeconfig,
                       "The kubeconfig file. Default: $KUBECONFIG, or ~/.kube/config.");
  schedule->add_option("--context", flags.cluster.context, "The context of the kubeconfig. Default: the current one.");
  return schedule;
}

struct FetchFlags {
  eoa::fetch::FetchOptions options;
  eoa::app::ClusterFlags cluster;
};

CLI::App* AddFetch(CLI::App& app, FetchFlags& flags) {
  CLI::App* fetch = app.add_subcommand("fetch", "Make of a job in a cluster the directory that `eoa run` makes.");
  fetch->add_option("JOB", flags.options.name, "The name of the EOAJob.")->required();
  fetch->add_option("DIR", flags.options.directory, "The directory. Default: the job's name.");
  fetch->add_option("-n,--namespace", flags.options.name_space, "The job's namespace. Default: that of the context.");
  fetch->add_option("--kubeconfig", flags.cluster.kubeconfig,
                    "The kubeconfig file. Default: $KUBECONFIG, or ~/.kube/config.");
  fetch->add_option("--context", flags.cluster.context, "The context of the kubeconfig. Default: the current one.");
  return fetch;
}

int RunFetch(FetchFlags flags, eoa::FileSystem& files) {
  const eoa::Result<eoa::kube::Connection> connection = eoa::app::Connect(flags.cluster);
  if (!connection.ok()) {
    std::cerr << "eoa fetch: " << connection.error().message() << "\n";
    return eoa::CommandExit::kFailed;
  }
  eoa::fetch::FetchOptions& options = flags.options;
  if (options.name_space.empty()) options.name_space = connection->name_space;
  if (options.directory.empty()) options.directory = options.name;
  options.version = EOA_VERSION;
  options.progress = ::isatty(STDERR_FILENO) == 1;
  const auto http = eoa::app::MakeClusterClient(*connection, "eoa/" EOA_VERSION);
  // A piece of a file comes within it, over slow lines too.
  eoa::kube::ApiClient client(*connection, *http, eoa::RealClock(), {.timeout = std::chrono::seconds(60)});
  return eoa::fetch::Fetch(options, client, files, eoa::RealClock(), std::cout, std::cerr);
}

int RunSchedule(ScheduleFlags flags, eoa::FileSystem& files) {
  if (!flags.population.empty()) flags.options.path.population = flags.population;
  // A job's name is a DNS label: it has no slash.
  if (flags.name.find('/') != std::string::npos || files.IsDirectory(flags.name)) {
    return eoa::app::ScheduleOfRun(flags.name, flags.options, files, std::cout, std::cerr);
  }
  const eoa::Result<eoa::kube::Connection> connection = eoa::app::Connect(flags.cluster);
  if (!connection.ok()) {
    std::cerr << "eoa schedule: " << connection.error().message() << "\n";
    return eoa::CommandExit::kFailed;
  }
  const auto http = eoa::app::MakeClusterClient(*connection, "eoa/" EOA_VERSION);
  eoa::kube::ApiClient client(*connection, *http, eoa::RealClock());
  return eoa::app::ScheduleOfJob(flags.name_space.empty() ? connection->name_space : flags.name_space, flags.name,
                                 flags.options, client, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Ecosphere Optimization Algorithm: finds learning-rate schedules while a model trains", "eoa");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print the help of all commands.");

  eoa::local::RunOptions run;
  run.version = EOA_VERSION;
  AddRun(app, run);

  eoa::sweep::SweepOptions sweep;
  CLI::App* sweep_command = AddSweep(app, sweep);

  eoa::app::ValidateOptions validate;
  CLI::App* validate_command = app.add_subcommand("validate", "Check a job file and print every mistake in it.");
  validate_command->add_option("FILE", validate.file, "The job file, or - for standard input.")->required();
  validate_command->add_flag("--defaults", validate.defaults, "Print the job with every default filled in.");

  eoa::app::RenderOptions render;
  CLI::App* render_command = AddRender(app, render);

  ScheduleFlags schedule;
  CLI::App* schedule_command = AddSchedule(app, schedule);

  FetchFlags fetch;
  CLI::App* fetch_command = AddFetch(app, fetch);

  eoa::data::DataOptions data;
  eoa::data::CheckOptions checked;
  CLI::App* data_command = app.add_subcommand("data", "Fetch the official archive of a data set, or check a data set.");
  CLI::App* check_command = AddDataCheck(*data_command, checked);
  data_command->add_option("NAME", data.dataset, "cifar10 or cifar100.");
  data_command->add_option("DIR", data.directory, "The directory to put it in.");
  data_command->callback([&] {
    if (!check_command->parsed() && data.directory.empty()) throw CLI::RequiredError("NAME and DIR, or check DIR");
  });
  data_command->add_option("--from", data.from, "Use this archive, which was fetched before, instead of the network.");
  data_command->add_option("--url", data.url, "The URL of the folder to fetch the archive from.")
      ->envname("EOA_DATA_URL");

  eoa::app::ExportOptions exported;
  CLI::App* export_command = app.add_subcommand("export", "Write the model of a run in the format of another library.");
  export_command->add_option("DIR", exported.directory, "The output directory of a run, or its model.safetensors.")
      ->required();
  export_command->add_option("--format", exported.format, "safetensors-timm, safetensors-hf or torch-state-dict.")
      ->required();
  export_command->add_option("-o,--output", exported.output,
                             "The file to write; for safetensors-hf a folder. Default: in DIR.");
  export_command->add_option("--trainer", exported.trainer, "The trainer's program. Default: eoa-trainer beside eoa.")
      ->group("Programs");

  eoa::app::PredictOptions predicted;
  CLI::App* predict_command = AddPredict(app, predicted);

  eoa::app::ReportOptions reported;
  reported.version = EOA_VERSION;
  CLI::App* report_command =
      app.add_subcommand("report", "Write the report.html of a run, also of one that is still running.");
  report_command->add_option("DIR", reported.directory, "The output directory of a run.")->required();
  report_command->add_option("-o,--output", reported.output, "The file to write. Default: report.html in DIR.");

  eoa::app::CompareOptions compared;
  compared.version = EOA_VERSION;
  CLI::App* compare_command = app.add_subcommand("compare", "Compare runs, side by side.");
  compare_command->add_option("DIR", compared.directories, "The output directories of runs.")->required();
  compare_command->add_option("--html", compared.output, "Also write a page with charts of all of them to this file.");

  CLI::App* version = app.add_subcommand("version", "Print the version.");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? eoa::CommandExit::kOk : eoa::CommandExit::kWrongUsage;
  }
  eoa::FileSystem& files = eoa::RealFileSystem();
  if (app.got_subcommand("run")) return eoa::local::RunCommand(run, files, eoa::RealClock());
  if (app.got_subcommand(sweep_command)) return eoa::sweep::SweepCommand(sweep, files, eoa::RealClock());
  if (app.got_subcommand(validate_command)) return eoa::app::Validate(validate, files, std::cout, std::cerr);
  if (app.got_subcommand(render_command)) return eoa::app::Render(render, files, std::cout, std::cerr);
  if (app.got_subcommand(fetch_command)) return RunFetch(fetch, files);
  if (app.got_subcommand(schedule_command)) return RunSchedule(schedule, files);
  if (check_command->parsed()) {
    return eoa::data::CheckCommand(checked, eoa::RealClock(), std::cout, std::cerr);
  }
  if (app.got_subcommand(data_command)) {
    const auto http = eoa::net::MakeCpprestClient({});
    return eoa::data::DataCommand(data, *http, files, std::cout, std::cerr);
  }
  if (app.got_subcommand(export_command)) return eoa::app::Export(exported, files, std::cout, std::cerr);
  if (app.got_subcommand(report_command)) return eoa::app::Report(reported, files, std::cout, std::cerr);
  if (app.got_subcommand(compare_command)) return eoa::app::Compare(compared, files, std::cout, std::cerr);
  if (app.got_subcommand(predict_command)) return eoa::app::Predict(predicted, files, std::cerr);
  if (app.got_subcommand(version)) std::cout << "eoa " << EOA_VERSION << "\n";
  return eoa::CommandExit::kOk;
}
