// An operator in a thread of the test, against the scripted API server, and jobs for it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "common/base/mutex.h"
#include "operator/cluster/operator.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa {

// Short leases; any free ports.
cluster::OperatorOptions QuickOptions(const std::string& identity);

class OperatorProcess {
 public:
  OperatorProcess(ScriptedApiServer& server, const std::string& identity);
  OperatorProcess(ScriptedApiServer& server, cluster::OperatorOptions options);

  // Stop.
  ~OperatorProcess();

  // Asks it to end, and waits for that.
  Status Stop();

  // Waits until it ends by itself.
  Status Join();
  bool ended();

  // Once it listens; zero when it ended before.
  cluster::OperatorPorts ports();

  // Status and body of GET http://127.0.0.1:PORT/path, with this bearer token if there is one.
  net::Response Get(std::uint16_t port, const std::string& path, const std::string& token = "");

 private:
  cluster::OperatorOptions options_;
  cluster::StopSignal stop_;
  Mutex mutex_;
  CondVar changed_;
  cluster::OperatorPorts ports_ GUARDED_BY(mutex_);
  std::optional<Status> ended_ GUARDED_BY(mutex_);
  std::thread thread_;
};

// Polls until it holds.
bool Eventually(const std::function<bool()>& holds, Duration patience = std::chrono::seconds(30));

// Two populations of three members.
nlohmann::json SmallJob(const std::string& name);

ApiPath JobPath(const std::string& name, const std::string& subresource = "");
ApiPath PathOf(const std::string& api_version, const std::string& plural, const std::string& name);

// "kind name" of every child of all jobs in the namespace, with what was wanted of it (without versions and uids of its
// own): equal texts mean equal states.
std::string StateOf(ApiObjects& objects);

}  // namespace eoa
