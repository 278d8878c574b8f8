#include "trainer/agent/broker_client.h"

#include <utility>

#include "common/base/json_access.h"
#include "common/base/json_guard.h"

namespace eoa::agent {
namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(10);
constexpr std::size_t kMaxAnswerBytes = std::size_t{4} << 20;

template <typename Answer>
Result<Answer> Parse(const Result<std::string>& body) {
  if (!body.ok()) return body.error();
  EOA_ASSIGN_OR_RETURN(const nlohmann::json document, ParseJson(*body, {.max_bytes = kMaxAnswerBytes}));
  return api::FromJson<Answer>(document);
}

Duration PollTimeout(int wait_seconds) { return kCallTimeout + std::chrono::seconds(wait_seconds); }

}  // namespace

Error ErrorOfAnswer(const net::Response& response) {
  std::string reason = "status " + std::to_string(response.status);
  std::string text = reason;
  if (const Result<nlohmann::json> problem = ParseJson(response.body); problem.ok()) {
    if (std::string name = TextAt(*problem, "reason"); !name.empty()) reason = std::move(name);
    const std::string detail = TextAt(*problem, "detail");
    text = detail.empty() ? reason : reason + ": " + detail;
  }
  if (reason == ToWord(Refusal::kStaleAttempt) || reason == ToWord(Refusal::kNotJoined)) return AbortedError(text);
  switch (response.status) {
    case 401:
      return UnauthenticatedError(text);
    case 403:
      return {ErrorCode::kPermissionDenied, text};
    case 404:
      return NotFoundError(text);
    case 409:
      return FailedPreconditionError(text);
    case 429:
      return ResourceExhaustedError(text);
    default:
      return response.status >= 500 ? UnavailableError(text) : InvalidArgumentError(text);
  }
}

BrokerClient::BrokerClient(BrokerAddress address, std::function<Result<std::string>()> token, net::HttpClient& http)
    : base_(std::move(address.url) + "/v1/jobs/" + net::PercentEncode(address.job_uid) + "/populations/" +
            net::PercentEncode(address.population)),
      token_(std::move(token)),
      http_(http) {}

Result<std::string> BrokerClient::Call(std::string method, const std::string& path, std::string body, Duration timeout,
                                       net::Cancellation* cancellation) const {
  EOA_ASSIGN_OR_RETURN(const std::string token, token_());
  net::Request request;
  request.method = std::move(method);
  request.url = base_ + path;
  request.headers.Add("Authorization", "Bearer " + token);
  if (!body.empty()) request.headers.Add("Content-Type", "application/json");
  request.body = std::move(body);
  request.timeout = timeout;
  request.max_response_bytes = kMaxAnswerBytes;
  EOA_ASSIGN_OR_RETURN(net::Response response, http_.Send(request, cancellation));
  if (response.status < 200 || response.status > 299) return ErrorOfAnswer(response);
  return std::move(response.body);
}

Result<api::JoinAnswer> BrokerClient::Join(const api::JoinRequest& request, net::Cancellation* cancellation) const {
  return Parse<api::JoinAnswer>(
      Call("POST", "/join", DumpJson(api::ToJson(request)), PollTimeout(request.wait_seconds), cancellation));
}

Result<api::HeartbeatAnswer> BrokerClient::Heartbeat(const api::HeartbeatRequest& request,
                                                     net::Cancellation* cancellation) const {
  return Parse<api::HeartbeatAnswer>(
      Call("POST", "/heartbeat", DumpJson(api::ToJson(request)), kCallTimeout, cancellation));
}

Result<api::ReportAnswer> BrokerClient::Report(const api::ReportRequest& request,
                                               net::Cancellation* cancellation) const {
  return Parse<api::ReportAnswer>(Call("POST", "/report", DumpJson(api::ToJson(request)), kCallTimeout, cancellation));
}

Result<api::DecisionAnswer> BrokerClient::Decision(int attempt, int generation, int wait_seconds,
                                                   net::Cancellation* cancellation) const {
  const std::string query = "?attempt=" + std::to_string(attempt) + "&generation=" + std::to_string(generation) +
                            "&waitSeconds=" + std::to_string(wait_seconds);
  return Parse<api::DecisionAnswer>(Call("GET", "/decision" + query, "", PollTimeout(wait_seconds), cancellation));
}

Status BrokerClient::Finish(const api::FinishRequest& request, net::Cancellation* cancellation) const {
  const Result<std::string> body = Call("POST", "/finish", DumpJson(api::ToJson(request)), kCallTimeout, cancellation);
  if (!body.ok()) return body.error();
  return OkStatus();
}

}  // namespace eoa::agent
