// TokenVerifier: whether the bearer of a token may speak for a job's population. `eoa run` knows the one token that it
// made; in the cluster the API server is asked (operator/cluster/token_review.h).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "broker/core/problem.h"
#include "common/job/job.h"
#include "common/messages/messages.h"

namespace eoa::broker {

struct TokenQuestion {
  const api::Job& job;
  std::string population;  // empty: the request only reads
  std::string token;       // what stood behind "Bearer "; empty: nothing
};

// Refused with 401, 403, or 503 when nobody could be asked.
using TokenVerdict = Answer<void>;

// Thread-safety: every method from any thread.
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;

  // The verdict when it is known without asking anybody; never blocks.
  virtual std::optional<TokenVerdict> Known(const TokenQuestion& question) = 0;

  // May block for some seconds.
  virtual TokenVerdict Verify(const TokenQuestion& question) = 0;
};

// Exactly this token, for every job and population.
class FixedToken final : public TokenVerifier {
 public:
  // `token` is not empty.
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  std::optional<TokenVerdict> Known(const TokenQuestion& question) override { return Verify(question); }
  TokenVerdict Verify(const TokenQuestion& question) override;

 private:
  const std::string token_;
};

// The refusal of a token that is missing or not known.
api::Problem UnknownToken();

}  // namespace eoa::broker
