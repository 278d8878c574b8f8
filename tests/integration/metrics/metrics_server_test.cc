#include "operator/metrics/metrics_server.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/cpprest/cpprest_client.h"
#include "common/net/http_client.h"
#include "tests/integration/metrics/sample_sources.h"

namespace eoa::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

MetricsSources Samples(std::uint64_t tick = 0) {
  return SampleSources([tick] { return tick; }, [] { return kNow; });
}

class MetricsServerTest : public testing::Test {
 protected:
  void Start(MetricsSources sources) {
    auto server = MetricsServer::Start({}, std::move(sources), RealClock(), RealFileSystem());
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = *std::move(server);
  }

  net::Response Ask(const std::string& path, const std::string& method = "GET") {
    net::Request request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    const Result<net::Response> answer = client_->Send(request);
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    return answer.ok() ? *answer : net::Response{};
  }

  const std::unique_ptr<net::HttpClient> client_ = net::MakeCpprestClient({});
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, GivesAllPartsInPrometheusTextFormat) {
  Start(Samples());
  const net::Response answer = Ask("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body,
              HasSubstr("controller_runtime_reconcile_total{controller=\"eoajob\",result=\"success\"} 10\n"));
  EXPECT_THAT(answer.body, HasSubstr("eoa_build_info{version=\"1.2.3\""));
  EXPECT_THAT(answer.body, HasSubstr("process_resident_memory_bytes "));
}

TEST_F(MetricsServerTest, KnowsNoOtherPageAndNoOtherMethod) {
  Start(Samples());
  EXPECT_EQ(Ask("/").status, 404);
  EXPECT_EQ(Ask("/metrics/more").status, 404);
  EXPECT_EQ(Ask("/metrics", "POST").status, 405);
}

TEST_F(MetricsServerTest, APartThatThrowsCostsOnlyItsOwnMetrics) {
  MetricsSources sources = Samples();
  sources.jobs = []() -> std::vector<JobSnapshot> { throw std::runtime_error("a bug"); };
  Start(std::move(sources));
  const net::Response answer = Ask("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("eoa_scrape_part_failed{part=\"jobs\"} 1\n"));
  EXPECT_THAT(answer.body, HasSubstr("eoa_scrape_part_failed{part=\"queue\"} 0\n"));
  EXPECT_THAT(answer.body, HasSubstr("workqueue_adds_total"));
  EXPECT_THAT(answer.body, Not(HasSubstr("eoa_job_info")));
}

TEST_F(MetricsServerTest, AJobThatIsGoneHasNoSeriesAnyMore) {
  MetricsSources sources = Samples();
  bool gone = false;
  sources.jobs = [&gone, all = sources.jobs] { return gone ? std::vector<JobSnapshot>() : all(); };
  Start(std::move(sources));
  EXPECT_THAT(Ask("/metrics").body, HasSubstr("job_name=\"quickstart\""));
  gone = true;
  EXPECT_THAT(Ask("/metrics").body, Not(HasSubstr("job_name=\"quickstart\"")));
}

TEST_F(MetricsServerTest, AProcessWithoutAPartHasNoneOfItsMetrics) {
  MetricsSources sources;
  sources.version = "1";
  Start(std::move(sources));
  EXPECT_THAT(Ask("/metrics").body, Not(HasSubstr("workqueue_")));
}

}  // namespace
}  // namespace eoa::metrics
