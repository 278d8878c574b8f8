// eoa-operator: flags, signals and wiring; what it does is in operator/cluster.
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "common/base/entropy.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/words/exit_code.h"
#include "operator/access/cluster_access.h"
#include "operator/cluster/operator.h"
#include "operator/kube/connection.h"

namespace {

std::string ListenText(const std::string& address, std::uint16_t port) { return address + ":" + std::to_string(port); }

int WholeSeconds(eoa::Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

// As they are written on the command line; the defaults are those of OperatorOptions.
struct Flags {
  eoa::cluster::OperatorOptions options;
  eoa::app::ClusterFlags cluster;
  std::string broker_listen = ListenText(options.broker_address, options.broker_port);
  std::string metrics_listen = ListenText(options.metrics_address, options.metrics_port);
  std::string health_listen = ListenText(options.health_address, options.health_port);
  std::string log_level = "info";
  std::string log_format = "json";
  int lease_seconds = WholeSeconds(options.lease_duration);
  int renew_seconds = WholeSeconds(options.renew_deadline);
  int retry_seconds = WholeSeconds(options.retry_period);
  int sync_seconds = WholeSeconds(options.sync_deadline);
  int drain_seconds = WholeSeconds(options.drain_deadline);
};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? "" : value;
}

// Every flag can be given by the environment too: EOA_TRAINER_IMAGE for --trainer-image.
void AddFlags(CLI::App& app, Flags& flags) {
  eoa::cluster::OperatorOptions& options = flags.options;
  app.add_option(
      "--kubeconfig", flags.cluster.kubeconfig,
      "The kubeconfig file. Default: in a pod its own service account, elsewhere $KUBECONFIG or ~/.kube/config.");
  app.add_option("--context", flags.cluster.context, "The context of the kubeconfig. Default: the current one.");
  app.add_option("--namespace", options.namespaces,
                 "Watch only this namespace; may be repeated. Default: all namespaces.")
      ->envname("EOA_NAMESPACE")
      ->delimiter(',');
  app.add_option("--trainer-image", options.trainer_image, "The trainer's image of jobs that name none.")
      ->envname("EOA_TRAINER_IMAGE")
      ->capture_default_str();
  app.add_option("--broker-url", options.broker_url, "The URL at which trainers reach the broker.")
      ->envname("EOA_BROKER_URL");
  app.add_option("--broker-listen", flags.broker_listen, "ADDRESS:PORT that the broker listens on.")
      ->envname("EOA_BROKER_LISTEN")
      ->capture_default_str();
  app.add_option("--metrics-listen", flags.metrics_listen, "ADDRESS:PORT that serves /metrics.")
      ->envname("EOA_METRICS_LISTEN")
      ->capture_default_str();
  app.add_option("--health-listen", flags.health_listen, "ADDRESS:PORT that serves /healthz and /readyz.")
      ->envname("EOA_HEALTH_LISTEN")
      ->capture_default_str();
  app.add_option("--leader-elect", options.leader_elect,
                 "Whether operators elect a leader, so that only one of them acts.")
      ->envname("EOA_LEADER_ELECT")
      ->capture_default_str();
  app.add_option("--lease-namespace", options.lease_namespace,
                 "The namespace of the leader's Lease. Default: that of the pod, or of the context.")
      ->envname("EOA_LEASE_NAMESPACE");
  app.add_option("--lease-seconds", flags.lease_seconds,
                 "Seconds after which a leader that does not renew its Lease is replaced.")
      ->envname("EOA_LEASE_SECONDS")
      ->capture_default_str();
  app.add_option("--renew-seconds", flags.renew_seconds,
                 "Seconds after which a leader that cannot renew its Lease stops leading.")
      ->envname("EOA_RENEW_SECONDS")
      ->capture_default_str();
  app.add_option("--retry-seconds", flags.retry_seconds, "Seconds between two attempts to renew or to take the Lease.")
      ->envname("EOA_RETRY_SECONDS")
      ->capture_default_str();
  app.add_option(
         "--identity", options.identity,
         "This operator's name in the Lease, which must be unique. Default: the host's name and random letters.")
      ->envname("EOA_IDENTITY");
  app.add_option("--workers", options.workers, "How many jobs are reconciled at the same time.")
      ->envname("EOA_WORKERS")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--qps", options.requests_per_second,
                 "Most requests to the API server per second. 0: no limit but the API server's own.")
      ->envname("EOA_QPS")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--burst", options.burst, "Most requests at once when --qps sets a limit.")
      ->envname("EOA_BURST")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--sync-seconds", flags.sync_seconds, "Seconds that filling the caches may take at the start.")
      ->envname("EOA_SYNC_SECONDS")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_option("--drain-seconds", flags.drain_seconds, "Seconds that unfinished work may take at the end.")
      ->envname("EOA_DRAIN_SECONDS")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "The least important messages to log: debug, info, warning or error.")
      ->envname("EOA_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format, "The format of log messages: json or text.")
      ->envname("EOA_LOG_FORMAT")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
}

eoa::LogLevel LogLevelOf(const std::string& name) {
  if (name == "debug") return eoa::LogLevel::kDebug;
  if (name == "warning") return eoa::LogLevel::kWarning;
  return name == "error" ? eoa::LogLevel::kError : eoa::LogLevel::kInfo;
}

