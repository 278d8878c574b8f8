// The agent: main process of one pod. It joins the population's attempts at the broker, runs one worker process for
// each of the pod's members, restarts them as a gang, and, on the leader's pod, evolves the population's LRs.
// docs/architecture.md places it.
//
// What it does next is decided by AgentSession (pure); this is the loop around it: one thread polls the workers, a
// signal descriptor and an inbox; requests to the broker and to other pods run on threads of their own.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "common/net/http_client.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::agent {

struct AgentOptions {
  std::string job_file;  // the completed job, as JSON or YAML; dataset and model paths are absolute
  std::string population;
  int pod = 0;
  std::string broker;             // http://host:port
  std::string token_file;         // read anew for every request
  std::string directory;          // checkpoints, weights, the agent's record; made when it is missing
  std::string address;            // host or IP at which other pods reach this one
  std::string listen;             // IP on which weights and the store are served; empty: every one of `address`'s kind
  int threads = 1;                // of each worker
  int profile_steps = 0;          // that each worker traces, in each attempt
  std::string profile_directory;  // where to; made when it is missing; empty: `directory`
  std::string worker;             // the worker's program
  Duration heartbeat_interval = std::chrono::seconds(1);
  Duration grace = std::chrono::seconds(2);  // after SIGTERM, until the workers are killed; they end at once unless
                                             // they have a checkpoint to write
  std::string metrics_listen;                // IP:port of /metrics and /healthz, no IP: as `listen`; empty: not served
  std::string fetch_keys;                    // the pod's annotations, in a file: who may fetch files from that address
  std::string version;
};

// Runs until SIGTERM or SIGINT: a finished population's agent parks. SIGTERM, SIGINT and SIGPIPE must be blocked or
// ignored in all threads.
ExitCode RunAgent(const AgentOptions& options, net::HttpClient& http, FileSystem& files, Clock& clock);

// Every address of the kind that other pods reach this one at, IPv4 or IPv6.
std::string AnyAddressLike(const std::string& address);

}  // namespace eoa::agent
