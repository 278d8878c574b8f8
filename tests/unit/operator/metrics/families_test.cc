#include "operator/metrics/families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eoa::metrics {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr WallTime kNow{seconds(1'800'000'000)};

TEST(Histograms, CountEveryBucketUpToItsBoundAndAllInInf) {
  prometheus::MetricFamily family = Histogram("h_seconds", "Help.");
  static constexpr std::array<double, 2> kBounds = {0.5, 2};
  eoa::Histogram values(kBounds);
  for (const double value : {0.5, 1.0, 2.0, 2.5, 3.0, 4.0, 5.0}) values.Observe(value);
  Add(family, {}, values);
  EXPECT_THAT(Text({family}),
              AllOf(HasSubstr("h_seconds_count 7\n"), HasSubstr("h_seconds_sum 18\n"),
                    HasSubstr("h_seconds_bucket{le=\"0.5\"} 1\n"), HasSubstr("h_seconds_bucket{le=\"2\"} 3\n"),
                    HasSubstr("h_seconds_bucket{le=\"+Inf\"} 7\n")));
}

TEST(Histograms, AreEmptyButWholeBeforeAnythingWasObserved) {
  EXPECT_THAT(Text(ReconcileFamilies("eoajob", {})),
              HasSubstr("reconcile_time_seconds_bucket{controller=\"eoajob\",le=\"+Inf\"} 0\n"));
}

TEST(LabelValues, ThatAreNoUtf8DoNotSpoilTheScrape) {
  prometheus::MetricFamily family = Gauge("g", "Help.");
  Add(family, {{"text", "caf\xC3\xA9 \xFF\xC3 \xED\xA0\x80 \"q\"\n"}}, 1.0);
  EXPECT_THAT(Text({family}), HasSubstr("g{text=\"caf\xC3\xA9 ?? ??? \\\"q\\\"\\n\"} 1\n"));
}

TEST(ReconcileMetrics, HaveAllFourResultsFromTheStart) {
  const std::string text = Text(ReconcileFamilies("eoajob", {}));
  for (const char* result : {"success", "error", "requeue", "requeue_after"}) {
    EXPECT_THAT(text, HasSubstr("controller_runtime_reconcile_total{controller=\"eoajob\",result=\"" +
                                std::string(result) + "\"} 0\n"));
  }
  for (const char* name : {"reconcile_errors_total", "terminal_reconcile_errors_total", "reconcile_panics_total",
                           "reconcile_timeouts_total", "max_concurrent_reconciles", "active_workers"}) {
    EXPECT_THAT(text, HasSubstr("controller_runtime_" + std::string(name) + "{controller=\"eoajob\"} 0\n"));
  }
}

