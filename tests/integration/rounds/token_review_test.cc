// Trainers' tokens, reviewed by the scripted API server.
#include "operator/cluster/token_review.h"

#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scripted_api_server.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

api::Job TestJob() {
  api::Job job;
  job.metadata = {.name = "quick", .name_space = "ns", .uid = "11111111-2222", .labels = {}, .annotations = {}};
  for (const char* name : {"wolves", "whales"}) {
    api::PopulationSpec population;
    population.name = name;
    job.spec.populations.push_back(population);
  }
  return job;
}

json Review(const std::string& pod, const std::string& name_space = "ns") {
  return {{"authenticated", true},
          {"audiences", {"eoa.io/jobs/11111111-2222"}},
          {"user",
           {{"username", "system:serviceaccount:" + name_space + ":default"},
            {"extra", {{"authentication.kubernetes.io/pod-name", {pod}}}}}}};
}

class TokenReviewTest : public testing::Test {
 protected:
  TokenReviewTest() {
    server_.OnTokenReview([](const json& spec) -> json {
      const std::string token = spec["token"];
      if (spec["audiences"] != json::array({"eoa.io/jobs/11111111-2222"})) return {{"authenticated", false}};
      if (token.starts_with("pod:")) return Review(token.substr(4));
      if (token.starts_with("elsewhere:")) return Review(token.substr(10), "other");
      json review = Review("quick-wolves-0");
      if (token == "unbound") review["user"].erase("extra");
      if (token == "person") review["user"]["username"] = "jane";
      if (token == "no-audience") review.erase("audiences");
      if (token == "guess") return {{"authenticated", false}};
      return review;
    });
  }

  // The refusal's status; 0 when let in.
  int Ask(const std::string& token, const std::string& population = "wolves") {
    const broker::TokenVerdict verdict = tokens_->Verify({job_, population, token});
    return verdict.ok() ? 0 : verdict.error().status;
  }
  std::size_t Reviews() const { return server_.CountRequests("POST", "tokenreviews"); }

  const api::Job job_ = TestJob();
  ScriptedApiServer server_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient();
  kube::ApiClient client_{{.server = server_.url()}, *http_, RealClock(), {.timeout = 1s}};
  FakeClock clock_;
  std::unique_ptr<TokenReview> tokens_ = MakeTokenReview(client_, clock_);
};

TEST_F(TokenReviewTest, LetsAPodSpeakForItsOwnPopulationAlone) {
  EXPECT_EQ(Ask("pod:quick-wolves-12"), 0);
  EXPECT_EQ(Ask("pod:quick-wolves-12", "whales"), 403);
  EXPECT_EQ(Ask("pod:quick-wolves-12", ""), 0);
  EXPECT_EQ(Ask("pod:quick-whales-0", "whales"), 0);
}

TEST_F(TokenReviewTest, LetsNoOtherPodIn) {
  EXPECT_EQ(Ask("pod:quick-wolves"), 403);
  EXPECT_EQ(Ask("pod:quick-wolves-"), 403);
  EXPECT_EQ(Ask("pod:quick-wolves-0-evil"), 403);
  EXPECT_EQ(Ask("pod:quick-wolves-x"), 403);
  EXPECT_EQ(Ask("pod:quicker-wolves-0"), 403);
  EXPECT_EQ(Ask("elsewhere:quick-wolves-0"), 403);
  EXPECT_EQ(Ask("pod:other-0", ""), 403);
}

TEST_F(TokenReviewTest, LetsNobodyInWithoutAPodsTokenForThisJob) {
  for (const char* token : {"guess", "unbound", "person", "no-audience"}) EXPECT_EQ(Ask(token), 401) << token;
  const auto reviews = tokens_->stats().reviews;
  EXPECT_EQ(reviews.at("unauthenticated"), 1u);
  EXPECT_EQ(reviews.at("unbound"), 2u);
  EXPECT_EQ(reviews.at("audience"), 1u);
}

TEST_F(TokenReviewTest, AsksTheApiServerOnceAMinuteForAToken) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask("pod:quick-wolves-0"), 0);
  EXPECT_EQ(Ask("pod:quick-wolves-0", "whales"), 403);
  EXPECT_EQ(Reviews(), 1u);
  EXPECT_TRUE(tokens_->Known({job_, "wolves", "pod:quick-wolves-0"})->ok());
  clock_.Advance(61s);
  EXPECT_FALSE(tokens_->Known({job_, "wolves", "pod:quick-wolves-0"}));
  EXPECT_EQ(Ask("pod:quick-wolves-0"), 0);
  EXPECT_EQ(Reviews(), 2u);
}

TEST_F(TokenReviewTest, AsksAgainSoonForATokenThatWasRefused) {
  EXPECT_EQ(Ask("guess"), 401);
  EXPECT_EQ(Ask("guess"), 401);
  EXPECT_EQ(Reviews(), 1u);
  clock_.Advance(11s);
  EXPECT_EQ(Ask("guess"), 401);
  EXPECT_EQ(Reviews(), 2u);
}

TEST_F(TokenReviewTest, SaysThatNobodyCouldBeAskedWhenTheApiServerFailsAndRemembersWhoWasLetIn) {
  EXPECT_EQ(Ask("pod:quick-wolves-0"), 0);
  server_.Inject({.kind = ApiFault::Kind::kAnswer, .method = "POST", .times = -1, .status = 500});
  EXPECT_EQ(Ask("pod:quick-wolves-0"), 0);
  EXPECT_EQ(Ask("pod:quick-wolves-1"), 503);
  server_.Heal();
  EXPECT_EQ(Ask("pod:quick-wolves-1"), 0);
  EXPECT_EQ(tokens_->stats().reviews.at("error"), 1u);
}

TEST_F(TokenReviewTest, RemembersABoundedNumberOfTokensAndForgetsNobodyForGuesses) {
  server_.OnTokenReview([](const json& spec) -> json {
    const std::string token = spec["token"];
    return token.starts_with("pod:") ? Review(token.substr(4)) : json{{"authenticated", false}};
  });
  EXPECT_EQ(Ask("pod:quick-wolves-0"), 0);
  for (std::size_t i = 0; i < TokenReview::kMostRefused + 10; ++i) Ask("guess-" + std::to_string(i));
  EXPECT_EQ(tokens_->stats().remembered, 1 + TokenReview::kMostRefused);
  ASSERT_TRUE(tokens_->Known({job_, "wolves", "pod:quick-wolves-0"}));
  EXPECT_TRUE(tokens_->Known({job_, "wolves", "pod:quick-wolves-0"})->ok());
  EXPECT_FALSE(tokens_->Known({job_, "wolves", std::string(100'000, 'x')})->ok());
}

}  // namespace
}  // namespace eoa::cluster
