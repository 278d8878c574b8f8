#include "trainer/agent/status_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "tests/unit/trainer/agent/agent_fixture.h"

namespace eoa::agent {
namespace {

using ::testing::HasSubstr;

const FilePage kNoFiles("/nowhere", "", RealFileSystem());

TEST(StatusPageTest, ServesMetricsAndHealth) {
  Telemetry telemetry(TestSetup(), "1.2.3", RealClock().SteadyNow());
  const auto page = ServeStatusPage("127.0.0.1:0", telemetry, kNoFiles, RealClock());
  ASSERT_TRUE(page.ok()) << page.error().ToString();
  const auto http = net::MakeCpprestClient({});
  const auto get = [&](const std::string& path) {
    net::Request request;
    request.url = "http://127.0.0.1:" + std::to_string((*page)->port()) + path;
    return http->Send(request);
  };
  EXPECT_EQ(get("/healthz")->status, 200);
  EXPECT_EQ(get("/metrics")->status, 200);
  EXPECT_THAT(get("/metrics")->body, HasSubstr("eoa_trainer_info{"));
  EXPECT_EQ(get("/other")->status, 404);
  telemetry.Turn(RealClock().SteadyNow() - std::chrono::minutes(2));
  EXPECT_EQ(get("/healthz")->status, 503);
}

TEST(StatusPageTest, IsNotServedUnlessAskedForAndRefusesWhatIsNoAddress) {
  Telemetry telemetry(TestSetup(), "1.2.3", RealClock().SteadyNow());
  EXPECT_EQ(*ServeStatusPage("", telemetry, kNoFiles, RealClock()), nullptr);
  for (const char* listen : {"9400", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:http"}) {
    EXPECT_EQ(ServeStatusPage(listen, telemetry, kNoFiles, RealClock()).error().code(), ErrorCode::kInvalidArgument)
        << listen;
  }
}

}  // namespace
}  // namespace eoa::agent
