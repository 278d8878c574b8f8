// AgentPool: the agent processes of a local run, one for each pod of the job. Agents die with this process (their
// workers with them), and one that dies is started again after a pause.
#pragma once

#include <sys/poll.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/subprocess.h"
#include "common/job/job.h"

namespace eoa::local {

struct AgentPoolOptions {
  std::string trainer;    // the agent's program
  std::string worker;     // the worker's program
  std::string directory;  // the run's: holds job.json and token; gets logs/ and pods/
  std::string broker_url;
  int threads = 1;  // of each member
  double heartbeat_seconds = 1;
  int profile_steps = 0;
};

struct AgentDeath {
  int population = 0;
  int pod = 0;
  ExitStatus status;
  std::string log;  // the file that holds its output
};

// Thread-safety: one owner thread, which must live as long as the pool: the kernel ends the agents together with it.
class AgentPool {
 public:
  AgentPool(AgentPoolOptions options, const api::JobSpec& spec);

  // Starts what is due. An error means that the program cannot be started at all.
  Status StartDue(SteadyTime now);

  // Agents that have died since the last call; each is due again after RestartDelay unless GiveUp is called.
  std::vector<AgentDeath> CollectDeaths(SteadyTime now);

  // Ends a population's agents (SIGTERM) and starts them no more.
  void GiveUp(int population);

  // SIGTERM to all, SIGKILL to those that still run after `grace`; returns when none is left.
  void StopAll(Duration grace, const Clock& clock);

  std::vector<pollfd> PollEntries() const;
  int deaths(int population) const;

 private:
  struct Slot {
    int population = 0;
    int pod = 0;
    std::string name;
    int deaths = 0;
    bool wanted = true;
    SteadyTime due{};
    std::optional<Subprocess> process;
  };
  Status Start(Slot& slot);
  std::string LogPath(const Slot& slot) const;

  AgentPoolOptions options_;
  std::vector<Slot> slots_;
};

}  // namespace eoa::local
