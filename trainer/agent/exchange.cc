#include "trainer/agent/exchange.h"

#include <algorithm>
#include <utility>

#include "common/base/number.h"
#include "common/evolve/election.h"
#include "common/evolve/probe.h"
#include "common/evolve/rates.h"

namespace eoa::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The broker closes a round at the deadline; its answer comes a little later.
constexpr Duration kAnswerSlack = seconds(2);
constexpr Duration kFirstRetry = milliseconds(100);
constexpr Duration kLongestRetry = seconds(2);
constexpr Duration kFirstFetchRetry = milliseconds(10);
constexpr Duration kLongestFetchRetry = milliseconds(200);
constexpr Duration kAddressInterval = seconds(1);
constexpr int kLongestPollSeconds = 30;

bool MayRecover(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kNotFound:
      return true;
    default:
      return false;
  }
}

int BestMember(const std::vector<api::MemberReport>& members) {
  const auto best = std::min_element(members.begin(), members.end(), evolve::Fitter);
  return best == members.end() ? 0 : best->member;
}

}  // namespace

Exchange::Exchange(std::shared_ptr<const api::Job> job, int population)
    : job_(std::move(job)), population_(population) {}

Duration Exchange::deadline_length() const { return seconds(spec().ecosphere.exchange.deadline_seconds); }

bool Exchange::Awaits(Stage stage, int generation) const { return stage_ == stage && report_.generation == generation; }

void Exchange::Reset() {
  stage_ = Stage::kIdle;
  retry_at_.reset();
  fetch_again_at_.clear();
  addresses_at_.reset();
}

ExchangeStep Exchange::Begin(int attempt, const train::GenerationEndMessage& end, SteadyTime now) {
  Reset();
  attempt_ = attempt;
  report_ = {.attempt = attempt,
             .generation = end.generation,
             .members = end.members,
             .images_per_second = end.images_per_second};
  stage_ = Stage::kReporting;
  deadline_ = now + deadline_length() + kAnswerSlack;
  retry_delay_ = kFirstRetry;
  ExchangeStep step;
  SendRequest(step, now);
  return step;
}

void Exchange::SendRequest(ExchangeStep& step, SteadyTime now) {
  retry_at_.reset();
  if (stage_ == Stage::kReporting) {
    step.actions.emplace_back(SendReport{report_});
  } else {
    const auto left = std::chrono::floor<seconds>(deadline_ - now).count();
    step.actions.emplace_back(
        AskDecision{.attempt = attempt_,
                    .generation = report_.generation,
                    .wait_seconds = static_cast<int>(std::clamp<std::int64_t>(left, 1, kLongestPollSeconds))});
  }
}

ExchangeStep Exchange::RetryOrGoOffline(const Error& error, Record& record, SteadyTime now) {
  if (error.code() == ErrorCode::kAborted) return {.actions = {}, .failure = error};
  if (!MayRecover(error)) return GoOffline(error.ToString(), record, now);
  retry_at_ = now + retry_delay_;
  retry_delay_ = std::min(retry_delay_ * 2, kLongestRetry);
  return {};
}

ExchangeStep Exchange::OnReport(const ReportAnswered& event, Record& record, SteadyTime now) {
  if (!Awaits(Stage::kReporting, event.generation)) return {};
  if (!event.answer.ok()) return RetryOrGoOffline(event.answer.error(), record, now);
  stage_ = Stage::kDeciding;
  retry_delay_ = kFirstRetry;
  ExchangeStep step;
  SendRequest(step, now);
  return step;
}

ExchangeStep Exchange::OnDecision(const DecisionAnswered& event, Record& record, SteadyTime now) {
  if (Awaits(Stage::kFetching, event.generation)) return TakeAddresses(event, now);
  if (!Awaits(Stage::kDeciding, event.generation)) return {};
  if (!event.answer.ok()) return RetryOrGoOffline(event.answer.error(), record, now);
  if (event.answer->decision) return Decide(*event.answer->decision, false, record, now);
  if (now >= deadline_) return GoOffline("the round is still open", record, now);
  ExchangeStep step;
  SendRequest(step, now);
  return step;
}

ExchangeStep Exchange::OnTick(Record& record, SteadyTime now) {
  ExchangeStep step;
  switch (stage_) {
    case Stage::kIdle:
      break;
    case Stage::kReporting:
    case Stage::kDeciding:
      if (now >= deadline_) return GoOffline("no answer within exchange.deadlineSeconds", record, now);
      if (retry_at_ && now >= *retry_at_) SendRequest(step, now);
      break;
    case Stage::kFetching:
      FetchDue(step, now);
      StartNextWhenComplete(step, now);
      break;
  }
  return step;
}

