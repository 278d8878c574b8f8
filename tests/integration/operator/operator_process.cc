#include "tests/integration/operator/operator_process.h"

#include <memory>
#include <utility>

#include "common/net/cpprest/cpprest_client.h"

namespace eoa {

using nlohmann::json;

cluster::OperatorOptions QuickOptions(const std::string& identity) {
  cluster::OperatorOptions options;
  options.trainer_image = "eoa-trainer:test";
  options.broker_url = "http://broker.test:8080";
  options.broker_address = "127.0.0.1";
  options.broker_port = 0;
  options.metrics_address = "127.0.0.1";
  options.metrics_port = 0;
  options.health_address = "127.0.0.1";
  options.health_port = 0;
  options.lease_namespace = "ns";
  options.identity = identity;
  options.lease_duration = std::chrono::seconds(3);
  options.renew_deadline = std::chrono::seconds(2);
  options.retry_period = std::chrono::milliseconds(100);
  options.version = "test";
  options.sync_deadline = std::chrono::seconds(20);
  options.drain_deadline = std::chrono::seconds(20);
  return options;
}

OperatorProcess::OperatorProcess(ScriptedApiServer& server, const std::string& identity)
    : OperatorProcess(server, QuickOptions(identity)) {}

OperatorProcess::OperatorProcess(ScriptedApiServer& server, cluster::OperatorOptions options)
    : options_(std::move(options)) {
  kube::Connection connection;
  connection.server = server.url();
  thread_ = std::thread([this, connection] {
    const std::unique_ptr<cluster::Operator> program = cluster::MakeOperator(
        options_, connection, [] { return net::MakeCpprestClient(); }, RealClock(), stop_);
    const Status status = program->Run([this](const cluster::OperatorPorts& ports) {
      const MutexLock lock(mutex_);
      ports_ = ports;
      changed_.NotifyAll();
    });
    const MutexLock lock(mutex_);
    ended_ = status;
    changed_.NotifyAll();
  });
}

OperatorProcess::~OperatorProcess() { (void)Stop(); }

Status OperatorProcess::Stop() {
  stop_.Ask();
  return Join();
}

Status OperatorProcess::Join() {
  if (thread_.joinable()) thread_.join();
  const MutexLock lock(mutex_);
  return *ended_;
}

bool OperatorProcess::ended() {
  const MutexLock lock(mutex_);
  return ended_.has_value();
}

cluster::OperatorPorts OperatorProcess::ports() {
  MutexLock lock(mutex_);
  changed_.WaitFor(mutex_, std::chrono::seconds(20),
                   [this]() REQUIRES(mutex_) { return ports_.metrics != 0 || ended_; });
  return ports_;
}

net::Response OperatorProcess::Get(std::uint16_t port, const std::string& path, const std::string& token) {
  const auto client = net::MakeCpprestClient();
  net::Request request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + path;
  if (!token.empty()) request.headers.Add("Authorization", "Bearer " + token);
  const Result<net::Response> answer = client->Send(request);
  return answer.ok() ? *answer : net::Response{.status = 0, .headers = {}, .body = answer.error().message()};
}

bool Eventually(const std::function<bool()>& holds, Duration patience) {
  for (const SteadyTime end = RealClock().SteadyNow() + patience; RealClock().SteadyNow() < end;) {
    if (holds()) return true;
    RealClock().SleepFor(std::chrono::milliseconds(5));
  }
  return holds();
}

json SmallJob(const std::string& name) {
  return {
      {"apiVersion", "eoa.io/v1alpha1"},
      {"kind", "EOAJob"},
      {"metadata", {{"name", name}, {"namespace", "ns"}}},
      {"spec",
       {{"trainer", {{"model", {{"name", "wrn-10-1"}}}, {"dataset", {{"name", "cifar10"}, {"path", "/data/cifar10"}}}}},
        {"ecosphere", {{"generations", 3}}},
        {"populations", json::array({{{"name", "wolves"}, {"algorithm", {{"name", "GreyWolf"}}}, {"members", 3}},
                                     {{"name", "whales"}, {"algorithm", {{"name", "Whale"}}}, {"members", 3}}})}}}};
}

ApiPath PathOf(const std::string& api_version, const std::string& plural, const std::string& name) {
  ApiPath path;
  path.api_version = api_version;
  path.name_space = "ns";
  path.plural = plural;
  path.name = name;
  return path;
}

ApiPath JobPath(const std::string& name, const std::string& subresource) {
  ApiPath path = PathOf("eoa.io/v1alpha1", "eoajobs", name);
  path.subresource = subresource;
  return path;
}

std::string StateOf(ApiObjects& objects) {
  std::string text;
  for (const auto& [api_version, plural] : {std::pair("apps/v1", "statefulsets"), std::pair("v1", "services"),
                                            std::pair("v1", "configmaps"), std::pair("eoa.io/v1alpha1", "eoajobs")}) {
    const ApiAnswer list = objects.List(PathOf(api_version, plural, ""), {});
    for (json object : list.body.at("items")) {
      json& metadata = object["metadata"];
      text += std::string(plural) + " " + metadata.at("name").get<std::string>() + "\n";
      for (const char* field : {"resourceVersion", "creationTimestamp", "managedFields", "generation"}) {
        metadata.erase(field);
      }
      if (std::string(plural) == "eoajobs") {
        // Times are when it happened.
        json& status = object["status"];
        status.erase("startTime");
        for (json& condition : status["conditions"]) condition.erase("lastTransitionTime");
      } else {
        metadata.erase("uid");
      }
      text += object.dump() + "\n";
    }
  }
  return text;
}

}  // namespace eoa
