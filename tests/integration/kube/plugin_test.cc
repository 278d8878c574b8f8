// Exec plugins as processes: what they are given, how they fail, when they run again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/credentials.h"
#include "tests/fakes/fake_clock.h"
#include "tests/temporary_directory.h"

namespace eoa::kube {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class PluginTest : public testing::Test {
 protected:
  Result<std::shared_ptr<Credentials>> Load(const std::string& script) {
    CredentialSources sources;
    sources.plugin = ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                                .arguments = {"/bin/sh", "-c", script, "plugin", runs_},
                                .environment = {{"GREETING", "hello"}},
                                .directory = {},
                                .install_hint = "install it with care"};
    return Credentials::Load(std::move(sources), RealFileSystem(), clock_);
  }
  std::size_t Runs() { return RealFileSystem().ReadFile(runs_, 1000)->size(); }

  // Prints a token that counts the runs, good until that second of the fake clock.
  static std::string CountingScript(const std::string& expires) {
    return R"sh(printf x >> "$1"
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
printf '"status":{"token":"%s%s","expirationTimestamp":"%s"}}' "$GREETING" "$(cat "$1")" )sh" +
           expires;
  }

  TemporaryDirectory directory_;
  std::string runs_ = JoinPath(directory_.path(), "runs");
  FakeClock clock_;
};

TEST_F(PluginTest, RunsAgainShortlyBeforeItsTokenExpiresAndNotEarlier) {
  const auto credentials = Load(CountingScript("1970-01-01T01:10:00Z"));
  ASSERT_TRUE(credentials.ok()) << credentials.error().ToString();
  EXPECT_EQ(*(*credentials)->Token(), "hellox");
  clock_.Advance(9min);
  EXPECT_EQ(*(*credentials)->Token(), "hellox");
  clock_.Advance(55s);
  EXPECT_EQ(*(*credentials)->Token(), "helloxx");
}

TEST_F(PluginTest, RunsAgainWhenItsTokenIsRejected) {
  const auto credentials = Load(CountingScript("2070-01-01T00:00:00Z"));
  ASSERT_TRUE(credentials.ok()) << credentials.error().ToString();
  (*credentials)->Rejected();
  EXPECT_EQ(*(*credentials)->Token(), "helloxx");
}

TEST_F(PluginTest, SaysWhichPluginFailedAndHowToInstallIt) {
  const auto failed = Load("echo secret; exit 7");
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().ToString(), HasSubstr("exit code 7"));
  EXPECT_THAT(failed.error().ToString(), HasSubstr("install it with care"));
  EXPECT_THAT(failed.error().ToString(), Not(HasSubstr("secret")));
}

TEST_F(PluginTest, IsEndedWhenItPrintsWithoutEnd) {
  const auto failed =
      Load("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done");
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().ToString(), HasSubstr("mebibyte"));
}

}  // namespace
}  // namespace eoa::kube
