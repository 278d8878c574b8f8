// eoa: the command line. Flags and wiring only; each command lives in a file of its own.
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "common/base/file_system.h"
#include "operator/local/run_command.h"

namespace {

constexpr int kWrongUsage = 2;

void AddRun(CLI::App& app, eoa::local::RunOptions& options) {
  CLI::App* run = app.add_subcommand("run", "Run a job on this machine");
  CLI::Option* file = run->add_option("FILE", options.job_file, "the job");
  run->add_option("-o,--output", options.output, "output directory, made by the run (default: runs/NAME-N)");
  CLI::Option* resume =
      run->add_option("--resume", options.resume, "go on with the interrupted run in this output directory");
  resume->excludes(file);
  run->add_option("--trainer", options.trainer, "the agent's program (default: eoa-trainer beside eoa)")
      ->group("Programs");
  run->add_option("--worker", options.worker, "the worker's program (default: eoa-trainer-worker beside eoa)")
      ->group("Programs");
  run->add_option("--heartbeat-seconds", options.heartbeat_seconds, "between two heartbeats of an agent")
      ->check(CLI::Range(0.01, 60.0))
      ->group("Programs");
  run->callback([&options] {
    if (options.job_file.empty() && options.resume.empty()) throw CLI::RequiredError("FILE (the job) or --resume DIR");
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Ecosphere Optimization Algorithm: finds learning-rate schedules while a model trains", "eoa");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Print all commands' help");

  eoa::local::RunOptions run;
  run.version = EOA_VERSION;
  AddRun(app, run);

  CLI::App* version = app.add_subcommand("version", "Print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  eoa::FileSystem& files = eoa::RealFileSystem();
  if (app.got_subcommand("run")) return eoa::local::RunCommand(run, files, eoa::RealClock());
  if (app.got_subcommand(version)) std::cout << "eoa " << EOA_VERSION << "\n";
  return 0;
}
