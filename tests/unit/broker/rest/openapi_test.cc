// The OpenAPI document against the code: the routes, and the fields and bounds of every message as its reader and writer
// have them. tests/integration/broker compares what the server answers.
#include "broker/rest/openapi.h"

#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "broker/core/view.h"
#include "broker/rest/routes.h"
#include "common/base/json_guard.h"
#include "tests/unit/broker/core/broker_fixture.h"

namespace eoa::broker {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;

json Document() {
  const auto document = ParseJson(OpenApiDocument());
  EXPECT_TRUE(document.ok()) << (document.ok() ? "" : document.error().ToString());
  return document.ok() ? *document : json();
}

json Schema(const std::string& name) { return Document()["components"]["schemas"].at(name); }

Names KeysOf(const json& object) {
  Names names;
  for (const auto& [key, value] : object.items()) names.insert(key);
  return names;
}

// Every reference leads somewhere.
void CheckReferences(const json& root, const json& part) {
  if (part.is_object() && part.contains("$ref")) {
    const std::string target = part["$ref"];
    EXPECT_TRUE(root.contains(json::json_pointer(target.substr(1)))) << target;
  }
  for (const json& child : part) {
    if (child.is_structured()) CheckReferences(root, child);
  }
}

// The printed value has exactly the documented fields; the parser takes it, insists on every required field, and on no
// other.
template <typename Message>
void CheckMessage(const std::string& name, const Message& value) {
  const json schema = Schema(name);
  const json printed = api::ToJson(value);
  EXPECT_EQ(KeysOf(schema["properties"]), KeysOf(printed)) << name;
  const auto parsed = api::FromJson<Message>(printed);
  ASSERT_TRUE(parsed.ok()) << name << ": " << parsed.error().ToString();
  const Names required(schema["required"].begin(), schema["required"].end());
  for (const auto& [field, ignored] : schema["properties"].items()) {
    json without = printed;
    without.erase(field);
    EXPECT_EQ(!api::FromJson<Message>(without).ok(), required.contains(field)) << name << "." << field;
  }
}

// Values of one field: those at the bounds that its schema allows, and those just beyond.
struct Edges {
  std::vector<json> allowed;
  std::vector<json> beyond;
};

Edges EdgesOf(const json& schema) {
  Edges edges;
  const json type = schema["type"].is_array() ? schema["type"][0] : schema["type"];
  if (type == "integer") {
    edges.allowed = {schema["minimum"], schema["maximum"], schema["minimum"].get<double>()};
    edges.beyond = {schema["minimum"].get<std::int64_t>() - 1, schema["maximum"].get<std::int64_t>() + 1, 0.5, "1",
                    true};
  } else if (type == "number") {
    edges.beyond = {"1", true, json::array()};
    if (schema.contains("minimum")) {
      edges.allowed.push_back(schema["minimum"]);
      edges.beyond.push_back(schema["minimum"].get<double>() - 1e-9);
    }
    if (schema.contains("maximum")) {
      edges.allowed.push_back(schema["maximum"]);
      edges.beyond.push_back(schema["maximum"].get<double>() + 1e-9);
    } else {
      edges.allowed.push_back(1e308);
    }
  } else if (type == "string") {
    std::string longest;
    for (std::size_t i = 0; i < schema["maxLength"]; ++i) longest += "ü";
    edges.allowed = {longest, std::string(schema.value("minLength", std::size_t{0}), 'x')};
    edges.beyond = {longest + "x", 1, json::object()};
    if (schema.contains("minLength")) edges.beyond.push_back("");
  } else if (type == "boolean") {
    edges.allowed = {true, false};
    edges.beyond = {0, "true"};
  } else if (type == "array") {
    edges.beyond = {json::object(), 1};
    if (schema.contains("minItems")) edges.beyond.push_back(json::array());
    edges.beyond.emplace_back(schema["maxItems"].get<std::size_t>() + 1, json(nullptr));
  }
  (schema["type"].is_array() ? edges.allowed : edges.beyond).push_back(nullptr);
  return edges;
}

template <typename Message>
void CheckBounds(const std::string& name, const Message& value) {
  const json printed = api::ToJson(value);
  const json fields = Schema(name)["properties"];
  for (const auto& [field, schema] : fields.items()) {
    const Edges edges = EdgesOf(schema);
    json document = printed;
    for (const json& each : edges.allowed) {
      document[field] = each;
      EXPECT_TRUE(api::FromJson<Message>(document).ok()) << name << "." << field << " = " << each.dump().substr(0, 80);
    }
    for (const json& each : edges.beyond) {
      document[field] = each;
      EXPECT_FALSE(api::FromJson<Message>(document).ok()) << name << "." << field << " = " << each.dump().substr(0, 80);
    }
  }
}

TEST(OpenApi, DocumentsExactlyTheRoutesThatAreServed) {
  std::set<std::pair<std::string, std::string>> documented;
  const json document = Document();
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      for (char& letter : upper) letter = static_cast<char>(letter - 'a' + 'A');
      documented.emplace(upper, path);
    }
  }
  std::set<std::pair<std::string, std::string>> served;
  for (const Route& route : Routes()) served.emplace(route.method, route.path);
  EXPECT_EQ(documented, served);
}

