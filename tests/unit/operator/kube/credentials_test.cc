#include "operator/kube/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/temporary_directory.h"

namespace eoa::kube {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class CredentialsTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(path, text).ok());
    return path;
  }
  Result<std::shared_ptr<Credentials>> Load(CredentialSources sources) {
    return Credentials::Load(std::move(sources), RealFileSystem(), clock_);
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
};

TEST_F(CredentialsTest, ReadsARotatedTokenWithinAMinuteAndWithoutItsNewline) {
  CredentialSources sources;
  sources.token.file = Write("token", "first\n");
  const auto credentials = *Load(sources);
  EXPECT_EQ(*credentials->Token(), "first");
  Write("token", " second \r\n");
  clock_.Advance(59s);
  EXPECT_EQ(*credentials->Token(), "first");
  clock_.Advance(1s);
  EXPECT_EQ(*credentials->Token(), "second");
}

TEST_F(CredentialsTest, ReadsTheTokenAgainAtOnceWhenItWasRejected) {
  CredentialSources sources;
  sources.token.file = Write("token", "first");
  const auto credentials = *Load(sources);
  Write("token", "second");
  credentials->Rejected();
  EXPECT_EQ(*credentials->Token(), "second");
}

TEST_F(CredentialsTest, KeepsTheOldTokenWhileTheFileIsAwayOrEmpty) {
  CredentialSources sources;
  sources.token.file = Write("token", "first");
  const auto credentials = *Load(sources);
  ASSERT_TRUE(RealFileSystem().Remove(sources.token.file).ok());
  clock_.Advance(61s);
  EXPECT_EQ(*credentials->Token(), "first");
  Write("token", "\n");
  clock_.Advance(61s);
  EXPECT_EQ(*credentials->Token(), "first");
  Write("token", "third");
  clock_.Advance(61s);
  EXPECT_EQ(*credentials->Token(), "third");
}

TEST_F(CredentialsTest, DoesNotStartWithoutWhatItWasToldToUse) {
  CredentialSources sources;
  sources.authorities.file = JoinPath(directory_.path(), "ca.crt");
  EXPECT_THAT(Load(sources).error().ToString(), HasSubstr("ca.crt"));
  sources = {};
  sources.token.file = Write("token", "\n");
  EXPECT_EQ(Load(sources).error().code(), ErrorCode::kUnauthenticated);
}

TEST_F(CredentialsTest, HandsOutTheSameIdentityUntilAFileChanges) {
  CredentialSources sources;
  sources.authorities.file = Write("ca.crt", "old");
  const auto credentials = *Load(sources);
  const auto identity = credentials->Identity();
  clock_.Advance(61s);
  ASSERT_TRUE(credentials->Token().ok());
  EXPECT_EQ(credentials->Identity(), identity);  // connections are kept
  Write("ca.crt", "new");
  clock_.Advance(61s);
  ASSERT_TRUE(credentials->Token().ok());
  EXPECT_NE(credentials->Identity(), identity);
  EXPECT_EQ(credentials->Identity()->authorities, "new");
}

constexpr const char* kVersion = "client.authentication.k8s.io/v1";

std::string AnswerWith(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}";
}

TEST(PluginAnswerTest, TakesATokenOrAPairWithItsEnd) {
  const auto token =
      ParsePluginAnswer(AnswerWith(R"({"token":"t\n","expirationTimestamp":"1970-01-01T01:00:00Z"})"), kVersion);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->token, "t");
  EXPECT_EQ(token->expires, WallTime(1h));
  const auto pair = ParsePluginAnswer(AnswerWith(R"({"clientCertificateData":"c","clientKeyData":"k"})"), kVersion);
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->key, "k");
  EXPECT_FALSE(pair->expires);
}

TEST(PluginAnswerTest, SaysWhatIsWrongWithoutShowingTheSecret) {
  const auto refused = [](const std::string& text) {
    const auto answer = ParsePluginAnswer(text, kVersion);
    EXPECT_FALSE(answer.ok()) << text;
    return answer.ok() ? "" : answer.error().ToString();
  };
  EXPECT_THAT(refused("secret"), Not(HasSubstr("secret")));
  EXPECT_THAT(refused(R"({"kind":"Pod"})"), HasSubstr("not an ExecCredential"));
  EXPECT_THAT(refused(R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"})"),
              HasSubstr("v1beta1"));
  EXPECT_THAT(refused(AnswerWith("null")), HasSubstr("no status"));
  EXPECT_THAT(refused(AnswerWith("{}")), HasSubstr("neither"));
  EXPECT_THAT(refused(AnswerWith(R"({"clientKeyData":"secret"})")), HasSubstr("key alone"));
  EXPECT_THAT(refused(AnswerWith(R"({"token":"secret","expirationTimestamp":"soon"})")), HasSubstr("malformed"));
}

}  // namespace
}  // namespace eoa::kube
