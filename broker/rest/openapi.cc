#include "broker/rest/openapi.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/core/view.h"
#include "broker/rest/routes.h"
#include "common/base/json_guard.h"
#include "common/codec/codec.h"
#include "common/messages/messages.h"

namespace eoa::broker {
namespace {

using Json = nlohmann::ordered_json;
using Schema = Json (*)(Json& schemas);

constexpr const char* kAbout =
    "How the agents of an EOAJob's trainers join, exchange and finish. docs/protocol.md has the rules. Another method "
    "on "
    "these paths is answered 405 MethodNotAllowed with Allow; any other path 404 NotFound, or 401 without the token. "
    "Requests beyond the server's bounds on connections, headers and time are answered 400, 408, 413, 431 or 503, or "
    "not "
    "at all. Unknown fields are ignored.";

struct FinishAnswer {};
void Fields(codec::Visitor& v, FinishAnswer& /*value*/) {
  v.Type("finishAnswer", "FinishAnswer", "The result is stored.");
}

struct Health {};
void Fields(codec::Visitor& v, Health& /*value*/) {
  v.Type("health", "Health", "All is well.");
  v.Constant("status", "ok", "ok");
}

struct Document {};
void Fields(codec::Visitor& v, Document& /*value*/) { v.Type("document"); }

struct QueryParameter {
  const char* name;
  bool required;
  const char* about;
};

// What a route takes and answers; where it is, and whether it is open, stands in Routes().
struct Content {
  const char* id;
  const char* summary;
  Schema answer;
  Schema body = nullptr;
  std::vector<QueryParameter> query = {};
  std::vector<int> refusals = {};  // beside 401 and 404, which every route of a job has
};

Content ContentOf(Operation operation) {
  switch (operation) {
    case Operation::kJoin:
      return {.id = "join",
              .summary = "Be part of the population's next attempt (long poll)",
              .answer = codec::Describe<api::JoinAnswer>,
              .body = codec::Describe<api::JoinRequest>,
              .refusals = {400, 409, 413, 429}};
    case Operation::kHeartbeat:
      return {.id = "heartbeat",
              .summary = "Progress; the answer may say Rejoin or Stop",
              .answer = codec::Describe<api::HeartbeatAnswer>,
              .body = codec::Describe<api::HeartbeatRequest>,
              .refusals = {400, 409, 413}};
    case Operation::kReport:
      return {.id = "report",
              .summary = "Fitness and LR of all members at a generation's end",
              .answer = codec::Describe<api::ReportAnswer>,
              .body = codec::Describe<api::ReportRequest>,
              .refusals = {400, 409, 413, 503}};
    case Operation::kDecision:
      return {.id = "decision",
              .summary = "The round's election and baseline (long poll)",
              .answer = codec::Describe<api::DecisionAnswer>,
              .query = {{"attempt", true, "The running one"},
                        {"generation", true, "That this population has reported"},
                        {"waitSeconds", false, "How long to wait; at most 60 are used"}},
              .refusals = {400, 409, 429}};
    case Operation::kFinish:
      return {.id = "finish",
              .summary = "Deliver the terminal result",
              .answer = codec::Describe<FinishAnswer>,
              .body = codec::Describe<api::FinishRequest>,
              .refusals = {400, 409, 413, 503}};
    case Operation::kEcosphere:
      return {
          .id = "ecosphere", .summary = "State of all populations and rounds", .answer = codec::Describe<Ecosphere>};
    case Operation::kHistory:
      return {.id = "history",
              .summary = "Decided rounds, one after the other",
              .answer = codec::Describe<History>,
              .query = {{"from", false, "The first generation wanted"}},
              .refusals = {400}};
    case Operation::kHealth:
      return {.id = "health", .summary = "Whether the process serves", .answer = codec::Describe<Health>};
    case Operation::kReady:
      return {.id = "ready",
              .summary = "Whether the broker can store its state",
              .answer = codec::Describe<Health>,
              .refusals = {503}};
    case Operation::kOpenApi:
      return {.id = "openapi", .summary = "This document", .answer = codec::Describe<Document>};
  }
  return {};
}

struct Refused {
  int status;
  const char* about;
  const char* header = nullptr;
  const char* header_type = nullptr;
};

constexpr std::array kRefused = {
    Refused{400, "InvalidBody or InvalidQuery: a missing, malformed or non-finite field; the detail names it"},
    Refused{401, "Unauthorized: no token, or a wrong one", "WWW-Authenticate", "string"},
    Refused{404, "UnknownJob, UnknownPopulation or UnknownPod"},
    Refused{409,
            "NotJoined, StaleAttempt, ConflictingReport, UnusableReport, WrongGeneration or PopulationEnded: the state "
            "does not allow it; the reason says what to do"},
    Refused{413, "BodyTooLarge: more than 1 MiB"},
    Refused{429, "TooManyRequests: too many requests wait for an answer", "Retry-After", "integer"},
    Refused{503, "Unavailable: the broker cannot store its state; nothing was changed", "Retry-After", "integer"},
};

std::string NameOf(const Refused& refused) { return "Refused" + std::to_string(refused.status); }

Json ContentJson(const char* type, Json schema) { return {{type, {{"schema", std::move(schema)}}}}; }

Json Responses(Json& schemas) {
  Json responses;
  for (const Refused& each : kRefused) {
    Json& response = responses[NameOf(each)];
    response["description"] = each.about;
    if (each.header != nullptr) response["headers"][each.header] = {{"schema", {{"type", each.header_type}}}};
    response["content"] = ContentJson("application/problem+json", codec::Describe<api::Problem>(schemas));
  }
  return responses;
}

Json Parameter(const char* name, const char* where, bool required, const char* about, Json schema) {
  return {{"name", name}, {"in", where}, {"required", required}, {"description", about}, {"schema", std::move(schema)}};
}

Json OperationJson(const Route& route, const Content& content, Json& schemas) {
  Json operation = {{"operationId", content.id}, {"summary", content.summary}};
  if (route.scope == RouteScope::kOpen) operation["security"] = Json::array();
  for (const QueryParameter& each : content.query) {
    const Json schema = {{"type", "integer"}, {"minimum", 0}, {"maximum", std::numeric_limits<int>::max()}};
    operation["parameters"].push_back(Parameter(each.name, "query", each.required, each.about, schema));
  }
  if (content.body != nullptr) {
    operation["requestBody"] = {{"required", true},
                                {"content", ContentJson("application/json", content.body(schemas))}};
  }
  Json& responses = operation["responses"];
  responses["200"] = {{"description", "Done"}, {"content", ContentJson("application/json", content.answer(schemas))}};
  std::vector<int> refusals = content.refusals;
  if (route.scope != RouteScope::kOpen) refusals.insert(refusals.end(), {401, 404});
  for (const Refused& each : kRefused) {
    if (std::find(refusals.begin(), refusals.end(), each.status) == refusals.end()) continue;
    responses[std::to_string(each.status)] = {{"$ref", "#/components/responses/" + NameOf(each)}};
  }
  return operation;
}

Json PathParameters(RouteScope scope) {
  Json parameters = Json::array();
  const Json text = {{"type", "string"}};
  if (scope != RouteScope::kOpen) {
    parameters.push_back(Parameter("uid", "path", true, "The job's metadata.uid", text));
  }
  if (scope == RouteScope::kPopulation) {
    parameters.push_back(Parameter("population", "path", true, "A population's name", text));
  }
  return parameters;
}

std::string Write() {
  Json schemas = Json::object();
  Json paths;
  for (const Route& route : Routes()) {
    Json& path = paths[std::string(route.path)];
    if (Json parameters = PathParameters(route.scope); !parameters.empty()) path["parameters"] = std::move(parameters);
    path[route.method == "GET" ? "get" : "post"] = OperationJson(route, ContentOf(route.operation), schemas);
  }
  Json responses = Responses(schemas);
  return DumpJson(Json{{"openapi", "3.1.0"},
                       {"info", {{"title", "EOA broker"}, {"version", "1"}, {"description", kAbout}}},
                       {"security", Json::array({{{"token", Json::array()}}})},
                       {"paths", std::move(paths)},
                       {"components",
                        {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
                         {"responses", std::move(responses)},
                         {"schemas", std::move(schemas)}}}});
}

}  // namespace

std::string_view OpenApiDocument() {
  static const std::string document = Write();
  return document;
}

}  // namespace eoa::broker
