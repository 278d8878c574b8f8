// Exchange: the leader's way from a generation's end to the next generation's start, as a pure state machine:
// report -> decision (long polls) -> next LRs -> other populations' weights -> the worker's next message.
//
// No wait is longer than exchange.deadlineSeconds: a population without a decision by then steps on with its last
// baseline, and a weight source that has not answered by then is left out of the mean. Thread-safety: none; one owner.
// Copyable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "common/messages/messages.h"
#include "trainer/agent/session_types.h"
#include "trainer/agent/weight_mix.h"

namespace eoa::agent {

// `failure`: the exchange cannot go on. Aborted: the broker knows a newer attempt; else no next LRs follow from the
// reports.
struct ExchangeStep {
  Actions actions;
  std::optional<Error> failure;
};

class Exchange {
 public:
  Exchange(std::shared_ptr<const api::Job> job, int population);

  // A generation ended. The decision and the next LRs are put into `record`, and SaveRecord is handed out, before
  // NextMessage is.
  ExchangeStep Begin(int attempt, const train::GenerationEndMessage& end, SteadyTime now);

  // Answers to another generation's requests are ignored.
  ExchangeStep OnReport(const ReportAnswered& event, Record& record, SteadyTime now);
  ExchangeStep OnDecision(const DecisionAnswered& event, Record& record, SteadyTime now);
  ExchangeStep OnWeights(const WeightsFetched& fetched, SteadyTime now);
  ExchangeStep OnTick(Record& record, SteadyTime now);

  // Forgets everything in flight: the attempt ended.
  void Reset();

  std::optional<SteadyTime> NextWakeup() const;

  // True between Begin and the NextMessage.
  bool active() const { return stage_ != Stage::kIdle; }

  // Generations of this process that went on without the broker's decision.
  int offline_generations() const { return offline_generations_; }

 private:
  enum class Stage { kIdle, kReporting, kDeciding, kFetching };

  const api::JobSpec& spec() const { return job_->spec; }
  Duration deadline_length() const;
  bool Awaits(Stage stage, int generation) const;
  void SendRequest(ExchangeStep& step, SteadyTime now);
  ExchangeStep RetryOrGoOffline(const Error& error, Record& record, SteadyTime now);
  ExchangeStep GoOffline(const std::string& reason, Record& record, SteadyTime now);
  ExchangeStep Decide(const api::Decision& decision, bool offline, Record& record, SteadyTime now);
  void EvolveRates(const api::Decision& decision, Record& record, ExchangeStep& step);
  void Fetch(const api::WeightSource& source, ExchangeStep& step, SteadyTime now) const;
  void FetchDue(ExchangeStep& step, SteadyTime now);
  void AskForAddresses(ExchangeStep& step, SteadyTime now);
  ExchangeStep TakeAddresses(const DecisionAnswered& event, SteadyTime now);
  void StartNextWhenComplete(ExchangeStep& step, SteadyTime now);

  std::shared_ptr<const api::Job> job_;
  int population_;
  Stage stage_ = Stage::kIdle;
  int attempt_ = 0;
  int offline_generations_ = 0;
  api::ReportRequest report_;
  api::Decision decision_;
  bool decided_offline_ = false;
  std::vector<double> next_rates_;
  MixPlan mix_;
  std::map<std::string, std::string> fetched_;        // by population: the file
  std::map<std::string, std::string> left_out_;       // by population: why
  std::map<std::string, SteadyTime> fetch_again_at_;  // by population: not there yet
  Duration fetch_delay_{};
  std::optional<SteadyTime> addresses_at_;  // not before, the broker may be asked again where weights are served
  SteadyTime deadline_{};
  std::optional<SteadyTime> retry_at_;
  Duration retry_delay_{};
  bool narrow_ = false;  // the population's LRs lie within 5 % of each other
};

// What a population steps on with when the broker gives no decision: the last decision, annealed, or, before the first election,
// what an election among its own members gives. No weights are exchanged.
Result<api::Decision> OfflineDecision(const api::JobSpec& spec, int population, const api::ReportRequest& report,
                                      const std::optional<api::Decision>& last);

// What the leader's worker is told after the last generation. The population of the elected member measures test
// accuracy. So does every population that cannot know who is elected: without a decision (`decision` empty), and in
// Async mode, where each population has a last decision of its own. With weightMerge None it measures the best of
// `last`, the members of the last report.
train::FinishMessage PlanFinish(const api::JobSpec& spec, int population, const std::optional<api::Decision>& decision,
                                const std::vector<api::MemberReport>& last);

}  // namespace eoa::agent