void Exchange::FetchDue(ExchangeStep& step, SteadyTime now) {
  for (const api::WeightSource& source : mix_.foreign) {
    const auto again = fetch_again_at_.find(source.population);
    if (again == fetch_again_at_.end() || now < again->second) continue;
    fetch_again_at_.erase(again);
    Fetch(source, step, now);
  }
}

ExchangeStep Exchange::GoOffline(const std::string& reason, Record& record, SteadyTime now) {
  ++offline_generations_;
  Result<api::Decision> decision = OfflineDecision(spec(), population_, report_, record.last_decision);
  if (!decision.ok()) return {.actions = {}, .failure = decision.error()};
  ExchangeStep step;
  step.actions.emplace_back(WriteLog{LogLevel::kWarning,
                                     "no decision from the broker; the population goes on with the last decision",
                                     {{"generation", std::to_string(report_.generation)},
                                      {"baseline", FormatNumber(decision->baseline)},
                                      {"reason", reason}}});
  ExchangeStep decided = Decide(*decision, true, record, now);
  step.actions.insert(step.actions.end(), decided.actions.begin(), decided.actions.end());
  step.failure = std::move(decided.failure);
  return step;
}

void Exchange::EvolveRates(const api::Decision& decision, Record& record, ExchangeStep& step) {
  const int next = report_.generation + 1;
  next_rates_.clear();
  if (next < spec().ecosphere.generations) {
    Result<evolve::RatesPlan> plan =
        evolve::PlanNextRates(spec(), population_, report_.members, decision, report_.generation);
    if (!plan.ok()) {
      step.failure = plan.error();
      return;
    }
    next_rates_ = plan->rates;
    const bool narrow = plan->spread < evolve::kNarrowSpread && !evolve::Probes(spec(), next) &&
                        spec().population(population_).algorithm.name != api::Algorithm::kFixed;
    if (narrow && !narrow_) {
      step.actions.emplace_back(
          WriteLog{LogLevel::kWarning,
                   "the members' learning rates lie within 5 % of each other: little is explored",
                   {{"generation", std::to_string(next)}, {"spread", FormatShort(plan->spread, 4)}}});
    }
    narrow_ = narrow;
  }
  record.rates[next] = next_rates_;
}

ExchangeStep Exchange::Decide(const api::Decision& decision, bool offline, Record& record, SteadyTime now) {
  ExchangeStep step;
  EvolveRates(decision, record, step);
  if (step.failure) return step;
  decision_ = decision;
  decided_offline_ = offline;
  if (!offline) {
    record.last_decision = decision;
    for (api::WeightSource& source : record.last_decision->weights) source.token.clear();  // it goes to disk
  }
  step.actions.emplace_back(SaveRecord{record});

  mix_ = PlanMix(spec(), population_, decision);
  if (mix_.merge) step.actions.emplace_back(SendToWorker{0, *mix_.merge});
  stage_ = Stage::kFetching;
  deadline_ = now + deadline_length();
  fetched_.clear();
  left_out_.clear();
  fetch_delay_ = kFirstFetchRetry;
  for (const api::WeightSource& source : mix_.foreign) Fetch(source, step, now);
  StartNextWhenComplete(step, now);
  return step;
}

void Exchange::Fetch(const api::WeightSource& source, ExchangeStep& step, SteadyTime now) const {
  if (now < deadline_) step.actions.emplace_back(FetchWeights{report_.generation, source, deadline_ - now});
}

ExchangeStep Exchange::OnWeights(const WeightsFetched& event, SteadyTime now) {
  if (!Awaits(Stage::kFetching, event.generation)) return {};
  ExchangeStep step;
  if (event.file.ok()) {
    fetched_[event.population] = *event.file;
  } else if (MayRecover(event.file.error()) && now < deadline_) {
    fetch_again_at_[event.population] = now + fetch_delay_;
    fetch_delay_ = std::min(fetch_delay_ * 2, kLongestFetchRetry);
    // NotFound: the right server, which has no weights yet. Any other error may mean that the server has moved.
    if (event.file.error().code() != ErrorCode::kNotFound) AskForAddresses(step, now);
  } else {
    left_out_[event.population] = event.file.error().ToString();
  }
  StartNextWhenComplete(step, now);
  return step;
}

