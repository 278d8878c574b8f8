#include "operator/cluster/controller.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/json_access.h"
#include "common/base/log.h"
#include "common/base/timestamp.h"
#include "common/job/read_job.h"
#include "common/words/labels.h"
#include "operator/plan/status.h"

namespace eoa::cluster {
namespace {

using nlohmann::json;

// A burst of exchanges is one look at the job.
constexpr Duration kBrokerChangeDelay = std::chrono::milliseconds(300);

// A little after the cache's patience ends, if nothing wakes the job before.
constexpr Duration kAfterLag = std::chrono::milliseconds(10);

std::string Uid(const json& object) { return object.at("metadata").value("uid", ""); }

bool IsOurs(const json& job) {
  const auto spec = job.find("spec");
  return spec == job.end() || spec->value("managedBy", kManagedBy) == kManagedBy;
}

bool IsBeingDeleted(const json& object) { return object.at("metadata").contains("deletionTimestamp"); }

api::JobStatus StatusOf(const json& job) {
  const auto status = job.find("status");
  return status == job.end() ? api::JobStatus{} : api::StatusFromJson(*status);
}

// A refused child shows in the status at once: no pod will ever be made that could tell of it.
void SetChildRefused(const Error& error, std::int64_t generation, WallTime now, api::JobStatus& status) {
  if (api::IsTerminal(status)) return;
  plan::SetCondition(status, {.type = ConditionType::kInitialized,
                              .status = ConditionStatus::kFalse,
                              .observed_generation = generation,
                              .last_transition_time = now,
                              .reason = std::string(ToWord(Reason::kChildRefused)),
                              .message = error.message()});
}

}  // namespace

Controller::Controller(plan::TrainerSettings settings, Parts parts, StoreFactory make_store)
    : settings_(std::move(settings)),
      parts_(parts),
      make_store_(std::move(make_store)),
      executor_(parts.client, own_writes_, parts.clock),
      storage_classes_(parts.client, parts.clock) {}

ReconcileResult Controller::Reconcile(const kube::ObjectKey& key) {
  const OwnWrites::Lookup lookup = [this](std::string_view kind,
                                          const kube::ObjectKey& object) -> std::optional<CachedVersion> {
    const JsonPtr found = parts_.cache.FindObject(kind, object);
    if (!found) return std::nullopt;
    return CachedVersion{IsBeingDeleted(*found) ? "" : Uid(*found), found->at("metadata").value("resourceVersion", "")};
  };
  const JsonPtr job = parts_.cache.FindJob(key);
  if (!job) {
    Forget(key);
    return {};
  }
  const std::shared_ptr<Memory> memory = MemoryOf(key);
  // What was written for a former job of this name is gone with it, and not to be waited for.
  if (memory->uid != Uid(*job)) own_writes_.Forget(key);
  if (const std::optional<Duration> lag = own_writes_.Lag(key, lookup, parts_.clock.SteadyNow())) {
    const MutexLock lock(mutex_);
    ++stats_.waits_for_cache;
    return {OkStatus(), *lag + kAfterLag, false};
  }

  const JobObjects objects = parts_.cache.Find(key);
  if (!objects.job) return {};  // gone this moment; its event follows
  if (memory->uid != Uid(*objects.job)) {
    CloseBroker(*memory);
    *memory = {};
    memory->uid = Uid(*objects.job);
  }
  if (!IsOurs(*objects.job)) {
    CloseBroker(*memory);
    return {};
  }
  Read(*objects.job, *memory);

  const plan::Observed observed = Observe(objects, *memory);
  plan::PlanResult planned = plan::Plan(settings_, observed, parts_.clock.Now());
  Status opened = OkStatus();
  if (planned.keep_broker && !memory->has_broker) {
    // What the broker remembers may change what is to be done; and that it cannot be opened is told.
    opened = OpenBroker(key, *memory, observed.status);
    planned = plan::Plan(settings_, Observe(objects, *memory), parts_.clock.Now());
  }
  const bool keep_broker = planned.keep_broker;
  ReconcileResult outcome = CarryOut({key, memory->uid}, objects.job->at("metadata").value("resourceVersion", ""),
                                     observed, std::move(planned));
  if (!keep_broker && outcome.status.ok()) CloseBroker(*memory);
  if (keep_broker && !opened.ok()) return {std::move(opened), std::nullopt, false};
  return outcome;
}

void Controller::Read(const json& object, Memory& memory) {
  const std::int64_t generation = object.at("metadata").value("generation", std::int64_t{0});
  if (memory.generation == generation) return;
  memory.generation = generation;
  memory.job.reset();
  memory.invalid.clear();
  json document = object;
  document.erase("status");
  Result<api::Job> job = api::JobFromJson(document);
  if (job.ok()) {
    memory.job = *std::move(job);
  } else {
    memory.invalid = job.error().message();
    Log(LogLevel::kWarning, "job is not valid",
        {{"job", object.at("metadata").value("namespace", "") + "/" + object.at("metadata").value("name", "")},
         {"error", memory.invalid}});
  }
}

plan::Observed Controller::Observe(const JobObjects& objects, const Memory& memory) {
  plan::Observed observed;
  observed.job = memory.job;
  observed.invalid = memory.invalid;
  observed.generation = memory.generation;
  observed.deleting = IsBeingDeleted(*objects.job);
  observed.status = StatusOf(*objects.job);
  observed.stateful_sets = objects.stateful_sets;
  observed.services = objects.services;
  observed.config_maps = objects.config_maps;
  observed.pods = objects.pods;
  observed.fetched = !TextAt(At(*objects.job, "metadata", "annotations"), kFetchedAnnotation).empty();
  // Asked before a job's first StatefulSet is made; later that tells.
  observed.default_storage_class = objects.stateful_sets.empty() && storage_classes_.HasDefault();
  observed.store_fault = memory.open_faults.fault();
  if (!memory.has_broker) return observed;
  if (const auto summary = parts_.broker.Summary(memory.uid)) {
    observed.ecosphere = *summary;
    observed.store_fault = observed.ecosphere->store_fault;
    const SteadyTime now = parts_.clock.SteadyNow();
    for (const auto& [population, moved] : progress_.Observe(memory.uid, *observed.ecosphere, now)) {
      observed.last_progress[population] = parts_.clock.Now() - (now - moved);
    }
  }
  return observed;
}

Status Controller::OpenBroker(const kube::ObjectKey& key, Memory& memory, const api::JobStatus& status) {
  if (!memory.job) return OkStatus();
  kube::WorkQueue& queue = parts_.queue;
  const Status opened = parts_.broker.AddJob(*memory.job, make_store_(*memory.job, status),
                                             [&queue, key] { queue.AddAfter(key, kBrokerChangeDelay); });
  if (!opened.ok()) {
    memory.open_faults.Failed(opened.error(), parts_.clock.SteadyNow());
    return Error(opened.error()).WithContext("opening the broker of " + ToString(key));
  }
  memory.open_faults.Worked();
  memory.has_broker = true;
  return OkStatus();
}

void Controller::CloseBroker(Memory& memory) {
  parts_.broker.RemoveJob(memory.uid);
  progress_.Forget(memory.uid);
  memory.has_broker = false;
  memory.open_faults = {};
}

Status Controller::CarryOutAction(const JobIdentity& identity, const plan::Action& action) {
  if (const auto* apply = std::get_if<plan::Apply>(&action)) {
    const Status applied = executor_.Apply(identity, apply->object, apply->missing);
    const MutexLock lock(mutex_);
    ++stats_.child_writes;
    return applied;
  }
  if (const auto* gone = std::get_if<plan::Delete>(&action)) {
    {
      const MutexLock lock(mutex_);
      ++stats_.child_writes;
    }
    return executor_.Delete(identity, gone->api_version, gone->kind, gone->name, gone->uid, gone->propagation);
  }
  if (const auto* stop = std::get_if<plan::StopPopulation>(&action)) {
    Log(LogLevel::kInfo, "population is given up",
        {{"job", ToString(identity.key)}, {"population", stop->name}, {"reason", stop->reason}});
    parts_.broker.StopPopulation(identity.uid, stop->name, stop->reason);
  }
  if (const auto* restart = std::get_if<plan::RestartPopulation>(&action)) {
    Log(LogLevel::kInfo, "population is restarted",
        {{"job", ToString(identity.key)}, {"population", restart->name}, {"reason", restart->reason}});
    parts_.broker.RestartPopulation(identity.uid, restart->name, restart->reason);
  }
  return OkStatus();
}

ReconcileResult Controller::CarryOut(const JobIdentity& identity, const std::string& resource_version,
                                     const plan::Observed& observed, plan::PlanResult planned) {
  // One child that is refused must not keep the others from what they need.
  std::optional<Error> failure;
  for (const plan::Action& action : planned.actions) {
    const Status done = CarryOutAction(identity, action);
    if (done.ok()) continue;
    if (IsRefusal(done.error())) {
      SetChildRefused(done.error(), observed.generation, parts_.clock.Now(), planned.status);
    }
    if (!failure || IsRefusal(done.error())) failure = done.error();
  }

  if (planned.status != observed.status) {
    const Status written = executor_.WriteStatus(identity, resource_version, api::ToJson(planned.status));
    if (!written.ok()) {
      // The events belong to a status that nobody has seen; they come again with the next one.
      return {written, std::nullopt, false};
    }
    Count(identity.key, observed.status, planned.status);
    if (planned.status.phase && observed.status.phase != planned.status.phase) {
      Log(LogLevel::kInfo, "job is " + std::string(ToWord(*planned.status.phase)),
          {{"job", ToString(identity.key)},
           {"uid", identity.uid},
           {"before", observed.status.phase ? std::string(ToWord(*observed.status.phase)) : ""},
           {"generation", std::to_string(planned.status.progress.generation)}});
    }
  }
  for (const plan::Action& action : planned.actions) {
    const auto* event = std::get_if<plan::EmitEvent>(&action);
    if (event == nullptr) continue;
    parts_.events.Record({identity.key, identity.uid, resource_version},
                         {event->warning ? "Warning" : "Normal", event->reason, event->message});
  }
  if (failure) {
    const bool terminal = IsRefusal(*failure);
    if (terminal) {
      parts_.events.Record({identity.key, identity.uid, resource_version},
                           {"Warning", std::string(ToWord(Reason::kChildRefused)), failure->message()});
    }
    return {*std::move(failure), std::nullopt, terminal};
  }
  return {OkStatus(), planned.requeue_after, false};
}

void Controller::ExpectJobs() {
  for (const JsonPtr& object : parts_.cache.Jobs()) {
    const std::optional<kube::ObjectKey> key = kube::KeyOf(*object);
    if (!key || !IsOurs(*object) || IsBeingDeleted(*object)) continue;
    const api::JobStatus status = StatusOf(*object);
    if (!status.phase || api::IsTerminal(status)) continue;
    MemoryOf(*key)->uid = Uid(*object);
    parts_.broker.ExpectJob(Uid(*object));
  }
}

std::vector<metrics::JobSnapshot> Controller::Jobs() const {
  std::vector<metrics::JobSnapshot> jobs;
  for (const JsonPtr& object : parts_.cache.Jobs()) {
    const json& metadata = object->at("metadata");
    metrics::JobSnapshot job;
    job.name_space = metadata.value("namespace", "");
    job.name = metadata.value("name", "");
    job.uid = Uid(*object);
    job.created = ParseTimestamp(metadata.value("creationTimestamp", ""));
    job.status = StatusOf(*object);
    if (!api::IsTerminal(job.status)) job.ecosphere = parts_.broker.Summary(job.uid);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::shared_ptr<Controller::Memory> Controller::MemoryOf(const kube::ObjectKey& key) {
  const MutexLock lock(mutex_);
  std::shared_ptr<Memory>& memory = memories_[key];
  if (!memory) memory = std::make_shared<Memory>();
  return memory;
}

void Controller::Forget(const kube::ObjectKey& key) {
  std::shared_ptr<Memory> memory;
  {
    const MutexLock lock(mutex_);
    const auto found = memories_.find(key);
    if (found == memories_.end()) return;
    memory = std::move(found->second);
    memories_.erase(found);
  }
  CloseBroker(*memory);
  own_writes_.Forget(key);
}

void Controller::Count(const kube::ObjectKey& key, const api::JobStatus& before, const api::JobStatus& after) {
  const MutexLock lock(mutex_);
  ++stats_.status_writes;
  metrics::JobCounts& jobs = stats_.jobs[key.name_space];
  if (!before.phase) ++jobs.created;
  if (!api::IsTrue(before, ConditionType::kComplete) && api::IsTrue(after, ConditionType::kComplete)) ++jobs.completed;
  if (!api::IsTrue(before, ConditionType::kFailed) && api::IsTrue(after, ConditionType::kFailed)) ++jobs.failed;
  jobs.restarted += static_cast<std::uint64_t>(std::max(0, after.restarts - before.restarts));
}

metrics::ControllerSnapshot Controller::stats() const {
  metrics::ControllerSnapshot copy;
  {
    const MutexLock lock(mutex_);
    copy = stats_;
  }
  copy.waits_given_up = own_writes_.expired();
  copy.waiting_jobs = own_writes_.waiting();
  return copy;
}

}  // namespace eoa::cluster
