#include "operator/plan/status.h"

#include <algorithm>
#include <cmath>

#include "broker/core/failure_policy.h"
#include "common/base/utf8.h"
#include "operator/plan/names.h"

namespace eoa::plan {
namespace {

// A status with a longer text is refused as a whole: the end of a job would never be told. In bytes; the schema counts
// characters. Trainers' errors may have 64 KiB.
constexpr std::size_t kLongestMessage = 4096;

std::string Shorten(std::string text) {
  if (text.size() <= kLongestMessage) return text;
  return std::string(Utf8Prefix(text, kLongestMessage - 3)) + "...";
}

const broker::PopulationView* FindView(const Observed& observed, const std::string& name) {
  if (!observed.ecosphere) return nullptr;
  const auto& views = observed.ecosphere->populations;
  const auto found = std::find_if(views.begin(), views.end(), [&](const auto& view) { return view.name == name; });
  return found == views.end() ? nullptr : &*found;
}

// The first attempt since the start or since a resume is no restart. After a resume the row's attempt is 0 and the
// broker still tells the last one before it: the one to come is noted, so that it is free and no other.
int AttemptOf(const api::PopulationStatus* last, const broker::PopulationView& view) {
  if (last != nullptr && last->attempt > 0) return std::max(last->attempt, view.attempt);
  return view.phase == BrokerPhase::kJoining && view.attempt > 0 ? view.attempt + 1 : view.attempt;
}

// Whether a pod of the population's world is taken away from outside: the attempt that this ends is not the job's fault.
bool IsDisrupted(const api::JobSpec& spec, const std::string& population, const PodsByPopulation& pods) {
  if (spec.ecosphere.gradient_scope != api::GradientScope::kEcosphere)
    return !PodsOf(pods, population).disruption.empty();
  return std::any_of(pods.begin(), pods.end(), [](const auto& each) { return !each.second.disruption.empty(); });
}

int RestartsOf(const api::PopulationStatus* last, const broker::PopulationView* view, const PodsView& pods) {
  int restarts = last == nullptr ? 0 : last->restarts;
  if (last != nullptr && view != nullptr && last->attempt > 0) {
    const auto since = std::upper_bound(view->excused.begin(), view->excused.end(), last->attempt);
    const auto excused = static_cast<int>(view->excused.end() - since);
    restarts += std::max(0, view->attempt - last->attempt - excused);
  }
  return std::max(restarts, pods.restarts);
}

void AddReport(const broker::PopulationView& view, api::PopulationStatus& row, WallTime now) {
  if (view.learning_rates.empty()) return;
  if (!row.fitness || view.generation != row.generation) row.last_report_time = now;
  row.fitness = view.best_fitness;
  row.learning_rate = view.best_learning_rate;
}

PopulationPhase PhaseOf(const broker::PopulationView& view) {
  switch (view.phase) {
    case BrokerPhase::kJoining:
      return PopulationPhase::kPending;
    case BrokerPhase::kRunning:
      return PopulationPhase::kRunning;
    case BrokerPhase::kSucceeded:
      return PopulationPhase::kSucceeded;
    case BrokerPhase::kFailed:
      return PopulationPhase::kFailed;
  }
  return PopulationPhase::kPending;
}

std::string MessageOf(const broker::PopulationView& view, const PodsView& pods) {
  if (view.phase == BrokerPhase::kFailed) return broker::FailureOf(view);
  if (view.phase != BrokerPhase::kJoining) return "";
  return pods.trouble ? pods.trouble->message : view.last_error;
}

api::PopulationStatus RowOf(const Observed& observed, const api::PopulationSpec& population,
                            const PodsByPopulation& all_pods, WallTime now) {
  const PodsView& pods = PodsOf(all_pods, population.name);
  const api::PopulationStatus* last = FindRow(observed.status, population.name);
  const broker::PopulationView* view = FindView(observed, population.name);
  api::PopulationStatus row = last == nullptr ? api::PopulationStatus{} : *last;
  row.name = population.name;
  row.members = population.members;
  row.ready = pods.ready * population.members_per_pod;
  row.restarts = RestartsOf(last, view, pods);
  row.message.clear();
  if (observed.job->spec.suspend) {
    row.phase = PopulationPhase::kSuspended;
    row.attempt = 0;
    return row;
  }
  if (view == nullptr) {
    if (row.phase == PopulationPhase::kSuspended) row.phase = PopulationPhase::kPending;
    return row;
  }
  AddReport(*view, row, now);
  row.generation = view->generation;
  row.attempt = AttemptOf(last, *view);
  row.phase = PhaseOf(*view);
  // The one to come is noted as in AttemptOf, while the pod can be seen: when it comes, that pod is long gone.
  if (view->attempt > 0 && !HasEnded(row.phase) && IsDisrupted(observed.job->spec, population.name, all_pods)) {
    row.attempt = std::max(row.attempt, view->attempt + 1);
  }
  row.message = Shorten(MessageOf(*view, pods));
  return row;
}

void AddProgress(const Observed& observed, api::JobStatus& status, WallTime now) {
  api::JobProgress& progress = status.progress;
  progress.generations = observed.job->spec.ecosphere.generations;
  if (!observed.ecosphere || !observed.ecosphere->last_decision) return;
  const api::Decision& decision = *observed.ecosphere->last_decision;
  status.elected = decision.elected;
  status.baseline = decision.baseline;
  const int generation = decision.generation + 1;
  if (generation == progress.generation) return;
  progress.generation = generation;
  progress.percent = static_cast<int>(std::int64_t{100} * generation / std::max(1, progress.generations));
  if (!status.start_time) return;
  const double pace = ToSeconds(now - *status.start_time) / generation;
  progress.estimated_seconds_left = std::llround(pace * (progress.generations - generation));
}

// What moves all the time, taken from `last`.
api::JobStatus WithoutMovement(const api::JobStatus& last, api::JobStatus next) {
  for (api::PopulationStatus& row : next.populations) {
    const api::PopulationStatus* before = FindRow(last, row.name);
    if (before == nullptr) continue;
    row.generation = before->generation;
    row.fitness = before->fitness;
    row.learning_rate = before->learning_rate;
    row.last_report_time = before->last_report_time;
    if (row.phase == PopulationPhase::kPending || before->phase == row.phase) row.ready = before->ready;
  }
  return next;
}

}  // namespace

const api::PopulationStatus* FindRow(const api::JobStatus& status, const std::string& population) {
  const auto found = std::find_if(status.populations.begin(), status.populations.end(),
                                  [&](const api::PopulationStatus& row) { return row.name == population; });
  return found == status.populations.end() ? nullptr : &*found;
}

void SetCondition(api::JobStatus& status, const api::Condition& condition) {
  for (api::Condition& each : status.conditions) {
    if (each.type != condition.type) continue;
    const WallTime since = each.status == condition.status ? each.last_transition_time : condition.last_transition_time;
    each = condition;
    each.last_transition_time = since;
    each.message = Shorten(std::move(each.message));
    return;
  }
  status.conditions.push_back(condition);
  status.conditions.back().message = Shorten(condition.message);
}

api::JobStatus ComputeStatus(const Observed& observed, const PodsByPopulation& pods, WallTime now) {
  api::JobStatus status = observed.status;
  status.observed_generation = observed.generation;
  status.selector = PodSelector(*observed.job);
  status.replicas = observed.job->spec.suspend ? 0 : 1;
  if (!status.start_time && !observed.job->spec.suspend) status.start_time = now;
  status.populations.clear();
  std::vector<int> restarts;
  for (const api::PopulationSpec& population : observed.job->spec.populations) {
    status.populations.push_back(RowOf(observed, population, pods, now));
    restarts.push_back(status.populations.back().restarts);
  }
  status.restarts = broker::RestartsTogether(observed.job->spec, restarts);
  AddProgress(observed, status, now);
  return status;
}

api::JobStatus DropMinorChanges(const api::JobStatus& last, api::JobStatus next) {
  return WithoutMovement(last, next) == last ? last : next;
}

}  // namespace eoa::plan
