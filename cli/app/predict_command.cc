#include "cli/app/predict_command.h"

#include <unistd.h>

#include <chrono>
#include <ostream>

#include "common/base/program_path.h"
#include "common/base/subprocess.h"
#include "common/words/exit_code.h"

namespace eoa::app {
namespace {

constexpr Duration kPatience = std::chrono::hours(24);  // for a folder of photographs on a slow machine

}  // namespace

int Predict(const PredictOptions& options, FileSystem& files, std::ostream& err) {
  const std::string job = JoinPath(options.directory, "job.json");
  const std::string model = JoinPath(options.directory, "model.safetensors");
  for (const std::string& needed : {job, model}) {
    if (files.Exists(needed)) continue;
    err << "eoa predict: there is no " << needed << "; name the output directory of a run that has succeeded\n";
    return CommandExit::kFailed;
  }
  SubprocessOptions process;
  process.arguments = {BesideThisProgram(options.worker, "eoa-trainer-worker"),
                       "predict",
                       "--job",
                       job,
                       "--model",
                       model,
                       "--top",
                       std::to_string(options.top)};
  if (options.json) process.arguments.emplace_back("--json");
  process.arguments.emplace_back("--");
  process.arguments.insert(process.arguments.end(), options.images.begin(), options.images.end());
  process.descriptors = {{STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  process.new_process_group = false;
  Result<Subprocess> worker = Subprocess::Start(process);
  if (!worker.ok()) {
    err << "eoa predict: " << worker.error().message() << "\n";
    return CommandExit::kFailed;
  }
  const Result<ExitStatus> ended = worker->Wait(kPatience);
  if (ended.ok() && ended->signal == 0)
    return ended->code == CommandExit::kOk ? CommandExit::kOk : CommandExit::kFailed;
  err << "eoa predict: the worker's program ended with " << (ended.ok() ? ended->ToString() : ended.error().message())
      << "\n";
  return CommandExit::kFailed;
}

}  // namespace eoa::app
