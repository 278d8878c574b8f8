#include "trainer/agent/telemetry.h"

#include <utility>

#include "common/estimate/network_cost.h"

namespace eoa::agent {
namespace {

using metrics::Counter;
using metrics::Gauge;
using metrics::Labels;

Labels LabelsOf(const PodSetup& setup) {
  const api::Metadata& job = setup.job->metadata;
  return {{"job_namespace", job.name_space},
          {"job_name", job.name},
          {"population", setup.job->spec.population(setup.population).name}};
}

int MembersPerPod(const PodSetup& setup) { return setup.job->spec.population(setup.population).members_per_pod; }

// One family after the other, each sample with the pod's labels.
class Page {
 public:
  explicit Page(const Labels& labels) : labels_(labels) {}

  void Begin(const std::string& name, decltype(Gauge) kind, const char* about) {
    families_.push_back(kind("eoa_trainer_" + name, about));
  }
  void Sample(const Labels& more, double value) {
    Labels labels = labels_;
    labels.insert(labels.end(), more.begin(), more.end());
    metrics::Add(families_.back(), labels, value);
  }
  std::string Take() { return metrics::Text(std::move(families_)); }

 private:
  const Labels& labels_;
  metrics::Families families_;
};

Labels Label(std::string_view name, std::string value) { return {{name, std::move(value)}}; }

}  // namespace

Telemetry::Telemetry(const PodSetup& setup, std::string version, SteadyTime now)
    : labels_(LabelsOf(setup)),
      info_{{"pod_index", std::to_string(setup.pod)}, {"version", std::move(version)}},
      first_member_(setup.pod * MembersPerPod(setup)),
      flops_per_image_(api::TrainingFlopsPerImage(setup.job->spec.trainer)),
      workers_(static_cast<std::size_t>(MembersPerPod(setup))),
      phase_since_(now),
      turned_(now) {}

void Telemetry::Observe(const Event& event, SteadyTime now) {
  const MutexLock lock(mutex_);
  if (const auto* received = std::get_if<MessageReceived>(&event.body)) {
    ObserveMessage(received->message, received->worker, now);
  } else if (const auto* exited = std::get_if<WorkerExited>(&event.body)) {
    ++exits_[exited->status.signal == 0 ? exited->status.code : 128 + exited->status.signal];
  }
}

void Telemetry::Observe(const Action& action, SteadyTime now) {
  const MutexLock lock(mutex_);
  if (const auto* start = std::get_if<StartWorkers>(&action)) {
    EndWorkers();
    Enter(TrainerPhase::kStarting, now);
    if (start->messages.empty()) return;
    attempt_ = start->messages.front().attempt;
    generation_ = start->messages.front().resume_generation;
    if (!start->messages.front().learning_rates.empty()) rates_ = start->messages.front().learning_rates;
  } else if (const auto* tell = std::get_if<SendToWorker>(&action)) {
    const auto* next = std::get_if<train::NextMessage>(&tell->message);
    if (next != nullptr && !next->learning_rates.empty()) rates_ = next->learning_rates;
  } else if (const auto* heartbeat = std::get_if<SendHeartbeat>(&action)) {
    offline_generations_ = heartbeat->request.offline_generations;
    if (heartbeat->request.phase == TrainerPhase::kParked) {
      EndWorkers();
      Enter(TrainerPhase::kParked, now);
    }
  } else if (std::holds_alternative<SendJoin>(action)) {
    EndWorkers();
    Enter(TrainerPhase::kJoining, now);
  }
}

void Telemetry::ObserveMessage(const train::FromWorker& message, int worker, SteadyTime now) {
  if (const auto* end = std::get_if<train::GenerationEndMessage>(&message)) {
    for (const api::MemberReport& member : end->members) fitness_[member.member] = member.fitness;
  }
  const auto* progress = std::get_if<train::ProgressMessage>(&message);
  if (progress == nullptr || worker < 0 || worker >= static_cast<int>(workers_.size())) return;
  workers_[static_cast<std::size_t>(worker)].progress = *progress;
  if (worker != 0) return;
  generation_ = progress->generation;
  Enter(progress->phase, now);
}

// Keeps what the processes have counted and forgets where they stood.
void Telemetry::EndWorkers() {
  for (Worker& worker : workers_) {
    if (!worker.progress) continue;
    worker.steps += worker.progress->total_steps;
    worker.train_seconds += worker.progress->train_seconds;
    worker.data_wait_seconds += worker.progress->data_wait_seconds;
    worker.communication_seconds += worker.progress->communication_seconds;
    worker.checkpoint_seconds += worker.progress->checkpoint_seconds;
    worker.checkpoint_failures += worker.progress->checkpoint_failures;
    worker.progress.reset();
  }
}

void Telemetry::Enter(TrainerPhase phase, SteadyTime now) {
  phase_seconds_[phase_] += ToSeconds(now - phase_since_);
  phase_since_ = now;
  phase_ = phase;
}

void Telemetry::Turn(SteadyTime now) {
  const MutexLock lock(mutex_);
  turned_ = now;
}

bool Telemetry::Healthy(SteadyTime now) const {
  const MutexLock lock(mutex_);
  return now - turned_ < kStuck;
}

std::string Telemetry::Render(SteadyTime now) const {
  const MutexLock lock(mutex_);
  Page page(labels_);
  const auto one = [&page](const char* name, auto kind, const char* about, double value) {
    page.Begin(name, kind, about);
    page.Sample({}, value);
  };
  const auto gauge = [&](const char* name, const char* about, auto value) REQUIRES(mutex_) {
    page.Begin(name, Gauge, about);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (!workers_[i].progress) continue;
      page.Sample(Label("member", std::to_string(first_member_ + static_cast<int>(i))), value(*workers_[i].progress));
    }
  };
  const auto counter = [&](const char* name, const char* about, auto before, auto value) REQUIRES(mutex_) {
    page.Begin(name, Counter, about);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const Worker& worker = workers_[i];
      const double current = worker.progress ? static_cast<double>((*worker.progress).*value) : 0;
      page.Sample(Label("member", std::to_string(first_member_ + static_cast<int>(i))),
                  static_cast<double>(worker.*before) + current);
    }
  };
  page.Begin("info", Gauge, "1; the labels say which build and pod this is.");
  page.Sample(info_, 1);
  one("attempt", Gauge, "The attempt this pod takes part in; 0: none yet.", attempt_);
  one("generation", Gauge, "Generation that is being trained.", generation_);
  if (!workers_.empty() && workers_.front().progress) {
    one("generation_steps", Gauge, "Steps that the generation has.",
        static_cast<double>(workers_.front().progress->steps));
  }
  using Progress = train::ProgressMessage;
  gauge("step", "Steps done in this generation by each member.",
        [](const Progress& progress) { return static_cast<double>(progress.step); });
  gauge("images_per_second", "Images that each member trains per second.",
        [](const Progress& progress) { return progress.images_per_second; });
  gauge("model_flops_per_second", "Floating-point operations of the model that each member trains with, per second.",
        [this](const Progress& progress) { return progress.images_per_second * flops_per_image_; });
  page.Begin("device_memory_bytes", Gauge, "Most memory of its GPU that each member's tensors have taken.");
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i].progress || workers_[i].progress->device_memory_bytes == 0) continue;
    page.Sample(Label("member", std::to_string(first_member_ + static_cast<int>(i))),
                static_cast<double>(workers_[i].progress->device_memory_bytes));
  }
  gauge("train_loss", "Mean training loss of the generation so far.",
        [](const Progress& progress) { return progress.train_loss; });
  page.Begin("learning_rate", Gauge, "Learning rate of each member.");
  for (std::size_t i = 0; i < rates_.size(); ++i) page.Sample(Label("member", std::to_string(i)), rates_[i]);
  page.Begin("fitness", Gauge, "Validation accuracy at the end of the last generation, 0 to 1.");
  for (const auto& [member, fitness] : fitness_) page.Sample(Label("member", std::to_string(member)), fitness);
  counter("steps_total", "Training steps done.", &Worker::steps, &Progress::total_steps);
  counter("step_seconds_total", "Time spent in training steps.", &Worker::train_seconds, &Progress::train_seconds);
  counter("data_wait_seconds_total", "Part of the step time that was spent waiting for images.",
          &Worker::data_wait_seconds, &Progress::data_wait_seconds);
  counter("communication_seconds_total", "Part of the step time that was spent in collectives.",
          &Worker::communication_seconds, &Progress::communication_seconds);
  counter("checkpoint_wait_seconds_total", "Time that training waited for checkpoints.", &Worker::checkpoint_seconds,
          &Progress::checkpoint_seconds);
  counter("checkpoint_failures_total", "Checkpoints that could not be written and were left out.",
          &Worker::checkpoint_failures, &Progress::checkpoint_failures);
  page.Begin("phase_seconds_total", Counter, "Time this pod spent in each phase.");
  std::map<TrainerPhase, double> phases = phase_seconds_;
  phases[phase_] += ToSeconds(now - phase_since_);
  for (const auto& [phase, seconds] : phases) page.Sample(Label("phase", std::string(ToWord(phase))), seconds);
  page.Begin("worker_exits_total", Counter, "Worker processes that ended, by exit code.");
  for (const auto& [code, count] : exits_) page.Sample(Label("code", std::to_string(code)), static_cast<double>(count));
  one("offline_generations_total", Counter, "Generations that ended without a decision of the broker.",
      offline_generations_);
  return page.Take();
}

}  // namespace eoa::agent