TEST(QueueMetrics, HaveUpstreamsNamesLabelsAndBuckets) {
  kube::WorkQueueStats stats;
  stats.depth_normal = 3;
  stats.depth_low = 5;
  stats.adds = 7;
  stats.retries = 2;
  stats.queue_seconds.Observe(0.002);
  stats.longest_running = seconds(4);
  const std::string text = Text(QueueFamilies("eoajob", stats));
  EXPECT_THAT(text, HasSubstr("workqueue_depth{name=\"eoajob\",controller=\"eoajob\",priority=\"0\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("workqueue_depth{name=\"eoajob\",controller=\"eoajob\",priority=\"-100\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("workqueue_adds_total{name=\"eoajob\",controller=\"eoajob\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("workqueue_retries_total{name=\"eoajob\",controller=\"eoajob\"} 2\n"));
  EXPECT_THAT(
      text,
      HasSubstr("workqueue_queue_duration_seconds_bucket{name=\"eoajob\",controller=\"eoajob\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(
      text,
      HasSubstr("workqueue_queue_duration_seconds_bucket{name=\"eoajob\",controller=\"eoajob\",le=\"0.01\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("workqueue_longest_running_processor_seconds{name=\"eoajob\",controller=\"eoajob\"} 4\n"));
}

TEST(ClientMetrics, OfClientsWithOneHostAreSummed) {
  kube::ApiClientStats one;
  one.host = "10.0.0.1:443";
  one.requests[{"200", "GET"}] = 3;
  eoa::Histogram& latency = one.seconds.try_emplace("GET", kube::ApiClientStats::kSecondsBounds).first->second;
  for (int i = 0; i < 3; ++i) latency.Observe(0.001);
  kube::ApiClientStats two = one;
  two.requests[{"409", "PATCH"}] = 1;
  const std::string text = Text(ClientFamilies({one, two}));
  EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"200\",method=\"GET\",host=\"10.0.0.1:443\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"409\",method=\"PATCH\",host=\"10.0.0.1:443\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rest_client_request_duration_seconds_count{verb=\"GET\",host=\"10.0.0.1:443\"} 6\n"));
}

TEST(ElectionMetrics, SayWhoLeads) {
  ElectionSnapshot snapshot;
  snapshot.lease = "eoa-operator";
  snapshot.stats.leads = true;
  snapshot.stats.slow_paths = 2;
  EXPECT_THAT(Text(ElectionFamilies(snapshot)),
              AllOf(HasSubstr("leader_election_master_status{name=\"eoa-operator\"} 1\n"),
                    HasSubstr("leader_election_slowpath_total{name=\"eoa-operator\"} 2\n")));
}

TEST(CacheMetrics, SumNamespacesAndAreSyncedWhenAllAre) {
  CacheSnapshot one;
  one.resource = "pods";
  one.store = {.objects = 2, .bytes = 10};
  one.synced = true;
  CacheSnapshot two;
  two.resource = "pods";
  two.store = {.objects = 3, .bytes = 20};
  two.quiet = seconds(9);
  const std::string text = Text(CacheFamilies({one, two}));
  EXPECT_THAT(text, AllOf(HasSubstr("eoa_cache_objects{resource=\"pods\"} 5\n"),
                          HasSubstr("eoa_cache_bytes{resource=\"pods\"} 30\n"),
                          HasSubstr("eoa_cache_synced{resource=\"pods\"} 0\n"),
                          HasSubstr("eoa_watch_quiet_seconds{resource=\"pods\"} 9\n"),
                          HasSubstr("eoa_watch_restarts_total{resource=\"pods\",reason=\"gone\"} 0\n")));
}

TEST(BrokerMetrics, CountAnswersByRouteAndCode) {
  broker::BrokerServiceStats stats;
  stats.routes["/v1/x"].answers = {{200, 4}, {503, 1}};
  for (int i = 0; i < 5; ++i) stats.routes["/v1/x"].seconds.Observe(0.002);
  stats.denied = {{Refusal::kWrongPod, 2}};
  EXPECT_THAT(Text(BrokerFamilies(stats)),
              AllOf(HasSubstr("eoa_broker_requests_total{route=\"/v1/x\",code=\"503\"} 1\n"),
                    HasSubstr("eoa_broker_request_duration_seconds_bucket{route=\"/v1/x\",le=\"0.0025\"} 5\n"),
                    HasSubstr("eoa_broker_auth_failures_total{reason=\"WrongPod\"} 2\n")));
}

JobSnapshot Job(std::string name_space, std::string name, std::optional<JobPhase> phase) {
  JobSnapshot job;
  job.name_space = std::move(name_space);
  job.name = std::move(name);
  job.status.phase = phase;
  return job;
}

TEST(JobMetrics, CountJobsOfEveryPhaseInEveryNamespaceThatHasAny) {
  const std::string text = Text(JobFamilies(
      {Job("a", "x", JobPhase::kRunning), Job("a", "y", std::nullopt), Job("b", "z", JobPhase::kFailed)}, 10, kNow));
  EXPECT_THAT(text, AllOf(HasSubstr("eoa_jobs{job_namespace=\"a\",phase=\"Pending\"} 1\n"),
                          HasSubstr("eoa_jobs{job_namespace=\"a\",phase=\"Running\"} 1\n"),
                          HasSubstr("eoa_jobs{job_namespace=\"a\",phase=\"Failed\"} 0\n"),
                          HasSubstr("eoa_jobs{job_namespace=\"b\",phase=\"Failed\"} 1\n")));
}

TEST(JobMetrics, KeepTheNumberOfSeriesBoundedWhileCountingAllJobs) {
  const std::string text = Text(JobFamilies(
      {Job("b", "z", JobPhase::kRunning), Job("a", "x", JobPhase::kRunning), Job("a", "y", JobPhase::kRunning)}, 2,
      kNow));
  EXPECT_THAT(text, AllOf(HasSubstr("job_name=\"x\""), HasSubstr("job_name=\"y\""), Not(HasSubstr("job_name=\"z\"")),
                          HasSubstr("eoa_jobs_without_series 1\n"),
                          HasSubstr("eoa_jobs{job_namespace=\"b\",phase=\"Running\"} 1\n")));
}

TEST(JobMetrics, TellHowLongAJobWaitedAndRan) {
  JobSnapshot job = Job("a", "x", JobPhase::kRunning);
  job.created = kNow - seconds(30);
  EXPECT_THAT(Text(JobFamilies({job}, 10, kNow)),
              HasSubstr("{job_namespace=\"a\",job_name=\"x\",stage=\"pending\"} 30\n"));
  job.status.start_time = kNow - seconds(20);
  EXPECT_THAT(Text(JobFamilies({job}, 10, kNow)),
              AllOf(HasSubstr("stage=\"pending\"} 10\n"), HasSubstr("stage=\"active\"} 20\n")));
  job.status.completion_time = kNow - seconds(5);
  EXPECT_THAT(Text(JobFamilies({job}, 10, kNow)), HasSubstr("stage=\"active\"} 15\n"));
}

TEST(JobMetrics, LeaveOutWhatIsNotKnownYet) {
  const std::string text = Text(JobFamilies({Job("a", "x", JobPhase::kPending)}, 10, kNow));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("test_accuracy")), Not(HasSubstr("baseline")), Not(HasSubstr("progress_ratio")),
                          Not(HasSubstr("stage=\"active\""))));
}

TEST(JobMetrics, CountElectionsAndRoundsThatAPopulationMissed) {
  JobSnapshot job = Job("a", "x", JobPhase::kRunning);
  broker::EcosphereView view;
  view.populations.resize(2);
  view.populations[0].name = "wolves";
  view.populations[1].name = "whales";
  view.tally.won = {{"wolves", 2}};
  view.tally.closed = {{ClosedBy::kAll, 1}, {ClosedBy::kDeadline, 1}};
  view.tally.missing = {{"whales", 1}};
  job.ecosphere = std::make_shared<const broker::EcosphereView>(view);
  const std::string text = Text(JobFamilies({job}, 10, kNow));
  const std::string of_job = "{job_namespace=\"a\",job_name=\"x\",";
  EXPECT_THAT(text, AllOf(HasSubstr("eoa_exchange_elections_total" + of_job + "population=\"wolves\"} 2\n"),
                          HasSubstr("eoa_exchange_elections_total" + of_job + "population=\"whales\"} 0\n"),
                          HasSubstr("eoa_exchange_missing_reports_total" + of_job + "population=\"whales\"} 1\n"),
                          HasSubstr("eoa_exchange_rounds_total" + of_job + "closed_by=\"Deadline\"} 1\n"),
                          HasSubstr("eoa_exchange_rounds_total" + of_job + "closed_by=\"Quorum\"} 0\n")));
}

}  // namespace
}  // namespace eoa::metrics
