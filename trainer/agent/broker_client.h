// BrokerClient: the agent's side of the broker protocol (docs/protocol.md) over HttpClient. One request a call; who
// calls decides on repeating.
//
// Errors, by what the caller can do:
//   Aborted             409 StaleAttempt, NotJoined: this attempt is over, join again
//   Unavailable, DeadlineExceeded, ResourceExhausted, Unauthenticated, NotFound   may pass: try again later
//   others              the request is refused for good; the message holds the broker's reason and detail
// Thread-safety: every method from any thread.
#pragma once

#include <functional>
#include <string>

#include "common/base/result.h"
#include "common/messages/messages.h"
#include "common/net/http_client.h"

namespace eoa::agent {

struct BrokerAddress {
  std::string url;  // http://host:port
  std::string job_uid;
  std::string population;
};

class BrokerClient {
 public:
  // `token` is asked before every request: it is replaced on disk while the agent runs. `http` outlives the client.
  BrokerClient(BrokerAddress address, std::function<Result<std::string>()> token, net::HttpClient& http);

  Result<api::JoinAnswer> Join(const api::JoinRequest& request, net::Cancellation* cancellation) const;
  Result<api::HeartbeatAnswer> Heartbeat(const api::HeartbeatRequest& request, net::Cancellation* cancellation) const;
  Result<api::ReportAnswer> Report(const api::ReportRequest& request, net::Cancellation* cancellation) const;
  Result<api::DecisionAnswer> Decision(int attempt, int generation, int wait_seconds,
                                       net::Cancellation* cancellation) const;
  Status Finish(const api::FinishRequest& request, net::Cancellation* cancellation) const;

 private:
  Result<std::string> Call(std::string method, const std::string& path, std::string body, Duration timeout,
                           net::Cancellation* cancellation) const;

  std::string base_;
  std::function<Result<std::string>()> token_;
  net::HttpClient& http_;
};

// The Error that an answer other than 2xx stands for. Pure.
Error ErrorOfAnswer(const net::Response& response);

}  // namespace eoa::agent
