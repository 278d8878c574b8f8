#include "cli/run/agent_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/run/restart_delay.h"
#include "common/base/descriptor.h"
#include "common/base/file_system.h"
#include "common/base/number.h"

namespace eoa::local {

AgentPool::AgentPool(AgentPoolOptions options, const api::JobSpec& spec) : options_(std::move(options)) {
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    const api::PopulationSpec& population = spec.populations[i];
    for (int pod = 0; pod < population.members / population.members_per_pod; ++pod) {
      slots_.push_back(
          {.population = static_cast<int>(i), .pod = pod, .name = population.name, .process = std::nullopt});
    }
  }
}

std::string AgentPool::LogPath(const Slot& slot) const {
  return JoinPath(options_.directory, "logs/" + slot.name + "-" + std::to_string(slot.pod) + ".log");
}

Status AgentPool::StartDue(SteadyTime now) {
  for (Slot& slot : slots_) {
    if (slot.wanted && !slot.process && now >= slot.due) EOA_RETURN_IF_ERROR(Start(slot));
  }
  return OkStatus();
}

Status AgentPool::Start(Slot& slot) {
  const std::string log = LogPath(slot);
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!output.valid()) return ErrnoError(errno, "opening " + log);
  const std::string pod = std::to_string(slot.pod);
  SubprocessOptions process;
  process.arguments = {options_.trainer,
                       "--job=" + JoinPath(options_.directory, "job.json"),
                       "--population=" + slot.name,
                       "--pod=" + pod,
                       "--broker=" + options_.broker_url,
                       "--token-file=" + JoinPath(options_.directory, "token"),
                       "--directory=" + JoinPath(options_.directory, "pods/" + slot.name + "-" + pod),
                       "--address=127.0.0.1",
                       "--listen=127.0.0.1",
                       "--threads=" + std::to_string(options_.threads),
                       "--worker=" + options_.worker,
                       "--heartbeat-seconds=" + FormatNumber(options_.heartbeat_seconds),
                       "--profile=" + std::to_string(options_.profile_steps),
                       "--profile-directory=" + JoinPath(options_.directory, "profiles"),
                       "--parent=" + std::to_string(::getpid())};
  process.descriptors = {{output.get(), STDOUT_FILENO}, {output.get(), STDERR_FILENO}};
  Result<Subprocess> started = Subprocess::Start(process);
  if (!started.ok()) return std::move(started).error();
  slot.process.emplace(*std::move(started));
  return OkStatus();
}

std::vector<AgentDeath> AgentPool::CollectDeaths(SteadyTime now) {
  std::vector<AgentDeath> deaths;
  for (Slot& slot : slots_) {
    const std::optional<ExitStatus> status = slot.process ? slot.process->Poll() : std::nullopt;
    if (!status) continue;
    slot.process.reset();
    if (!slot.wanted) continue;
    ++slot.deaths;
    slot.due = now + RestartDelay(slot.deaths);
    deaths.push_back({slot.population, slot.pod, *status, LogPath(slot)});
  }
  return deaths;
}

void AgentPool::GiveUp(int population) {
  for (Slot& slot : slots_) {
    if (slot.population != population) continue;
    slot.wanted = false;
    if (slot.process && !slot.process->Poll()) ::kill(slot.process->pid(), SIGTERM);
  }
}

void AgentPool::StopAll(Duration grace, const Clock& clock) {
  for (Slot& slot : slots_) GiveUp(slot.population);
  const SteadyTime deadline = clock.SteadyNow() + grace;
  for (Slot& slot : slots_) {
    if (!slot.process) continue;
    slot.process->Wait(std::max(Duration::zero(), deadline - clock.SteadyNow())).ok();
    slot.process.reset();  // kills what is left
  }
}

std::vector<pollfd> AgentPool::PollEntries() const {
  std::vector<pollfd> entries;
  for (const Slot& slot : slots_) {
    if (slot.process) entries.push_back({slot.process->exit_descriptor(), POLLIN, 0});
  }
  return entries;
}

int AgentPool::deaths(int population) const {
  int sum = 0;
  for (const Slot& slot : slots_) sum += slot.population == population ? slot.deaths : 0;
  return sum;
}

}  // namespace eoa::local
