#include "cli/app/export_command.h"

#include <chrono>
#include <filesystem>

#include "common/base/program_path.h"
#include "common/base/subprocess.h"
#include "common/words/exit_code.h"

namespace eoa::app {
namespace {

constexpr Duration kPatience = std::chrono::hours(1);  // for terabytes on a slow disk

std::string DefaultOutput(const std::string& model, const std::string& format) {
  const std::filesystem::path folder = std::filesystem::path(model).parent_path();
  if (format == "torch-state-dict") return (folder / "model.pt").string();
  return (folder / (format == "safetensors-hf" ? "hugging-face" : "timm.safetensors")).string();
}

}  // namespace

int Export(const ExportOptions& options, FileSystem& files, std::ostream& out, std::ostream& err) {
  const bool folder = files.IsDirectory(options.directory);
  const std::string model = folder ? JoinPath(options.directory, "model.safetensors") : options.directory;
  if (!files.Exists(model)) {
    err << "eoa export: there is no " << model << "; a run leaves it when it has succeeded\n";
    return CommandExit::kFailed;
  }
  const std::string output = options.output.empty() ? DefaultOutput(model, options.format) : options.output;
  Result<Subprocess> trainer =
      Subprocess::Start({.arguments = {BesideThisProgram(options.trainer, "eoa-trainer"), "export", "--model", model,
                                       "--format", options.format, "--output", output},
                         .new_process_group = false});
  if (!trainer.ok()) {
    err << "eoa export: " << trainer.error().message() << "\n";
    return CommandExit::kFailed;
  }
  const Result<ExitStatus> ended = trainer->Wait(kPatience);
  if (!ended.ok() || !ended->ok()) {
    // The trainer's own message has said why it ended by itself.
    if (!ended.ok() || ended->signal != 0) {
      err << "eoa export: the trainer's program ended with "
          << (ended.ok() ? ended->ToString() : ended.error().message()) << "\n";
    }
    return ended.ok() && ended->code == CommandExit::kWrongUsage ? CommandExit::kWrongUsage : CommandExit::kFailed;
  }
  out << output << "\n";
  return CommandExit::kOk;
}

}  // namespace eoa::app