// "0.0.0.0:8080" into its parts.
eoa::Status ReadListen(const char* flag, const std::string& text, std::string& address, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  const eoa::Result<std::int64_t> number =
      eoa::ParseInteger(colon == std::string::npos ? std::string() : text.substr(colon + 1));
  if (!number.ok() || *number < 0 || *number > 65535 || colon == 0) {
    return eoa::InvalidArgumentError(std::string(flag) + " '" + text + "' is not ADDRESS:PORT, as in 0.0.0.0:8080");
  }
  address = text.substr(0, colon);
  port = static_cast<std::uint16_t>(*number);
  return eoa::OkStatus();
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "eoa-operator";
}

eoa::Status Complete(Flags& flags, const eoa::kube::Connection& connection) {
  eoa::cluster::OperatorOptions& options = flags.options;
  EOA_RETURN_IF_ERROR(ReadListen("--broker-listen", flags.broker_listen, options.broker_address, options.broker_port));
  EOA_RETURN_IF_ERROR(
      ReadListen("--metrics-listen", flags.metrics_listen, options.metrics_address, options.metrics_port));
  EOA_RETURN_IF_ERROR(ReadListen("--health-listen", flags.health_listen, options.health_address, options.health_port));
  options.pod_name = Environment("POD_NAME");
  options.pod_namespace = Environment("POD_NAMESPACE");
  if (options.lease_namespace.empty()) {
    options.lease_namespace = options.pod_namespace.empty() ? connection.name_space : options.pod_namespace;
  }
  if (options.broker_url.empty()) {
    options.broker_url = "http://eoa-broker." + options.lease_namespace + ".svc:8080";
  }
  if (options.identity.empty()) {
    options.identity = (options.pod_name.empty() ? HostName() : options.pod_name) + "_" + eoa::RandomHex(4);
  }
  options.lease_duration = std::chrono::seconds(flags.lease_seconds);
  options.renew_deadline = std::chrono::seconds(flags.renew_seconds);
  options.retry_period = std::chrono::seconds(flags.retry_seconds);
  options.sync_deadline = std::chrono::seconds(flags.sync_seconds);
  options.drain_deadline = std::chrono::seconds(flags.drain_seconds);
  return eoa::cluster::CheckOperatorOptions(options);
}

// SIGTERM and SIGINT, which are blocked in every thread, arrive here.
void WaitForSignals(eoa::cluster::StopSignal& stop) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set, &stop] {
    int signal = 0;
    while (sigwait(&set, &signal) == 0) stop.Ask();
  }).detach();
}

int Fail(const eoa::Error& error) {
  std::cerr << "eoa-operator: " << error.message() << "\n";
  return eoa::CommandExit::kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs EOAJobs (eoa.io/v1alpha1) in a Kubernetes cluster.", "eoa-operator");
  app.set_version_flag("--version", "eoa-operator " EOA_VERSION);
  Flags flags;
  flags.options.version = EOA_VERSION;
  flags.options.trainer_image = "eoa-trainer:" EOA_VERSION;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? eoa::CommandExit::kOk : eoa::CommandExit::kWrongUsage;
  }
  eoa::ConfigureLog({.minimum = LogLevelOf(flags.log_level),
                     .format = flags.log_format == "text" ? eoa::LogFormat::kText : eoa::LogFormat::kJson,
                     .program = ""});

  // An arena for each of its threads would double the memory of a process that mostly waits for the API server.
  mallopt(M_ARENA_MAX, 2);
  eoa::cluster::StopSignal stop;
  WaitForSignals(stop);
  const eoa::Result<eoa::kube::Connection> connection = eoa::app::Connect(flags.cluster);
  if (!connection.ok()) return Fail(connection.error());
  if (const eoa::Status complete = Complete(flags, *connection); !complete.ok()) return Fail(complete.error());

  const eoa::cluster::HttpClientFactory make_client = [&connection] {
    return eoa::app::MakeClusterClient(*connection, "eoa-operator/" EOA_VERSION);
  };
  eoa::Log(eoa::LogLevel::kInfo, "eoa-operator starts",
           {{"version", EOA_VERSION}, {"server", connection->server}, {"identity", flags.options.identity}});
  std::unique_ptr<eoa::cluster::Operator> program =
      eoa::cluster::MakeOperator(flags.options, *connection, make_client, eoa::RealClock(), stop);
  const eoa::Status ended = program->Run(nullptr);
  const bool aborted = !ended.ok() && ended.error().code() == eoa::ErrorCode::kAborted;
  // A worker that hangs would be waited for without end, and another may lead already: the process ends around it.
  if (!aborted) program.reset();
  // The library's threads do not end well after main; nothing is left to be done.
  std::fflush(nullptr);
  if (ended.ok()) _exit(eoa::CommandExit::kOk);
  eoa::Log(eoa::LogLevel::kError, "eoa-operator ends", {{"error", ended.error().message()}});
  _exit(aborted ? eoa::CommandExit::kLeadershipLost : eoa::CommandExit::kFailed);
}
