#include "trainer/app/export_main.h"

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "common/base/file_system.h"
#include "common/words/exit_code.h"
#include "trainer/export/export_model.h"

namespace eoa {

int ExportMain(int argc, char** argv) {
  std::string model;
  std::string format;
  std::string output;
  CLI::App app("Write a model in the format of another library.", "eoa-trainer export");
  app.add_option("--model", model, "The model.safetensors of a run.")->required();
  app.add_option("--format", format, "safetensors-timm, safetensors-hf or torch-state-dict.")->required();
  app.add_option("--output", output, "The file to write; for safetensors-hf a folder.")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? CommandExit::kOk : CommandExit::kWrongUsage;
  }
  const Result<train::ExportFormat> chosen = train::ParseExportFormat(format);
  if (!chosen.ok()) {
    std::cerr << "eoa export: " << chosen.error().message() << "\n";
    return CommandExit::kWrongUsage;
  }
  const Status done = train::ExportModel(RealFileSystem(), model, *chosen, output);
  if (done.ok()) return CommandExit::kOk;
  std::cerr << "eoa export: " << done.error().message() << "\n";
  return CommandExit::kFailed;
}

}  // namespace eoa
