// eoa-trainer: the agent of one pod. Flags and wiring.
#include <malloc.h>
#include <unistd.h>

#include <string_view>

#include <CLI/CLI.hpp>

#include "common/base/log.h"
#include "common/base/program_path.h"
#include "common/base/subprocess.h"
#include "common/net/cpprest/cpprest_client.h"
#include "trainer/agent/agent.h"
#include "trainer/agent/stop_signals.h"
#include "trainer/app/export_main.h"
#include "trainer/app/serve_main.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "export") return eoa::ExportMain(argc - 1, argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "serve") return eoa::ServeMain(argc - 1, argv + 1);
  eoa::agent::AgentOptions options;
  options.worker = eoa::BesideThisProgram("", "eoa-trainer-worker");
  options.version = EOA_VERSION;
  double heartbeat_seconds = eoa::ToSeconds(options.heartbeat_interval);
  double grace_seconds = eoa::ToSeconds(options.grace);
  int parent = 0;

  CLI::App app("The agent of one pod: it starts the pod's workers and reports to the broker.", "eoa-trainer");
  app.add_option("--job", options.job_file,
                 "The job with all defaults filled in, as `eoa run` and the operator write it.")
      ->required()
      ->envname("EOA_JOB");
  app.add_option("--population", options.population, "The name of this pod's population.")
      ->required()
      ->envname("EOA_POPULATION");
  app.add_option("--pod", options.pod, "The number of this pod in its population, from 0.")
      ->required()
      ->envname("EOA_POD");
  app.add_option("--broker", options.broker, "The URL of the broker, http://HOST:PORT.")
      ->required()
      ->envname("EOA_BROKER");
  app.add_option("--token-file", options.token_file, "A file with the bearer token for the broker.")
      ->required()
      ->envname("EOA_TOKEN_FILE");
  app.add_option("--directory", options.directory, "The directory for checkpoints and weights.")
      ->required()
      ->envname("EOA_DIRECTORY");
  app.add_option("--address", options.address, "The host name or IP address at which other pods reach this one.")
      ->required()
      ->envname("EOA_ADDRESS");
  app.add_option("--listen", options.listen,
                 "The IP address to listen on. Default: every one of the kind of --address, IPv4 or IPv6.")
      ->envname("EOA_LISTEN");
  app.add_option("--grace-seconds", grace_seconds,
                 "How long workers may take to end after SIGTERM; they need it only while a checkpoint is written.")
      ->envname("EOA_GRACE_SECONDS")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "How many threads each worker computes with.")
      ->envname("EOA_THREADS")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--profile", options.profile_steps,
                 "Trace this number of steps of each member, for Perfetto or chrome://tracing.")
      ->envname("EOA_PROFILE")
      ->check(CLI::Range(0, eoa::train::kMostProfiledSteps));
  app.add_option("--profile-directory", options.profile_directory,
                 "The directory for traces. Default: that of --directory.")
      ->envname("EOA_PROFILE_DIRECTORY");
  app.add_option("--worker", options.worker, "The worker's program.")->envname("EOA_WORKER")->capture_default_str();
  app.add_option("--heartbeat-seconds", heartbeat_seconds, "Seconds between two heartbeats.")
      ->check(CLI::Range(0.01, 60.0))
      ->capture_default_str();
  app.add_option("--metrics-listen", options.metrics_listen,
                 "IP:PORT that serves /metrics and /healthz; :PORT is on --listen. Default: they are not served.")
      ->envname("EOA_METRICS_LISTEN");
  app.add_option("--fetch-keys", options.fetch_keys,
                 "A file with the pod's annotations, which say who may fetch files from --metrics-listen.")
      ->envname("EOA_FETCH_KEYS");
  app.add_option("--parent", parent, "The process id of the parent; the agent ends when it does.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(eoa::ExitCode::kBadConfiguration);
  }
  if (parent > 0) eoa::DieWithParent(parent);
  // Requests run on short-lived threads; without this each would leave an arena behind.
  ::mallopt(M_ARENA_MAX, 2);
  eoa::agent::BlockStopSignals();
  eoa::ConfigureLog({.program = "agent " + options.population + "/" + std::to_string(options.pod)});
  options.heartbeat_interval = eoa::FromSeconds(heartbeat_seconds);
  options.grace = eoa::FromSeconds(grace_seconds);
  const auto http = eoa::net::MakeCpprestClient({});
  return static_cast<int>(eoa::agent::RunAgent(options, *http, eoa::RealFileSystem(), eoa::RealClock()));
}