// A leader's pod that was restarted serves its weights at another address, which the broker knows.
void Exchange::AskForAddresses(ExchangeStep& step, SteadyTime now) {
  if (decided_offline_ || now >= deadline_ || (addresses_at_ && now < *addresses_at_)) return;
  addresses_at_ = now + kAddressInterval;
  step.actions.emplace_back(AskDecision{.attempt = attempt_, .generation = report_.generation, .wait_seconds = 0});
}

ExchangeStep Exchange::TakeAddresses(const DecisionAnswered& event, SteadyTime now) {
  ExchangeStep step;
  if (!event.answer.ok()) {
    if (event.answer.error().code() == ErrorCode::kAborted) step.failure = event.answer.error();
    return step;
  }
  if (!event.answer->decision) return step;
  for (const api::WeightSource& known : PlanMix(spec(), population_, *event.answer->decision).foreign) {
    for (api::WeightSource& source : mix_.foreign) {
      const bool moved = source.address != known.address || source.port != known.port || source.token != known.token;
      if (source.population != known.population || !moved || fetched_.contains(source.population)) continue;
      source.address = known.address;
      source.port = known.port;
      source.token = known.token;
      // Else a fetch from the old address is still under way; when it fails the new one is tried.
      const auto again = fetch_again_at_.find(source.population);
      if (again != fetch_again_at_.end()) again->second = now;
    }
  }
  FetchDue(step, now);
  return step;
}

void Exchange::StartNextWhenComplete(ExchangeStep& step, SteadyTime now) {
  if (now < deadline_ && fetched_.size() + left_out_.size() < mix_.foreign.size()) return;
  for (const api::WeightSource& source : mix_.foreign) {
    if (fetched_.contains(source.population)) continue;
    const auto why = left_out_.find(source.population);
    step.actions.emplace_back(
        WriteLog{LogLevel::kWarning,
                 "another population's weights are left out of the mean",
                 {{"generation", std::to_string(report_.generation)},
                  {"population", source.population},
                  {"reason", why == left_out_.end() ? "not there within exchange.deadlineSeconds" : why->second}}});
  }
  const Mix mix = MixFetched(mix_, fetched_);
  const int next = report_.generation + 1;
  step.actions.emplace_back(SendToWorker{
      0, train::NextMessage{
             .generation = next, .learning_rates = next_rates_, .own_weight = mix.own_weight, .foreign = mix.foreign}});
  if (next == spec().ecosphere.generations) {
    std::optional<api::Decision> decision;
    if (!decided_offline_) decision = decision_;
    step.actions.emplace_back(SendToWorker{0, PlanFinish(spec(), population_, decision, report_.members)});
  }
  Reset();
}

std::optional<SteadyTime> Exchange::NextWakeup() const {
  if (stage_ == Stage::kIdle) return std::nullopt;
  SteadyTime next = deadline_;
  if (stage_ == Stage::kFetching) {
    for (const auto& [population, at] : fetch_again_at_) next = std::min(next, at);
  } else if (retry_at_) {
    next = std::min(next, *retry_at_);
  }
  return next;
}

Result<api::Decision> OfflineDecision(const api::JobSpec& spec, int population, const api::ReportRequest& report,
                                      const std::optional<api::Decision>& last) {
  api::Decision decision;
  decision.generation = report.generation;
  if (!last || evolve::Probes(spec, report.generation)) {
    return evolve::DecideRound(spec, {{spec.population(population).name, report}}, last ? &*last : nullptr, decision);
  }
  decision.elected = last->elected;
  decision.base_learning_rate = last->base_learning_rate;
  EOA_ASSIGN_OR_RETURN(decision.baseline,
                       evolve::Baseline(spec, decision.elected, report.generation, decision.base_learning_rate));
  return decision;
}

train::FinishMessage PlanFinish(const api::JobSpec& spec, int population, const std::optional<api::Decision>& decision,
                                const std::vector<api::MemberReport>& last) {
  if (!decision) return {.measure_test = true, .member = BestMember(last)};
  if (decision->elected.population == spec.population(population).name) {
    return {.measure_test = true, .member = decision->elected.member};
  }
  return {.measure_test = spec.ecosphere.exchange.mode == api::ExchangeMode::kAsync, .member = BestMember(last)};
}

}  // namespace eoa::agent
