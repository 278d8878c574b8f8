#include "broker/core/responses.h"

#include "common/base/json_guard.h"

namespace eoa::broker {

net::ServerResponse JsonResponse(const nlohmann::json& document) {
  net::ServerResponse response;
  response.body = DumpJson(document);
  return response;
}

net::ServerResponse ProblemResponse(const api::Problem& problem) {
  net::ServerResponse response = JsonResponse(api::ToJson(problem));
  response.status = problem.status;
  response.content_type = "application/problem+json";
  if (problem.status == 401) response.headers.Add("WWW-Authenticate", "Bearer");
  if (problem.status == 429 || problem.status == 503) response.headers.Add("Retry-After", "1");
  return response;
}

net::ServerResponse Respond(const Answer<void>& answer) {
  return answer.ok() ? JsonResponse(nlohmann::json::object()) : ProblemResponse(answer.error());
}

}  // namespace eoa::broker
