#include "trainer/engine/worker.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "common/base/json_guard.h"
#include "common/base/log.h"
#include "common/base/number.h"
#include "common/estimate/memory_estimate.h"
#include "common/evolve/probe.h"
#include "common/job/read_job.h"
#include "trainer/comm/nccl_backend.h"
#include "trainer/comm/torch_error.h"
#include "trainer/device/device.h"
#include "trainer/engine/generation_end.h"
#include "trainer/engine/groups.h"
#include "trainer/engine/member.h"
#include "trainer/engine/member_checkpoint.h"
#include "trainer/engine/merge.h"
#include "trainer/engine/progress.h"

namespace eoa::train {
namespace {

// When the parts of a generation ended.
struct Marks {
  SteadyTime trained;
  SteadyTime judged;
  SteadyTime exchanged;
};

class Worker {
 public:
  Worker(const StartMessage& start, api::Job job, AgentChannel& channel, FileSystem& files, Clock& clock)
      : start_(start),
        job_(std::move(job)),
        channel_(channel),
        files_(files),
        clock_(clock),
        started_(clock.SteadyNow()),
        progress_(clock, [this](const ProgressMessage& message) { channel_.Send(message); }) {}

  ~Worker() { channel_.BeforeStop(nullptr); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Status Run();

 private:
  Status Prepare();
  Status RunGeneration(int generation);
  Result<Member::Trial> TrainAndJudge(int generation, SteadyTime& train_end);
  Status Finish();
  Status MeasureTest(ResultMessage& result);
  Error Advised(const Error& error) const;
  Status SaveModel(const std::string& path);
  void ReportProgress(int generation, TrainerPhase phase, const TrainingSummary& summary = {}, std::int64_t step = 0);
  void LogFirstStep(int generation);
  Status SettleCheckpoint();
  Status Timed(const std::function<Status()>& checkpoint_work);
  void LogTimes(int generation, const Marks& marks, double checkpoint_seconds, double data_wait_seconds) const;

  const api::JobSpec& spec() const { return job_.spec; }
  int generations() const { return spec().ecosphere.generations; }
  Metadata MakeMetadata() const;

  const StartMessage& start_;
  const api::Job job_;
  AgentChannel& channel_;
  FileSystem& files_;
  Clock& clock_;
  const SteadyTime started_;
  ProgressReporter progress_;
  c10::Device device_ = c10::Device(c10::kCPU);
  std::unique_ptr<Groups> groups_;
  std::unique_ptr<Member> member_;
  std::unique_ptr<MemberCheckpoint> checkpoint_;
  std::unique_ptr<GenerationEnd> end_;
  std::vector<double> rates_;  // of the population's members in the generation to train
  double load_seconds_ = 0;    // of the checkpoint that it went on from
  bool stepped_ = false;
  SteadyTime began_;               // the generation that is being trained
  double checkpoint_seconds_ = 0;  // that training has waited for checkpoints
  std::optional<int> writing_;     // the checkpoint that is being written
  std::int64_t checkpoint_failures_ = 0;
};

void Worker::ReportProgress(int generation, TrainerPhase phase, const TrainingSummary& summary, std::int64_t step) {
  const TrainingTimes times = member_ ? member_->times() : TrainingTimes{};
  progress_.Report({.generation = generation,
                    .step = step,
                    .steps = member_ ? member_->steps_per_generation() : 0,
                    .images_per_second = summary.images_per_second,
                    .train_loss = summary.mean_loss,
                    .phase = phase,
                    .total_steps = times.steps,
                    .train_seconds = times.seconds,
                    .data_wait_seconds = times.data_wait_seconds,
                    .communication_seconds = times.communication_seconds,
                    .device_memory_bytes = MemoryOf(device_).peak_bytes,
                    .checkpoint_seconds = checkpoint_seconds_,
                    .checkpoint_failures = checkpoint_failures_});
}

Metadata Worker::MakeMetadata() const {
  return {{"format", "pt"},
          {"job", job_.metadata.name},
          {"jobUid", job_.metadata.uid},
          {"population", start_.population},
          {"model", spec().trainer.model.name}};
}

Status Worker::Prepare() {
  ReportProgress(start_.resume_generation, TrainerPhase::kStarting);
  const int population = api::FindPopulation(spec(), start_.population);
  EOA_ASSIGN_OR_RETURN(device_, UseDevice(spec().trainer.device, spec().trainer.precision,
                                          FirstRank(spec(), population) + start_.member));
  if (device_.is_cuda()) EOA_RETURN_IF_ERROR(ConfigureNccl(start_.directory));
  EOA_ASSIGN_OR_RETURN(Groups groups, Groups::Join(start_, spec(), device_));
  groups_ = std::make_unique<Groups>(std::move(groups));
  auto member =
      Member::Make({.spec = &spec(),
                    .population = start_.population,
                    .member = start_.member,
                    .first_generation = start_.resume_generation,
                    .device = device_,
                    .profile_steps = start_.profile_steps,
                    .profile_file = JoinPath(start_.profile_directory,
                                             start_.population + "-" + std::to_string(start_.member) + ".json")},
                   groups_->world(), clock_);
  if (!member.ok()) return Advised(member.error());
  member_ = *std::move(member);
  checkpoint_ = std::make_unique<MemberCheckpoint>(files_, start_.directory,
                                                   CheckpointPlan::For(spec(), start_.population, start_.member),
                                                   MakeMetadata(), [this](int generation, int oldest) {
                                                     channel_.Send(CheckpointedMessage{generation, oldest});
                                                   });
  channel_.BeforeStop([this] { checkpoint_->WriteHeld(); });
  end_ = std::make_unique<GenerationEnd>(
      GenerationEnd::Options{.spec = &spec(),
                             .groups = groups_.get(),
                             .channel = &channel_,
                             .files = &files_,
                             .population = start_.population,
                             .member = start_.member,
                             .directory = start_.directory,
                             .agent_timeout = std::chrono::seconds(start_.collective_timeout_seconds),
                             .metadata = MakeMetadata()});
  if (start_.resume_generation > 0) {
    const at::NoGradGuard no_grad;
    const SteadyTime load_start = clock_.SteadyNow();
    const Status loaded = checkpoint_->Load(start_.resume_generation, member_->weights(), member_->optimizer());
    if (!loaded.ok() && loaded.error().code() == ErrorCode::kDataLoss) {
      channel_.Send(CheckpointLostMessage{start_.resume_generation});
      return Error(ErrorCode::kAborted, loaded.error().message());
    }
    EOA_RETURN_IF_ERROR(loaded);
    member_->weights().Unpack();
    load_seconds_ = ToSeconds(clock_.SteadyNow() - load_start);
  }
  if (start_.resume_generation == generations()) return OkStatus();
  EOA_ASSIGN_OR_RETURN(rates_, end_->ShareRates(start_.learning_rates));
  return OkStatus();
}

Result<Member::Trial> Worker::TrainAndJudge(int generation, SteadyTime& train_end) {
  ReportProgress(generation, TrainerPhase::kTraining);
  const auto own = static_cast<std::size_t>(start_.member);
  const auto on_step = [&](std::int64_t step, const TrainingSummary& so_far) {
    if (!stepped_) LogFirstStep(generation);
    ReportProgress(generation, TrainerPhase::kTraining, so_far, step);
  };
  if (evolve::Probes(spec(), generation)) {
    std::vector<double> trials = rates_;  // members of one trial are neighbours
    trials.erase(std::unique(trials.begin(), trials.end()), trials.end());
    const auto place = std::find(trials.begin(), trials.end(), rates_[own]) - trials.begin();
    Result<Member::Trial> probed = member_->Probe(generation, trials, static_cast<std::size_t>(place), on_step);
    train_end = clock_.SteadyNow();
    return probed;
  }
  EOA_ASSIGN_OR_RETURN(const TrainingSummary trained, member_->Train(generation, rates_[own], on_step));
  train_end = clock_.SteadyNow();
  ReportProgress(generation, TrainerPhase::kEvaluating, trained, member_->steps_per_generation());
  EOA_ASSIGN_OR_RETURN(const Evaluation fitness, member_->EvaluateFitness());
  return Member::Trial{.summary = trained, .fitness = fitness};
}

// How long a start or restart took until training went on; tests/bench/restart reads this line.
void Worker::LogFirstStep(int generation) {
  stepped_ = true;
  Log(LogLevel::kInfo, "first step done",
      {{"generation", std::to_string(generation)},
       {"member", std::to_string(start_.member)},
       {"seconds", FormatShort(ToSeconds(clock_.SteadyNow() - started_), 4)},
       {"loadSeconds", FormatShort(load_seconds_, 4)}});
}

// For an error about memory: adds which settings of the job would need less of it.
Error Worker::Advised(const Error& error) const {
  if (error.code() != ErrorCode::kResourceExhausted) return error;
  constexpr std::int64_t kNotKnown = 0;
  return Error(error.code(), error.message() + "; " + api::AdviseOnMemory(spec().trainer, kNotKnown));
}

// Adds to checkpoint_seconds_.
Status Worker::Timed(const std::function<Status()>& checkpoint_work) {
  const SteadyTime start = clock_.SteadyNow();
  Status status = checkpoint_work();
  checkpoint_seconds_ += ToSeconds(clock_.SteadyNow() - start);
  return status;
}

// What a generation's time went into; tests/bench/boundary and tests/bench/gpu read it.
void Worker::LogTimes(int generation, const Marks& marks, double checkpoint_seconds, double data_wait_seconds) const {
  Log(LogLevel::kInfo, "generation took",
      {{"generation", std::to_string(generation)},
       {"member", std::to_string(start_.member)},
       {"judgedAt", FormatNumber(ToSeconds(marks.judged.time_since_epoch()))},
       {"trainSeconds", FormatShort(ToSeconds(marks.trained - began_), 4)},
       {"judgeSeconds", FormatShort(ToSeconds(marks.judged - marks.trained), 4)},
       {"exchangeSeconds", FormatShort(ToSeconds(marks.exchanged - marks.judged), 4)},
       {"checkpointSeconds", FormatShort(checkpoint_seconds, 4)},
       {"steps", std::to_string(member_->steps_per_generation())},
       {"dataWaitSeconds", FormatShort(data_wait_seconds, 4)}});
}

// Waits until the last checkpoint is written. One that some member could not write is left out: training goes on, and
// all keep the one before, from which the world would resume.
Status Worker::SettleCheckpoint() {
  if (!writing_) return OkStatus();
  const int generation = *std::exchange(writing_, std::nullopt);
  const Status written = checkpoint_->Wait();
  if (!written.ok()) {
    ++checkpoint_failures_;
    Log(LogLevel::kWarning, "a checkpoint is left out: it cannot be written",
        {{"generation", std::to_string(generation)}, {"error", written.error().message()}});
  }
  at::Tensor failures = at::tensor(static_cast<std::int64_t>(written.ok() ? 0 : 1), at::kLong);
  EOA_RETURN_IF_ERROR(groups_->world().AllReduceSum(failures));
  if (failures.item<std::int64_t>() == 0) checkpoint_->Prune(generation);
  return OkStatus();
}

Status Worker::RunGeneration(int generation) {
  began_ = clock_.SteadyNow();
  const double data_wait_before = member_->times().data_wait_seconds;
  SteadyTime train_end;
  const Result<Member::Trial> training = TrainAndJudge(generation, train_end);
  if (!training.ok()) return Advised(training.error());
  const auto& [trained, fitness] = *training;
  const std::int64_t steps = member_->steps_per_generation();
  const SteadyTime judged = clock_.SteadyNow();
  ReportProgress(generation, TrainerPhase::kExchanging, trained, steps);

  const at::NoGradGuard no_grad;
  const double waited_before = checkpoint_seconds_;
  // Before anything that peers wait for, so that no pod gets ahead of another by more than one checkpoint.
  EOA_RETURN_IF_ERROR(Timed([&] { return SettleCheckpoint(); }));
  const api::MemberReport own{.member = start_.member,
                              .learning_rate = trained.learning_rate,
                              .fitness = fitness.accuracy(),
                              .train_loss = trained.mean_loss,
                              .fitness_loss = fitness.loss()};
  EOA_ASSIGN_OR_RETURN(const int participants,
                       end_->Report(generation, own, trained.images_per_second, !trained.diverged));
  FlatWeights& weights = member_->weights();
  if (!evolve::Probes(spec(), generation)) {
    weights.Pack();
    EOA_RETURN_IF_ERROR(end_->Merge(generation, weights, !trained.diverged, participants));
  }
  EOA_ASSIGN_OR_RETURN(rates_, end_->TakeNext(generation, weights));
  weights.Unpack();
  const int next = generation + 1;
  const bool due = CheckpointPlan::For(spec(), start_.population, start_.member).Due(next, generations());
  if (due) writing_ = next;
  EOA_RETURN_IF_ERROR(Timed([&] {
    if (due) {
      checkpoint_->Save(next, weights, member_->optimizer());
    } else {
      checkpoint_->Hold(next, weights, member_->optimizer());
    }
    return OkStatus();
  }));
  LogTimes(generation, {train_end, judged, clock_.SteadyNow()}, checkpoint_seconds_ - waited_before,
           member_->times().data_wait_seconds - data_wait_before);
  return OkStatus();
}

Status Worker::SaveModel(const std::string& path) {
  Metadata metadata = MakeMetadata();
  metadata["generation"] = std::to_string(generations());
  metadata["classes"] = DumpJson(nlohmann::json(member_->class_names()));
  metadata["preprocessing"] = DumpJson(PreprocessingJson(TransformFor(spec().trainer)));
  const Result<WrittenFile> written =
      WriteSafetensors(files_, path, member_->weights().Arrays(), metadata, Durability::kDurable);
  return written.ok() ? OkStatus() : Status(OfStorage(written.error()));
}

Status Worker::Finish() {
  ReportProgress(generations(), TrainerPhase::kFinishing);
  EOA_RETURN_IF_ERROR(SettleCheckpoint());
  EOA_ASSIGN_OR_RETURN(const FinishMessage finish, end_->TakeFinish());
  const at::NoGradGuard no_grad;
  if (spec().ecosphere.weight_merge == api::WeightMerge::kNone) {
    EOA_RETURN_IF_ERROR(CopyWeights(groups_->population(), member_->weights(), finish.member));
    member_->weights().Unpack();
  }
  ResultMessage result;
  if (start_.member == 0) {
    // Before anything that a bad test set could spoil.
    result.model = JoinPath(start_.directory, "model.safetensors");
    EOA_RETURN_IF_ERROR(SaveModel(result.model));
  }
  if (finish.measure_test) EOA_RETURN_IF_ERROR(MeasureTest(result));
  if (start_.member == 0) channel_.Send(result);
  return OkStatus();
}

// A test set that cannot be read costs its numbers only.
Status Worker::MeasureTest(ResultMessage& result) {
  ClassCounts counts;
  const Result<Evaluation> test = member_->EvaluateTest(groups_->population(), counts);
  if (!test.ok() && ExitCodeFor(test.error().code()) == ExitCode::kBadData) {
    Log(LogLevel::kError, "the test set could not be read; the model is saved, without a test accuracy",
        {{"member", std::to_string(start_.member)}, {"error", test.error().message()}});
    return OkStatus();
  }
  if (!test.ok()) return test.error();
  if (start_.member == 0) {
    const std::string text = DumpJson(EvaluationJson(*test, counts, member_->class_names())) + "\n";
    const Status written = files_.WriteFileAtomically(JoinPath(start_.directory, "evaluation.json"), text);
    if (!written.ok()) return OfStorage(written.error());
  }
  result.test_accuracy = test->accuracy();
  result.test_loss = test->loss();
  result.test_images = test->images;
  return OkStatus();
}

Status Worker::Run() {
  EOA_RETURN_IF_ERROR(Prepare());
  for (int generation = start_.resume_generation; generation < generations(); ++generation) {
    Status status = RunGeneration(generation);
    if (!status.ok()) {
      // A peer that is gone may have been asked to stop, and has written where it stood.
      if (status.error().code() == ErrorCode::kUnavailable) checkpoint_->WriteHeld();
      return std::move(status).error().WithContext("generation " + std::to_string(generation));
    }
  }
  return Finish();
}

Status CheckStart(const StartMessage& start, const api::JobSpec& spec) {
  const int index = api::FindPopulation(spec, start.population);
  if (index < 0) return InvalidArgumentError("the job has no population '" + start.population + "'");
  const int members = spec.population(index).members;
  const bool one_world = spec.ecosphere.gradient_scope == api::GradientScope::kEcosphere;
  const int world = one_world ? api::EcosphereMembers(spec) : members;
  const int rank = one_world ? FirstRank(spec, index) + start.member : start.member;
  if (start.member >= members || start.world_size != world || start.rank != rank) {
    return InvalidArgumentError("member " + std::to_string(start.member) + " of '" + start.population +
                                "' cannot have rank " + std::to_string(start.rank) + " of " +
                                std::to_string(start.world_size) + " in this job");
  }
  if (start.resume_generation > spec.ecosphere.generations) {
    return InvalidArgumentError("the job has no generation " + std::to_string(start.resume_generation));
  }
  return OkStatus();
}

}  // namespace

Status RunWorker(const StartMessage& start, AgentChannel& channel, FileSystem& files, Clock& clock) {
  EOA_ASSIGN_OR_RETURN(const api::Job job, api::JobFromJson(start.job));
  EOA_RETURN_IF_ERROR(CheckStart(start, job.spec));
  at::set_num_threads(start.threads);
  at::set_num_interop_threads(1);
  Status status = OkStatus();
  const Status caught = CatchTorchErrors("worker", [&] {
    Worker worker(start, job, channel, files, clock);
    status = worker.Run();
  });
  if (!caught.ok()) status = caught;
  return status;
}

ExitCode ExitCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnimplemented:
    case ErrorCode::kFailedPrecondition:
      return ExitCode::kBadConfiguration;
    case ErrorCode::kAborted:
      return ExitCode::kStartOver;
    case ErrorCode::kNotFound:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kDataLoss:
      return ExitCode::kBadData;
    case ErrorCode::kOutOfRange:
      return ExitCode::kNotFinite;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return ExitCode::kPeerLost;
    case ErrorCode::kResourceExhausted:
      return ExitCode::kOutOfMemory;
    default:
      return ExitCode::kInternal;
  }
}

}  // namespace eoa::train
