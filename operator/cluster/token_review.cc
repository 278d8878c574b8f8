#include "operator/cluster/token_review.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "broker/core/problem.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/recent_map.h"
#include "common/net/digest.h"
#include "operator/plan/names.h"

namespace eoa::cluster {
namespace {

using broker::TokenQuestion;
using broker::TokenVerdict;
using nlohmann::json;

constexpr std::string_view kServiceAccount = "system:serviceaccount:";
constexpr std::string_view kPodName = "authentication.kubernetes.io/pod-name";
constexpr std::size_t kLongestToken = 16384;

bool PodBelongsTo(const std::string& pod, const std::string& set) {
  const std::string prefix = set + "-";
  return pod.size() > prefix.size() && pod.starts_with(prefix) &&
         pod.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
}

bool SpeaksFor(const TokenOwner& owner, const TokenQuestion& question) {
  const api::Job& job = question.job;
  if (!question.population.empty()) return PodBelongsTo(owner.pod, plan::SetName(job, question.population));
  return std::any_of(job.spec.populations.begin(), job.spec.populations.end(), [&](const auto& population) {
    return PodBelongsTo(owner.pod, plan::SetName(job, population.name));
  });
}

// One text of a list of texts by name.
std::string ExtraOf(const json& user, std::string_view name) {
  const auto extra = user.find("extra");
  if (extra == user.end() || !extra->is_object()) return "";
  const auto found = extra->find(name);
  if (found == extra->end() || !found->is_array() || found->size() != 1 || !found->front().is_string()) return "";
  return found->front().get<std::string>();
}

struct Judgement {
  std::string outcome;  // as in metrics::TokenCounts
  TokenVerdict verdict;
};

Judgement Judge(const TokenOwner& owner, const TokenQuestion& question) {
  if (owner.outcome != "allowed") return {owner.outcome, broker::UnknownToken()};
  if (owner.name_space != question.job.metadata.name_space) {
    return {"namespace",
            {broker::Refuse(403, Refusal::kWrongPod, "the token is of a pod in namespace " + owner.name_space)}};
  }
  if (SpeaksFor(owner, question)) return {"allowed", {}};
  return {"pod",
          {broker::Refuse(403, Refusal::kWrongPod,
                          "pod " + owner.pod + " does not speak for " +
                              (question.population.empty() ? "this job" : "population " + question.population))}};
}

class Reviewer final : public TokenReview {
 public:
  Reviewer(kube::ApiClient& client, Clock& clock) : client_(client), clock_(clock) {}

  std::optional<TokenVerdict> Known(const TokenQuestion& question) override {
    if (question.token.size() > kLongestToken) return TokenVerdict{broker::UnknownToken()};
    const std::string digest = DigestOf(question);
    const MutexLock lock(mutex_);
    const Entry* found = allowed_.Find(digest);
    if (found == nullptr) found = refused_.Find(digest);
    if (found == nullptr || clock_.SteadyNow() >= found->until) return std::nullopt;
    ++stats_.known;
    return Judge(found->owner, question).verdict;
  }

  TokenVerdict Verify(const TokenQuestion& question) override {
    if (std::optional<TokenVerdict> known = Known(question)) return *std::move(known);
    const std::string audience = plan::TokenAudience(question.job);
    const json review = {{"apiVersion", "authentication.k8s.io/v1"},
                         {"kind", "TokenReview"},
                         {"metadata", json::object()},
                         {"spec", {{"token", question.token}, {"audiences", json::array({audience})}}}};
    const Result<json> answer = client_.Create(kube::kTokenReviews, review, {.timeout = kPatience});
    if (!answer.ok())
      Log(LogLevel::kWarning, "the API server cannot review a token", {{"error", answer.error().message()}});
    const TokenOwner owner = ReadTokenReview(answer.ok() ? *answer : json(), audience);
    if (owner.outcome == "error") {
      Count(owner.outcome);
      return {broker::Refuse(503, Refusal::kUnavailable, "the API server cannot review the token; try again")};
    }
    Remember(DigestOf(question), owner);
    Judgement judgement = Judge(owner, question);
    Count(judgement.outcome);
    return std::move(judgement.verdict);
  }

  metrics::TokenCounts stats() const override {
    const MutexLock lock(mutex_);
    metrics::TokenCounts copy = stats_;
    copy.remembered = allowed_.size() + refused_.size();
    return copy;
  }

 private:
  struct Entry {
    TokenOwner owner;
    SteadyTime until;
  };

  // Tokens are not kept: who reads this memory must not get to speak for a pod.
  static std::string DigestOf(const TokenQuestion& question) {
    return net::Sha256(plan::TokenAudience(question.job) + "\n" + question.token);
  }

  void Count(const std::string& outcome) {
    const MutexLock lock(mutex_);
    ++stats_.reviews[outcome];
  }

  // Remembers whose the token is, not the decision: the next request may be for another population.
  void Remember(const std::string& digest, const TokenOwner& owner) {
    const bool allowed = owner.outcome == "allowed";
    const SteadyTime until = clock_.SteadyNow() + (allowed ? kKnownFor : kRefusedFor);
    const MutexLock lock(mutex_);
    (allowed ? refused_ : allowed_).Erase(digest);
    (allowed ? allowed_ : refused_)[digest] = {owner, until};
  }

  kube::ApiClient& client_;
  Clock& clock_;
  mutable Mutex mutex_;
  RecentMap<std::string, Entry> allowed_ GUARDED_BY(mutex_){kMostKnown};  // by digest
  RecentMap<std::string, Entry> refused_ GUARDED_BY(mutex_){kMostRefused};
  metrics::TokenCounts stats_ GUARDED_BY(mutex_);
};

}  // namespace

TokenOwner ReadTokenReview(const json& review, const std::string& audience) {
  const auto wrong = [](const char* outcome) { return TokenOwner{.outcome = outcome, .name_space = {}, .pod = {}}; };
  if (!review.is_object()) return wrong("error");
  const auto status = review.find("status");
  if (status == review.end() || !status->is_object()) return wrong("error");
  const auto authenticated = status->find("authenticated");
  if (authenticated == status->end() || *authenticated != true) return wrong("unauthenticated");
  // A server that knows nothing of audiences names none: its token could be meant for anybody.
  const auto audiences = status->find("audiences");
  if (audiences == status->end() || !audiences->is_array() ||
      std::find(audiences->begin(), audiences->end(), audience) == audiences->end()) {
    return wrong("audience");
  }
  const auto user = status->find("user");
  if (user == status->end() || !user->is_object()) return wrong("unbound");
  const auto name = user->find("username");
  const std::string account = name != user->end() && name->is_string() ? name->get<std::string>() : "";
  const std::string pod = ExtraOf(*user, kPodName);
  const std::size_t end = account.find(':', kServiceAccount.size());
  if (!account.starts_with(kServiceAccount) || end == std::string::npos || pod.empty()) return wrong("unbound");
  return {.outcome = "allowed",
          .name_space = account.substr(kServiceAccount.size(), end - kServiceAccount.size()),
          .pod = pod};
}

std::unique_ptr<TokenReview> MakeTokenReview(kube::ApiClient& client, Clock& clock) {
  return std::make_unique<Reviewer>(client, clock);
}

}  // namespace eoa::cluster
