// TokenReview: asks the API server whose a token is. A trainer's pod is let in with a token of its own service account
// that was made for this job alone (audience eoa.io/jobs/UID) and is bound to a pod; the pod must be one of the
// population that it speaks for.
//
// Refusals' reasons: 401 Unauthorized (not a token of this job), 403 WrongPod (of another pod), 503 Unavailable (the
// API server does not answer: unknown tokens are refused; a token that passed is accepted for kKnownFor).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "broker/rest/token_verifier.h"
#include "common/base/clock.h"
#include "operator/kube/api_client.h"
#include "operator/metrics/snapshots.h"

namespace eoa::cluster {

class TokenReview : public broker::TokenVerifier {
 public:
  static constexpr Duration kKnownFor = std::chrono::seconds(60);    // a pod that was let in
  static constexpr Duration kRefusedFor = std::chrono::seconds(10);  // one that was not
  static constexpr std::size_t kMostKnown = 16384;                   // of those; more than can be reviewed in kKnownFor
  static constexpr std::size_t kMostRefused = 1024;  // apart, so that guesses make nobody forgotten who was let in
  static constexpr Duration kPatience = std::chrono::seconds(5);  // for the API server

  virtual metrics::TokenCounts stats() const = 0;
};

// `client` and `clock` outlive it.
std::unique_ptr<TokenReview> MakeTokenReview(kube::ApiClient& client, Clock& clock);

// Whose the token is, from the review's status.
struct TokenOwner {
  std::string outcome;     // "allowed", or what is wrong, as in metrics::TokenCounts
  std::string name_space;  // the rest only when allowed
  std::string pod;
};
TokenOwner ReadTokenReview(const nlohmann::json& review, const std::string& audience);  // pure

}  // namespace eoa::cluster
