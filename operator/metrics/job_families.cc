#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "operator/metrics/families.h"

namespace eoa::metrics {
namespace {

prometheus::MetricFamily JobsByPhase(const std::vector<JobSnapshot>& jobs) {
  std::map<std::string, std::map<JobPhase, std::uint64_t>> counts;
  for (const JobSnapshot& job : jobs) ++counts[job.name_space][job.status.phase.value_or(JobPhase::kPending)];
  prometheus::MetricFamily family = Gauge("eoa_jobs", "Number of jobs, by phase.");
  for (auto& [name_space, by_phase] : counts) {
    for (const JobPhase phase : kValues<JobPhase>) {
      Add(family, {{"job_namespace", name_space}, {"phase", std::string(ToWord(phase))}}, by_phase[phase]);
    }
  }
  return family;
}

double Seconds(WallTime from, WallTime to) { return std::max(0.0, ToSeconds(to - from)); }

// Every family that has series for each job, and how a job fills them.
struct PerJob {
  using Family = prometheus::MetricFamily&;

  // Every family that is made here: what a member of this struct refers to cannot be forgotten in the answer.
  std::deque<prometheus::MetricFamily> families;
  Family New(prometheus::MetricFamily family) { return families.emplace_back(std::move(family)); }

  Family info = New(Gauge("eoa_job_info", "1 for each job; the labels say which."));
  Family condition = New(Gauge("eoa_job_condition",
                               "1: the condition is True; 0: it is not. One series for each condition of the status."));
  Family progress = New(Gauge("eoa_job_progress_ratio", "Part of the generations that are decided, 0 to 1."));
  Family generation = New(Gauge("eoa_job_generation", "Generations that are decided."));
  Family generations = New(Gauge("eoa_job_generations", "Total number of generations."));
  Family left = New(Gauge("eoa_job_estimated_seconds_left", "Estimated time until the last generation ends."));
  Family restarts = New(Gauge("eoa_job_restarts", "Restarts of its populations that count towards backoffLimit."));
  Family stage = New(
      Gauge("eoa_job_stage_duration_seconds",
            "How long the job was in a stage so far: pending until its first child, active from then until its end."));
  Family accuracy = New(Gauge("eoa_job_test_accuracy", "Accuracy of the final model on the test set, 0 to 1."));
  Family baseline =
      New(Gauge("eoa_exchange_baseline_learning_rate", "Learning rate that populations search around now."));
  Family elected =
      New(Gauge("eoa_exchange_elected_fitness", "Validation accuracy of the last elected member, 0 to 1."));
  Family elected_rate = New(Gauge("eoa_exchange_elected_learning_rate", "Learning rate of the last elected member."));
  Family rounds = New(Counter("eoa_exchange_rounds_total", "Rounds that were decided, by what closed them."));
  Family missing = New(Counter("eoa_exchange_missing_reports_total", "Rounds that closed without this population."));
  Family elections = New(Counter("eoa_exchange_elections_total", "Rounds that elected a member of this population."));
  Family round_times = New(
      Histogram("eoa_exchange_round_duration_seconds", "From a round's first report to its decision; mode Sync only."));
  Family straggling = New(Counter("eoa_exchange_straggler_wait_seconds_total",
                                  "How long rounds had been open when this population reported; mode Sync only."));
  Family members = New(Gauge("eoa_population_members", "Members of the population."));
  Family ready = New(Gauge("eoa_population_ready_members", "Members in pods that are ready."));
  Family phase = New(Gauge("eoa_population_phase", "1 for the phase that the population is in."));
  Family attempt = New(Gauge("eoa_population_attempt", "The newest attempt; 0: none yet."));
  Family population_restarts =
      New(Counter("eoa_population_restarts_total", "Restarts that count towards maxPopulationRestarts."));
  Family population_generation = New(Gauge("eoa_population_generation", "Generation that is being trained."));
  Family fitness = New(Gauge("eoa_population_fitness", "Best validation accuracy of the last report, 0 to 1."));
  Family rate = New(Gauge("eoa_population_learning_rate", "Learning rate of the member with that fitness."));
  Family report_age =
      New(Gauge("eoa_population_last_report_age_seconds", "Seconds since the population last reported."));
  Family images = New(Gauge("eoa_population_images_per_second", "Images that its members train per second, together."));
  Family loss = New(Gauge("eoa_population_train_loss", "Mean training loss of the generation so far."));
  Family step_ratio =
      New(Gauge("eoa_population_progress_ratio", "Part of the generation's steps that are done, 0 to 1."));
  Family offline =
      New(Gauge("eoa_population_offline_generations", "Generations after which it went on without a decision."));

