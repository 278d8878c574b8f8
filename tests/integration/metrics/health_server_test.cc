#include "operator/metrics/health_server.h"

#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"

namespace eoa::metrics {
namespace {

TEST(HealthServer, TellsWhyItIsUnhealthyOrUnready) {
  std::optional<std::string> unhealthy;
  std::optional<std::string> unready;
  const auto server = HealthServer::Start(
      {}, [&] { return unhealthy; }, [&] { return unready; });
  ASSERT_TRUE(server.ok()) << server.error().message();
  const auto client = net::MakeCpprestClient();
  const auto ask = [&](const std::string& path, const std::string& method = "GET") {
    net::Request request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string((*server)->port()) + path;
    const Result<net::Response> answer = client->Send(request);
    return answer.ok() ? *answer : net::Response{};
  };
  EXPECT_EQ(ask("/healthz").status, 200);
  EXPECT_EQ(ask("/readyz").body, "ok\n");
  unready = "waiting for caches: pods";
  EXPECT_EQ(ask("/readyz").status, 503);
  EXPECT_EQ(ask("/readyz").body, "waiting for caches: pods\n");
  unhealthy = "a worker is stuck";
  EXPECT_EQ(ask("/healthz").status, 503);
  EXPECT_EQ(ask("/metrics").status, 404);
  EXPECT_EQ(ask("/healthz", "POST").status, 405);
}

}  // namespace
}  // namespace eoa::metrics
