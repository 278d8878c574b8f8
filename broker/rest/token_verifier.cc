#include "broker/rest/token_verifier.h"

#include "common/net/http_server.h"

namespace eoa::broker {

api::Problem UnknownToken() {
  return Refuse(401, Refusal::kUnauthorized,
                "the request must carry this job's token as 'Authorization: Bearer TOKEN'");
}

TokenVerdict FixedToken::Verify(const TokenQuestion& question) {
  if (net::EqualSecrets(question.token, token_)) return {};
  return UnknownToken();
}

}  // namespace eoa::broker