  void AddJob(const JobSnapshot& job, WallTime now);
  void AddStages(const JobSnapshot& job, const Labels& labels, WallTime now);
  void AddPopulation(const api::PopulationStatus& population, Labels labels, WallTime now);
  void AddRounds(const broker::EcosphereView& ecosphere, const Labels& labels);
  void AddLive(const broker::PopulationView& population, Labels labels);
  Families Take();
};

Labels With(Labels labels, std::string_view name, std::string_view value) {
  labels.emplace_back(name, std::string(value));
  return labels;
}

void AddIf(prometheus::MetricFamily& family, const Labels& labels, std::optional<double> value) {
  if (value) Add(family, labels, *value);
}

void PerJob::AddJob(const JobSnapshot& job, WallTime now) {
  const Labels labels = {{"job_namespace", job.name_space}, {"job_name", job.name}};
  const api::JobStatus& status = job.status;
  Add(info, With(labels, "uid", job.uid), 1.0);
  for (const api::Condition& each : status.conditions) {
    Add(condition, With(With(labels, "condition", ToWord(each.type)), "reason", each.reason),
        each.status == ConditionStatus::kTrue ? 1.0 : 0.0);
  }
  if (status.progress.generations > 0) {
    Add(progress, labels, static_cast<double>(status.progress.generation) / status.progress.generations);
    Add(generation, labels, static_cast<double>(status.progress.generation));
    Add(generations, labels, static_cast<double>(status.progress.generations));
  }
  if (const auto seconds = status.progress.estimated_seconds_left) Add(left, labels, static_cast<double>(*seconds));
  Add(restarts, labels, static_cast<double>(status.restarts));
  AddStages(job, labels, now);
  AddIf(accuracy, labels, status.test_accuracy);
  AddIf(baseline, labels, status.baseline);
  if (status.elected) {
    Add(elected, labels, status.elected->fitness);
    Add(elected_rate, labels, status.elected->learning_rate);
  }
  for (const api::PopulationStatus& each : status.populations) AddPopulation(each, labels, now);
  if (!job.ecosphere) return;
  AddRounds(*job.ecosphere, labels);
  for (const broker::PopulationView& each : job.ecosphere->populations) AddLive(each, labels);
}

void PerJob::AddStages(const JobSnapshot& job, const Labels& labels, WallTime now) {
  const api::JobStatus& status = job.status;
  const WallTime end = status.completion_time.value_or(now);
  if (job.created) {
    Add(stage, With(labels, "stage", "pending"), Seconds(*job.created, status.start_time.value_or(end)));
  }
  if (status.start_time) Add(stage, With(labels, "stage", "active"), Seconds(*status.start_time, end));
}

void PerJob::AddPopulation(const api::PopulationStatus& population, Labels labels, WallTime now) {
  labels = With(std::move(labels), "population", population.name);
  Add(members, labels, static_cast<double>(population.members));
  Add(ready, labels, static_cast<double>(population.ready));
  Add(phase, With(labels, "phase", ToWord(population.phase)), 1.0);
  Add(attempt, labels, static_cast<double>(population.attempt));
  Add(population_restarts, labels, static_cast<double>(population.restarts));
  Add(population_generation, labels, static_cast<double>(population.generation));
  AddIf(fitness, labels, population.fitness);
  AddIf(rate, labels, population.learning_rate);
  if (population.last_report_time) Add(report_age, labels, Seconds(*population.last_report_time, now));
}

void PerJob::AddRounds(const broker::EcosphereView& ecosphere, const Labels& labels) {
  const broker::RoundTally& tally = ecosphere.tally;
  const auto of = [](const auto& counts, const auto& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? std::uint64_t{0} : found->second;
  };
  for (const ClosedBy closing : kValues<ClosedBy>) {
    Add(rounds, With(labels, "closed_by", ToWord(closing)), of(tally.closed, closing));
  }
  for (const broker::PopulationView& each : ecosphere.populations) {
    const Labels population = With(labels, "population", each.name);
    Add(missing, population, of(tally.missing, each.name));
    Add(elections, population, of(tally.won, each.name));
  }
  if (ecosphere.last_decision) {
    const broker::RoundTimes& times = ecosphere.round_times;
    Add(round_times, labels, times.seconds);
    for (const auto& [index, seconds] : times.waited_for) {
      const std::string& population = ecosphere.populations[static_cast<std::size_t>(index)].name;
      Add(straggling, With(labels, "population", population), seconds);
    }
  }
}

void PerJob::AddLive(const broker::PopulationView& population, Labels labels) {
  labels = With(std::move(labels), "population", population.name);
  Add(images, labels, population.images_per_second);
  Add(loss, labels, population.train_loss);
  if (population.steps > 0) {
    Add(step_ratio, labels, static_cast<double>(population.step) / static_cast<double>(population.steps));
  }
  Add(offline, labels, static_cast<double>(population.offline_generations));
}

Families PerJob::Take() {
  Families filled;
  for (prometheus::MetricFamily& family : families) {
    if (!family.metric.empty()) filled.push_back(std::move(family));
  }
  return filled;
}

}  // namespace

Families JobFamilies(std::vector<JobSnapshot> jobs, std::size_t max_jobs, WallTime now) {
  std::ranges::sort(jobs, {}, [](const JobSnapshot& job) { return std::tie(job.name_space, job.name); });
  prometheus::MetricFamily by_phase = JobsByPhase(jobs);
  const std::size_t shown = std::min(max_jobs, jobs.size());
  prometheus::MetricFamily hidden =
      Gauge("eoa_jobs_without_series", "Jobs beyond the limit of those that have series of their own.");
  Add(hidden, {}, static_cast<double>(jobs.size() - shown));
  PerJob per_job;
  for (std::size_t i = 0; i < shown; ++i) per_job.AddJob(jobs[i], now);
  Families families = per_job.Take();
  families.push_back(std::move(by_phase));
  families.push_back(std::move(hidden));
  return families;
}

}  // namespace eoa::metrics
