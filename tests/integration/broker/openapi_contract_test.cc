// Drives every documented route into every documented status and compares what comes back with the document: the server
// answers nothing that is not documented, and everything that is.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "broker/rest/openapi.h"
#include "common/base/json_guard.h"
#include "tests/integration/broker/live_broker.h"

namespace eoa::broker {
namespace {

using nlohmann::json;
using Statuses = std::map<std::string, std::set<int>>;  // by operationId

constexpr const char* kPopulation = "/v1/jobs/{uid}/populations/{population}";

// Works until `broken`.
class BreakableStore final : public StateStore {
 public:
  bool broken = false;
  Status Append(const Event& event) override {
    if (broken) return UnavailableError("broken by the test");
    events_.push_back(event);
    return OkStatus();
  }
  Result<std::vector<Event>> Load() override { return events_; }

 private:
  std::vector<Event> events_;
};

class OpenApiContractTest : public testing::Test {
 protected:
  const json& OperationAt(const std::string& method, const std::string& path) const {
    return document_.at("paths").at(path).at(method == "GET" ? "get" : "post");
  }

  const json& Resolve(const json& part) const {
    if (!part.contains("$ref")) return part;
    return document_.at(json::json_pointer(part.at("$ref").get<std::string>().substr(1)));
  }

  // The answer must be documented for this operation: status, content type, and the body's fields.
  void Check(const std::string& method, const std::string& path, const Reply& reply) {
    const json& operation = OperationAt(method, path);
    const std::string id = operation.at("operationId");
    observed_[id].insert(reply.status);
    ASSERT_TRUE(operation.at("responses").contains(std::to_string(reply.status)))
        << id << " answered " << reply.status << " " << reply.body;
    const json& response = Resolve(operation.at("responses").at(std::to_string(reply.status)));
    const std::string type(reply.headers.Get("Content-Type"));
    ASSERT_TRUE(response.at("content").contains(type)) << id << " " << reply.status << " " << type;
    const json& schema = Resolve(response.at("content").at(type).at("schema"));
    if (!schema.contains("properties")) return;
    for (const auto& [field, value] : reply.body.items()) {
      EXPECT_TRUE(schema["properties"].contains(field)) << id << " " << reply.status << ": " << field;
    }
    for (const json& field : schema.value("required", json::array())) {
      EXPECT_TRUE(reply.body.contains(field)) << id << " " << reply.status << ": " << field;
    }
    if (reply.status >= 400) {
      const json& reasons = schema["properties"]["reason"]["enum"];
      EXPECT_NE(std::find(reasons.begin(), reasons.end(), reply.body["reason"]), reasons.end()) << reply.body;
    }
  }

  void Post(const LiveBroker& broker, const std::string& what, const json& body, const std::string& to = "wolves") {
    Check("POST", std::string(kPopulation) + "/" + what, broker.Post(to, what, body));
  }

  void Decision(const LiveBroker& broker, const std::string& query, const std::string& of = "wolves") {
    Check("GET", std::string(kPopulation) + "/decision", broker.Send("GET", broker.path(of, "decision") + query));
  }

  const json document_ = *ParseJson(OpenApiDocument());
  Statuses observed_;
};

TEST_F(OpenApiContractTest, TheServerAnswersAsDocumented) {
  BreakableStore store;
  LiveBroker broker(LiveBroker::TwoPopulations(), {}, &store);
  const std::map<std::string, json> bodies = {{"join", JoinBody(0, "a-0", 0, 0)},
                                              {"heartbeat", HeartbeatBody(0, "a-0", 1)},
                                              {"report", ReportBody(1, 0, 0.5)},
                                              {"finish", FinishBody(1)}};
  // Wrong whatever the state is.
  for (const auto& [what, body] : bodies) {
    const std::string template_path = std::string(kPopulation) + "/" + what;
    Post(broker, what, json::array());
    Post(broker, what, body, "bears");
    Check("POST", template_path, broker.Send("POST", broker.path("wolves", what), DumpJson(body), {}));
    Check("POST", template_path, broker.Send("POST", broker.path("wolves", what), std::string((1 << 20) + 1, ' ')));
    const Reply other = broker.Send("GET", broker.path("wolves", what));
    EXPECT_EQ(other.status, 405);
    EXPECT_EQ(other.headers.Get("Allow"), "POST");
  }
  Decision(broker, "?attempt=1");
  Decision(broker, "?attempt=1&generation=0", "bears");
  Check("GET", std::string(kPopulation) + "/decision", broker.Send("GET", broker.path("wolves", "decision"), "", {}));
  for (const std::string what : {"ecosphere", "history"}) {
    const std::string path = "/v1/jobs/{uid}/" + what;
    Check("GET", path, broker.Send("GET", broker.job_path() + "/" + what));
    Check("GET", path, broker.Send("GET", broker.job_path() + "/" + what, "", {}));
    Check("GET", path, broker.Send("GET", "/v1/jobs/another/" + what));
  }
  Check("GET", "/v1/jobs/{uid}/history", broker.Send("GET", broker.job_path() + "/history?from=-1"));

  // Too early, in time, and with a store that fails.
  Post(broker, "heartbeat", bodies.at("heartbeat"));
  Post(broker, "report", bodies.at("report"));
  Post(broker, "finish", bodies.at("finish"));
  Decision(broker, "?attempt=1&generation=0");
  Post(broker, "join", bodies.at("join"));
  broker.JoinAll("wolves");
  Post(broker, "heartbeat", bodies.at("heartbeat"));
  Check("GET", "/readyz", broker.Send("GET", "/readyz", "", {}));
  store.broken = true;
  Post(broker, "report", bodies.at("report"));
  Post(broker, "finish", bodies.at("finish"));
  Check("GET", "/readyz", broker.Send("GET", "/readyz", "", {}));
  store.broken = false;
  Post(broker, "report", bodies.at("report"));
  Decision(broker, "?attempt=1&generation=0&waitSeconds=0");
  Post(broker, "finish", bodies.at("finish"));
  Post(broker, "join", bodies.at("join"));
  Check("GET", "/healthz", broker.Send("GET", "/healthz", "", {}));
  Check("GET", "/v1/openapi.json", broker.Send("GET", "/v1/openapi.json", "", {}));

  // Too many.
  BrokerServiceOptions options;
  options.max_polls = 0;
  BreakableStore second;
  LiveBroker crowded(LiveBroker::TwoPopulations(), options, &second);
  Post(crowded, "join", JoinBody(0, "x", 0, 1));
  for (const int pod : {1, 0}) crowded.Post("wolves", "join", JoinBody(pod, "x", 0, 0));
  crowded.Post("wolves", "report", ReportBody(1, 0, 0.5));
  Decision(crowded, "?attempt=1&generation=0&waitSeconds=1");

  Statuses documented;
  for (const auto& [path, item] : document_["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      for (const auto& [status, response] : operation["responses"].items()) {
        documented[operation["operationId"]].insert(std::stoi(status));
      }
    }
  }
  EXPECT_EQ(observed_, documented);
}

TEST_F(OpenApiContractTest, ServesTheDocumentThatIsBuiltIn) {
  LiveBroker broker;
  EXPECT_EQ(broker.Send("GET", "/v1/openapi.json", "", {}).body, document_);
}

}  // namespace
}  // namespace eoa::broker
