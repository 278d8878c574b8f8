// Runs the real `eoa run` with real agents and scripted workers (tests/fakes/scripted_worker.cc) in a directory of its
// own.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/subprocess.h"

namespace eoa::test {

inline constexpr auto kRunLimit = std::chrono::seconds(60);

struct JobShape {
  int seed = 42;
  int generations = 6;
  int members_per_pod = 4;
  int deadline_seconds = 20;
  int max_restarts = 5;
  std::string weight_merge = "Average";
  std::string mode = "Sync";
};

// A job with wolves (Grey Wolf) and whales (Whale), four members each.
std::string JobText(const JobShape& shape);

class EoaRun {
 public:
  // A fresh directory below the test's temporary one. `environment` goes to eoa and so to its agents and workers.
  explicit EoaRun(const std::string& name, std::map<std::string, std::string> environment = {});

  // eoa run job.yaml --output DIRECTORY/out, and more arguments; or with `resume` on the same output directory.
  void Start(const JobShape& shape, std::vector<std::string> more = {});
  void Resume();

  // eoa sweep sweep.yaml --output DIRECTORY/out, and more arguments. `spec` is the file's; its job is JobFile().
  void StartSweep(const std::string& spec, std::vector<std::string> more = {});

  void WriteJob(const JobShape& shape) const;
  std::string JobFile() const { return directory_ + "/job.yaml"; }

  // Ends the test when it takes longer than kRunLimit.
  ExitStatus Wait();

  pid_t pid() const { return process_->pid(); }
  std::string Path(const std::string& name) const;  // in the output directory
  std::string Read(const std::string& name) const;  // empty when it is not there
  std::string Output() const;                       // stdout and stderr of all starts
  nlohmann::json ResultJson() const;

  // Waits until `text` is in a file of the output directory, or in Output() when `file` is empty.
  bool WaitFor(const std::string& text, const std::string& file = "") const;

  // Processes of this run: eoa, agents, workers; found by an environment variable that all inherit.
  std::vector<pid_t> Processes() const;
  // Whether they have all ended within `limit`.
  bool AllGone(Duration limit) const;
  std::vector<pid_t> ProcessesNamed(const std::string& program) const;

  std::vector<std::string> Arguments(std::vector<std::string> more) const;
  const std::map<std::string, std::string>& environment() const { return environment_; }
  void SetEnvironment(const std::string& name, const std::string& value) {
    environment_[name] = value;
  }  // of later starts

 private:
  void Launch(std::vector<std::string> arguments);

  std::string directory_;
  std::map<std::string, std::string> environment_;
  std::optional<Subprocess> process_;
};

// The greatest resident size of a process so far, in KiB.
long PeakKib(pid_t pid);

}  // namespace eoa::test
