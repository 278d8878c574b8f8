#include "trainer/app/predict_main.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/base/file_system.h"
#include "common/base/json_guard.h"
#include "common/base/log.h"
#include "common/job/read_job.h"
#include "common/words/exit_code.h"
#include "trainer/engine/predictor.h"

namespace eoa {
namespace {

constexpr std::uint64_t kMaxJobBytes = std::uint64_t{16} << 20;

Result<std::unique_ptr<train::Predictor>> Open(const std::string& job_file, const std::string& model) {
  EOA_ASSIGN_OR_RETURN(const std::string text, RealFileSystem().ReadFile(job_file, kMaxJobBytes));
  EOA_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(text));
  EOA_ASSIGN_OR_RETURN(const api::Job job, api::JobFromJson(json));
  return train::Predictor::Make(job.spec.trainer, model, RealFileSystem());
}

void PrintLine(const std::string& image, const std::vector<train::Guess>& guesses) {
  std::cout << image;
  for (const train::Guess& guess : guesses) std::cout << "  " << guess.name << " " << guess.probability;
  std::cout << "\n";
}

void PrintJson(const std::string& image, const std::vector<train::Guess>& guesses) {
  nlohmann::ordered_json json = {{"image", image}, {"classes", nlohmann::ordered_json::array()}};
  for (const train::Guess& guess : guesses) {
    json["classes"].push_back({{"name", guess.name}, {"probability", guess.probability}});
  }
  std::cout << DumpJson(json) << "\n";
}

}  // namespace

int PredictMain(int argc, char** argv) {
  std::string job;
  std::string model;
  std::vector<std::string> images;
  int top = 5;
  bool as_json = false;
  CLI::App app("Classify images with the model of a run.", "eoa-trainer-worker predict");
  app.add_option("--job", job, "The job.json of the run.")->required();
  app.add_option("--model", model, "The model.safetensors of the run.")->required();
  app.add_option("--top", top, "How many of the likeliest classes to print for each image.")
      ->check(CLI::Range(1, 1000000));
  app.add_flag("--json", as_json, "Print a JSON object for each image, on a line of its own.");
  app.add_option("IMAGE", images, "JPEG or PNG files.")->required();
  std::vector<std::string> arguments(argv + 2, argv + argc);
  std::ranges::reverse(arguments);  // as this function of CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? CommandExit::kOk : CommandExit::kWrongUsage;
  }
  const auto predictor = Open(job, model);
  if (!predictor.ok()) {
    std::cerr << "eoa predict: " << predictor.error().message() << "\n";
    return CommandExit::kFailed;
  }
  std::cout.precision(4);
  bool all = true;
  for (const std::string& image : images) {
    const auto guesses = (*predictor)->Predict(image, top);
    if (!guesses.ok()) {
      std::cerr << "eoa predict: " << guesses.error().message() << "\n";
      all = false;
      continue;
    }
    (as_json ? PrintJson : PrintLine)(image, *guesses);
  }
  return all ? CommandExit::kOk : CommandExit::kFailed;
}

}  // namespace eoa