TEST(OpenApi, SaysWhichRoutesNeedNoToken) {
  const json document = Document();
  for (const Route& route : Routes()) {
    const std::string method = route.method == "GET" ? "get" : "post";
    const json& operation = document["paths"][std::string(route.path)][method];
    EXPECT_EQ(operation.contains("security"), route.scope == RouteScope::kOpen) << route.path;
    EXPECT_EQ(route.path.find("{population}") != std::string_view::npos, route.scope == RouteScope::kPopulation)
        << route.path;
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const json document = Document();
  CheckReferences(document, document);
}

TEST(OpenApi, DocumentsEveryFieldOfEveryMessage) {
  api::JoinRequest join;
  join.incarnation = "a";
  CheckMessage("JoinRequest", join);
  CheckMessage("JoinAnswer", api::JoinAnswer{});
  CheckMessage("HeartbeatRequest", api::HeartbeatRequest{});
  CheckMessage("HeartbeatAnswer", api::HeartbeatAnswer{});
  CheckMessage("MemberReport", api::MemberReport{});
  CheckMessage("ReportRequest", Report(1, 0, {0.5}));
  CheckMessage("ReportAnswer", api::ReportAnswer{});
  CheckMessage("Elected", api::Elected{});
  api::Decision decision;
  decision.base_learning_rate = 0.1;
  CheckMessage("Decision", decision);
  CheckMessage("FinishRequest",
               api::FinishRequest{.attempt = 1, .error = {}, .test_accuracy = {}, .test_loss = {}, .model = {}});
}

TEST(OpenApi, AllowsExactlyWhatIsTaken) {
  api::JoinRequest join;
  join.incarnation = "a";
  CheckBounds("JoinRequest", join);
  CheckBounds("HeartbeatRequest", api::HeartbeatRequest{});
  CheckBounds("MemberReport", api::MemberReport{});
  CheckBounds("ReportRequest", Report(1, 0, {0.5}));
  api::FinishRequest finish;
  finish.attempt = 1;
  CheckBounds("FinishRequest", finish);
}

TEST(OpenApi, DocumentsEveryFieldOfTheViews) {
  Core core(TwoPopulations());
  core.JoinAll(kWolves);
  core.JoinAll(kWhales);
  core.Take(kWolves, Report(1, 0, {0.1, 0.2}));
  core.Take(kWhales, Report(1, 0, {0.1, 0.2}));
  core.Take(kWhales, Report(1, 1, {0.1, 0.2}));
  const json ecosphere = EcosphereJson(core.state());
  EXPECT_EQ(KeysOf(Schema("Ecosphere")["properties"]), KeysOf(ecosphere));
  EXPECT_EQ(KeysOf(Schema("PopulationView")["properties"]), KeysOf(ecosphere["populations"][0]));
  EXPECT_EQ(KeysOf(Schema("OpenRound")["properties"]), KeysOf(ecosphere["openRounds"][0]));
  json source = ecosphere["lastDecision"]["weights"][0];
  EXPECT_FALSE(source.contains("token")) << "it is for the leaders alone";
  source["token"] = "";
  EXPECT_EQ(KeysOf(Schema("WeightSource")["properties"]), KeysOf(source));
  const json history = HistoryJson(core.state(), 0);
  EXPECT_EQ(KeysOf(Schema("History")["properties"]), KeysOf(history));
  EXPECT_EQ(KeysOf(Schema("Round")["properties"]), KeysOf(history["rounds"][0]));
  EXPECT_EQ(KeysOf(Schema("PopulationReport")["properties"]), KeysOf(history["rounds"][0]["reports"][0]));
  EXPECT_EQ(KeysOf(Schema("Problem")["properties"]), KeysOf(api::ToJson(api::Problem{})));
}

TEST(Routes, TellAPathThatIsNotThereFromAMethodThatIsNot) {
  const std::vector<std::string> join = {"v1", "jobs", "u", "populations", "wolves", "join"};
  const auto match = MatchRoute("POST", join);
  ASSERT_TRUE(match.ok());
  EXPECT_EQ(match->uid, "u");
  EXPECT_EQ(match->population, "wolves");
  EXPECT_EQ(ReasonOf(MatchRoute("GET", join)), "MethodNotAllowed");
  EXPECT_EQ(AllowedMethods(join), "POST");
  EXPECT_EQ(ReasonOf(MatchRoute("GET", std::vector<std::string>{})), "NotFound");
  EXPECT_EQ(ReasonOf(MatchRoute("GET", std::vector<std::string>{"v1"})), "NotFound");
  EXPECT_EQ(ReasonOf(MatchRoute("GET", std::vector<std::string>{"healthz", "more"})), "NotFound");
}

}  // namespace
}  // namespace eoa::broker
