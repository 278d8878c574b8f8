#include "tests/integration/run/eoa_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/entropy.h"

namespace eoa::test {
namespace {

constexpr const char* kMark = "EOA_TEST_RUN";

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string JobText(const JobShape& shape) {
  std::ostringstream text;
  text << "apiVersion: eoa.io/v1alpha1\n"
          "kind: EOAJob\n"
          "metadata: {name: scripted}\n"
          "spec:\n"
          "  seed: "
       << shape.seed
       << "\n"
          "  trainer:\n"
          "    model: {name: wrn-10-1}\n"
          "    dataset: {name: cifar10, path: data}\n"
          "  ecosphere:\n"
          "    generations: "
       << shape.generations << "\n    baseLearningRate: 0.02\n    weightMerge: " << shape.weight_merge
       << "\n    exchange: {mode: " << shape.mode << ", deadlineSeconds: " << shape.deadline_seconds << "}\n"
       << "  populations:\n"
       << "  - {name: wolves, algorithm: {name: GreyWolf}, members: 4, membersPerPod: " << shape.members_per_pod
       << "}\n"
       << "  - {name: whales, algorithm: {name: Whale}, members: 4, membersPerPod: " << shape.members_per_pod << "}\n"
       << "  runPolicy: {maxPopulationRestarts: " << shape.max_restarts << "}\n";
  return text.str();
}

EoaRun::EoaRun(const std::string& name, std::map<std::string, std::string> environment)
    : directory_(::testing::TempDir() + "eoa_run_" + name), environment_(std::move(environment)) {
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_ + "/data");
  environment_[kMark] = RandomHex(8);
}

std::string EoaRun::Path(const std::string& name) const { return directory_ + "/out/" + name; }
std::string EoaRun::Read(const std::string& name) const { return Slurp(Path(name)); }
std::string EoaRun::Output() const { return Slurp(directory_ + "/output.txt"); }

nlohmann::json EoaRun::ResultJson() const { return nlohmann::json::parse(Read("result.json"), nullptr, false); }

std::vector<std::string> EoaRun::Arguments(std::vector<std::string> more) const {
  std::vector<std::string> arguments = {EOA_BINARY_DIR "/eoa", "run", "--heartbeat-seconds=0.1"};
  const bool own_worker =
      std::any_of(more.begin(), more.end(), [](const auto& each) { return each.starts_with("--worker="); });
  if (!own_worker) arguments.push_back("--worker=" EOA_BINARY_DIR "/scripted_worker");
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

void EoaRun::Start(const JobShape& shape, std::vector<std::string> more) {
  WriteJob(shape);
  more.push_back(JobFile());
  more.push_back("--output=" + directory_ + "/out");
  Launch(Arguments(std::move(more)));
}

void EoaRun::StartSweep(const std::string& spec, std::vector<std::string> more) {
  const std::string file = directory_ + "/sweep.yaml";
  std::ofstream(file)
      << "apiVersion: eoa.io/v1alpha1\nkind: Sweep\nmetadata: {name: scripted}\nspec:\n  job: job.yaml\n"
      << spec;
  more.push_back(file);
  more.push_back("--output=" + directory_ + "/out");
  std::vector<std::string> arguments = Arguments(std::move(more));
  arguments[1] = "sweep";
  Launch(std::move(arguments));
}

void EoaRun::WriteJob(const JobShape& shape) const { std::ofstream(JobFile()) << JobText(shape); }

void EoaRun::Resume() { Launch(Arguments({"--resume=" + directory_ + "/out"})); }

void EoaRun::Launch(std::vector<std::string> arguments) {
  const std::string path = directory_ + "/output.txt";
  const int output = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ASSERT_GE(output, 0);
  SubprocessOptions options;
  options.arguments = std::move(arguments);
  options.environment = environment_;
  options.descriptors = {{output, STDOUT_FILENO}, {output, STDERR_FILENO}};
  Result<Subprocess> started = Subprocess::Start(options);
  ::close(output);
  ASSERT_TRUE(started.ok()) << started.error().ToString();
  process_.emplace(*std::move(started));
}

ExitStatus EoaRun::Wait() {
  const auto status = process_->Wait(kRunLimit);
  if (!status.ok()) {
    ADD_FAILURE() << "still running; it said:\n" << Output();
    return process_->Terminate(std::chrono::seconds(5));
  }
  return *status;
}

bool EoaRun::WaitFor(const std::string& text, const std::string& file) const {
  const SteadyTime deadline = RealClock().SteadyNow() + kRunLimit;
  while (RealClock().SteadyNow() < deadline) {
    if ((file.empty() ? Output() : Read(file)).find(text) != std::string::npos) return true;
    RealClock().SleepFor(std::chrono::milliseconds(5));
  }
  return false;
}

std::vector<pid_t> EoaRun::Processes() const { return ProcessesNamed(""); }

bool EoaRun::AllGone(Duration limit) const {
  const SteadyTime deadline = RealClock().SteadyNow() + limit;
  while (!Processes().empty()) {
    if (RealClock().SteadyNow() > deadline) return false;
    RealClock().SleepFor(std::chrono::milliseconds(10));
  }
  return true;
}

std::vector<pid_t> EoaRun::ProcessesNamed(const std::string& program) const {
  const std::string mark = std::string(kMark) + "=" + environment_.at(kMark);
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (Slurp(entry.path() / "environ").find(mark) == std::string::npos) continue;
    const std::string command = Slurp(entry.path() / "cmdline");
    const std::string path = command.substr(0, command.find('\0'));
    if (program.empty() || path.ends_with("/" + program)) found.push_back(std::stoi(name));
  }
  return found;
}

long PeakKib(pid_t pid) {
  std::istringstream status(Slurp("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return -1;
}

}  // namespace eoa::test
