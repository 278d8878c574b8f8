// What one broker carries: heartbeats a second and their latency at 64 connections, 1,000 simultaneous long polls, and
// how much memory that takes. The broker runs in a process of its own, on one thread, with its journal on disk; the
// load comes from one thread of this one. Prints JSON.
//
//   bench_broker [SECONDS]
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "broker/core/journal.h"
#include "broker/rest/broker_service.h"
#include "common/base/file_system.h"
#include "common/base/json_guard.h"
#include "tests/bench/broker/load_connections.h"

namespace eoa::bench {
namespace {

using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* kToken = "bench-token";
constexpr int kConnections = 64;
constexpr int kPolls = 1000;
constexpr double kTargetRate = 10'000;

api::Job BenchJob() {
  api::Job job;
  job.metadata.uid = "bench";
  for (const auto& [name, members] : {std::pair("wolves", kConnections), std::pair("whales", kPolls + 1)}) {
    api::PopulationSpec population;
    population.name = name;
    population.members = members;
    job.spec.populations.push_back(population);
  }
  return job;
}

std::string Post(const std::string& population, const std::string& what, const json& document) {
  const std::string body = DumpJson(document);
  return "POST /v1/jobs/bench/populations/" + population + "/" + what +
         " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + kToken +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string JoinRequest(const std::string& population, int pod, int wait_seconds) {
  api::JoinRequest request;
  request.pod = pod;
  request.incarnation = "p" + std::to_string(pod);
  request.address = "127.0.0.1";
  request.wait_seconds = wait_seconds;
  return Post(population, "join", api::ToJson(request));
}

std::string HeartbeatRequest(int pod) {
  api::HeartbeatRequest request;
  request.pod = pod;
  request.incarnation = "p" + std::to_string(pod);
  request.attempt = 1;
  request.step = 17;
  request.steps = 100;
  request.images_per_second = 1234.5;
  request.train_loss = 1.25;
  request.phase = TrainerPhase::kTraining;
  return Post("wolves", "heartbeat", api::ToJson(request));
}

// The broker, until this process ends; its port goes to `port_pipe`.
[[noreturn]] void Serve(const std::string& journal, int port_pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto store = broker::OpenJournal(journal, "bench", RealFileSystem());
  if (!store.ok()) std::_Exit(1);
  broker::FixedToken token(kToken);
  auto server = broker::BrokerService::Start({}, token, RealClock());
  if (!server.ok() || !(*server)->AddJob(BenchJob(), *std::move(store)).ok()) std::_Exit(1);
  const std::uint16_t port = (*server)->port();
  if (::write(port_pipe, &port, sizeof port) != sizeof port) std::_Exit(1);
  for (;;) ::pause();
}

double ResidentMebibytes(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

// Processor time of all its threads so far.
double ProcessorSeconds(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(stat, text);
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double Since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// `latencies` in seconds, ascending.
json Summary(const std::vector<double>& latencies, double seconds) {
  if (latencies.empty()) return {{"perSecond", 0}};
  const auto at = [&](double share) {
    return 1e3 * latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  return {{"perSecond", static_cast<double>(latencies.size()) / seconds},
          {"p50Milliseconds", at(0.5)},
          {"p99Milliseconds", at(0.99)},
          {"maxMilliseconds", at(1)}};
}

json MeasureHeartbeats(pid_t server, std::uint16_t port, double seconds) {
  std::vector<std::string> joins;
  std::vector<std::string> beats;
  for (int pod = 0; pod < kConnections; ++pod) {
    joins.push_back(JoinRequest("wolves", pod, 30));
    beats.push_back(HeartbeatRequest(pod));
  }
  LoadConnections joining(port, std::move(joins));
  joining.SendAll();
  joining.ReceiveAll(std::chrono::seconds(30));
  LoadConnections load(port, std::move(beats));
  load.Run(std::chrono::seconds(1));
  const auto duration = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  const double before = ProcessorSeconds(server);
  const std::vector<double> latencies = load.Run(duration);
  const double used = ProcessorSeconds(server) - before;
  json saturated = Summary(latencies, seconds);
  // What other programs take from the machine does not change this one.
  saturated["processorMicrosecondsPerHeartbeat"] = 1e6 * used / static_cast<double>(latencies.size());
  json at_target = Summary(load.RunAtRate(kTargetRate, duration), seconds);
  return {{"connections", kConnections},
          {"saturated", std::move(saturated)},
          {"atTargetRate", std::move(at_target)},
          {"failures", load.failures() + joining.failures()}};
}

json MeasurePolls(std::uint16_t port) {
  std::vector<std::string> joins;
  joins.reserve(kPolls);
  for (int pod = 0; pod < kPolls; ++pod) joins.push_back(JoinRequest("whales", pod, 60));
  LoadConnections polls(port, std::move(joins));
  polls.SendAll();
  const std::size_t early = polls.ReceiveAll(std::chrono::seconds(1));
  LoadConnections beat(port, {HeartbeatRequest(0)});
  const std::vector<double> meanwhile = beat.Run(std::chrono::seconds(1));
  LoadConnections last(port, {JoinRequest("whales", kPolls, 60)});
  const auto start = SteadyClock::now();
  last.SendAll();
  const std::size_t answered = polls.ReceiveAll(std::chrono::seconds(30));
  return {{"waiting", kPolls - early},
          {"answered", answered},
          {"secondsToAnswerAll", Since(start)},
          {"heartbeatsPerSecondMeanwhileOnOneConnection", meanwhile.size()},
          {"failures", polls.failures() + beat.failures()}};
}

int Main(double seconds) {
  const std::string journal = std::filesystem::temp_directory_path() / ("broker-bench-" + std::to_string(::getpid()));
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return 1;
  const pid_t server = ::fork();
  if (server == 0) Serve(journal, pipe_ends[1]);
  std::uint16_t port = 0;
  ::close(pipe_ends[1]);
  if (::read(pipe_ends[0], &port, sizeof port) != sizeof port) return 1;

  json result = {{"heartbeats", MeasureHeartbeats(server, port, seconds)}};
  result["residentMebibytesAfterHeartbeats"] = ResidentMebibytes(server);
  result["longPolls"] = MeasurePolls(port);
  result["peakResidentMebibytes"] = ResidentMebibytes(server);
  result["targets"] = {
      {"perSecond", kTargetRate}, {"p99Milliseconds", 5}, {"peakResidentMebibytes", 40}, {"waiting", 1000}};
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  std::filesystem::remove(journal);
  std::cout << result.dump(2) << std::endl;
  return 0;
}

}  // namespace
}  // namespace eoa::bench

int main(int argc, char** argv) { return eoa::bench::Main(argc > 1 ? std::strtod(argv[1], nullptr) : 5); }
