// Answers as HTTP responses.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "broker/core/problem.h"
#include "common/messages/messages.h"
#include "common/net/http_server.h"

namespace eoa::broker {

net::ServerResponse JsonResponse(const nlohmann::json& document);

// application/problem+json. 401 says how to authenticate; 429 and 503 say when to try again.
net::ServerResponse ProblemResponse(const api::Problem& problem);

// {}, or the problem.
net::ServerResponse Respond(const Answer<void>& answer);

template <typename T>
net::ServerResponse Respond(const Answer<T>& answer) {
  return answer.ok() ? JsonResponse(api::ToJson(*answer)) : ProblemResponse(answer.error());
}

}  // namespace eoa::broker
