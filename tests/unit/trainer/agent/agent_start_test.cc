// How an agent ends that cannot start: for good after a mistake, for another try where the surroundings may mend.
#include <gtest/gtest.h>

#include "common/base/json_guard.h"
#include "common/job/read_job.h"
#include "common/net/cpprest/cpprest_client.h"
#include "common/net/http_server.h"
#include "tests/temporary_directory.h"
#include "tests/unit/trainer/agent/agent_fixture.h"
#include "trainer/agent/agent.h"

namespace eoa::agent {
namespace {

class AgentStart : public testing::Test {
 protected:
  AgentStart() {
    options_.job_file = Write("job.json", DumpJson(api::JobToJson(TestJob())));
    options_.population = "wolves";
    options_.broker = "http://127.0.0.1:1";
    options_.token_file = Write("token", "secret");
    options_.directory = folder_.path() + "/pod";
    options_.address = "127.0.0.1";
    options_.worker = "/nowhere";
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    EXPECT_TRUE(RealFileSystem().WriteFileAtomically(path, text).ok());
    return path;
  }
  ExitCode Run() { return RunAgent(options_, *http_, RealFileSystem(), RealClock()); }

  TemporaryDirectory folder_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCpprestClient({});
  AgentOptions options_;
};

TEST_F(AgentStart, IsTriedAgainWithoutAToken) {
  options_.token_file = folder_.path() + "/none";
  EXPECT_EQ(Run(), ExitCode::kStartOver);
}

TEST_F(AgentStart, IsTriedAgainWithoutADirectory) {
  options_.directory = Write("file", "no folder") + "/pod";
  EXPECT_EQ(Run(), ExitCode::kStartOver);
}

TEST_F(AgentStart, IsTriedAgainWhileThePortIsTaken) {
  const auto other = net::HttpServer::Start({}, [](const net::ServerRequest&, const net::Responder&) {});
  ASSERT_TRUE(other.ok());
  options_.metrics_listen = ":" + std::to_string((*other)->port());
  options_.listen = "127.0.0.1";
  EXPECT_EQ(Run(), ExitCode::kStartOver);
}

TEST_F(AgentStart, EndsForGoodAfterAMistake) {
  options_.population = "lions";
  EXPECT_EQ(Run(), ExitCode::kBadConfiguration);
  options_.population = "wolves";
  options_.metrics_listen = "9400";
  EXPECT_EQ(Run(), ExitCode::kBadConfiguration);
  options_.metrics_listen = "";
  options_.job_file = folder_.path() + "/none.json";
  EXPECT_EQ(Run(), ExitCode::kBadConfiguration);
}

TEST_F(AgentStart, SaysThatWeightsAreExchangedOverIpv4Only) {
  options_.address = "fd00::7";
  EXPECT_EQ(Run(), ExitCode::kBadConfiguration);
}

TEST(AnyAddress, IsOfTheKindOfThePods) {
  EXPECT_EQ(AnyAddressLike("10.1.2.3"), "0.0.0.0");
  EXPECT_EQ(AnyAddressLike("fd00::1"), "::");
}

}  // namespace
}  // namespace eoa::agent
