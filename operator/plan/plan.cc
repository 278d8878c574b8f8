#include "operator/plan/plan.h"

#include <algorithm>
#include <utility>

#include "operator/plan/children.h"
#include "operator/plan/failure_policy.h"
#include "operator/plan/names.h"
#include "operator/plan/status.h"

namespace eoa::plan {
namespace {

using nlohmann::json;

// A status holds whole seconds, so that what is written and what is read back are the same.
WallTime WholeSeconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

// A StatefulSet makes its pods within seconds, when nobody refuses them.
constexpr Duration kPodsMadeWithin = std::chrono::seconds(60);

class Planner {
 public:
  Planner(const TrainerSettings& settings, const Observed& observed, WallTime now)
      : settings_(settings), observed_(observed), now_(WholeSeconds(now)) {
    result_.status = observed.status;
  }

  PlanResult Run() && {
    if (observed_.deleting) return std::move(result_);
    if (!observed_.job) {
      RefuseSpec();
    } else if (job().spec.managed_by != kManagedBy) {
      return std::move(result_);
    } else if (api::IsTerminal(observed_.status)) {
      CleanUp();
    } else {
      Live();
    }
    return std::move(result_);
  }

 private:
  const api::Job& job() const { return *observed_.job; }
  const api::RunPolicy& policy() const { return job().spec.run_policy; }
  api::JobStatus& status() { return result_.status; }

  void Set(ConditionType type, bool is_true, std::string_view reason, const std::string& message) {
    SetCondition(status(), {.type = type,
                            .status = is_true ? ConditionStatus::kTrue : ConditionStatus::kFalse,
                            .observed_generation = observed_.generation,
                            .last_transition_time = now_,
                            .reason = std::string(reason),
                            .message = message});
  }

  void Set(ConditionType type, bool is_true, Reason reason, const std::string& message) {
    Set(type, is_true, ToWord(reason), message);
  }

  void Tell(bool warning, std::string_view reason, const std::string& message) {
    result_.actions.emplace_back(EmitEvent{warning, std::string(reason), message});
  }
  void Tell(bool warning, Reason reason, const std::string& message) { Tell(warning, ToWord(reason), message); }

  void LookAgainIn(Duration delay) {
    delay = std::max<Duration>(delay, std::chrono::seconds(1));
    result_.requeue_after = result_.requeue_after ? std::min(*result_.requeue_after, delay) : delay;
  }

  // What passed the API server's schema and is wrong all the same. Not final: the user may correct it.
  void RefuseSpec() {
    if (api::IsTerminal(observed_.status)) return;
    // What trains already goes on.
    result_.keep_broker = observed_.ecosphere.has_value();
    status().observed_generation = observed_.generation;
    if (!status().phase) status().phase = JobPhase::kPending;
    Set(ConditionType::kInitialized, false, Reason::kInvalidSpec, observed_.invalid);
    if (status() != observed_.status) Tell(true, Reason::kInvalidSpec, observed_.invalid);
  }

  void Live() {
    status() = ReadOff(observed_, now_);
    const bool first = !observed_.status.phase;
    if (job().spec.suspend) {
      Suspend();
    } else {
      GoOn();
    }
    if (first) {
      Tell(false, Reason::kStarted,
           std::to_string(job().spec.populations.size()) + " populations of " +
               std::to_string(api::EcosphereMembers(job().spec)) + " members");
    }
    status() = WorthWriting(observed_.status, std::move(status()));
  }

  void Suspend() {
    status().phase = JobPhase::kSuspended;
    Set(ConditionType::kRunning, false, Reason::kSuspended, "spec.suspend is true");
    Set(ConditionType::kSuspended, true, Reason::kSuspended, "pods are removed, checkpoints are kept");
    if (!api::IsTrue(observed_.status, ConditionType::kSuspended))
      Tell(false, Reason::kSuspended, "pods are removed, checkpoints are kept");
    ApplyChildren();
  }

  void GoOn() {
    result_.keep_broker = true;
    if (api::IsTrue(observed_.status, ConditionType::kSuspended)) {
      Set(ConditionType::kSuspended, false, Reason::kResumed, "spec.suspend is false");
      Tell(false, Reason::kResumed, "pods are started from the newest checkpoints");
    }
    ApplyChildren();
    EnforceBudget();
    CheckProgress();
    const Verdict verdict = observed_.ecosphere ? Judge(job().spec, *observed_.ecosphere) : Verdict{};
    if (verdict.outcome == Outcome::kSucceeded) return Succeed();
    if (verdict.outcome == Outcome::kFailed) return Fail(Reason::kPopulationsFailed, verdict.reason);
    TellPhase();
    CheckDeadlines();
  }

  // ---- children ----

  static const json* Find(const std::vector<ObjectPtr>& objects, const std::string& name) {
    for (const ObjectPtr& object : objects) {
      if (object->at("metadata").value("name", "") == name) return object.get();
    }
    return nullptr;
  }

  const json* FindChild(const json& wanted) const {
    const std::string kind = wanted.at("kind");
    const std::string name = wanted.at("metadata").at("name");
    if (kind == "StatefulSet") return Find(observed_.stateful_sets, name);
    return Find(kind == "Service" ? observed_.services : observed_.config_maps, name);
  }

  // As it was applied last, and nobody has changed its size since.
  static bool IsAsWanted(const json& child, const json& wanted) {
    const auto hash = [](const json& object) {
      return object.at("metadata").value("annotations", json::object()).value(std::string(kHashAnnotation), "");
    };
    if (hash(child) != hash(wanted)) return false;
    if (wanted.at("kind") != "StatefulSet") return true;
    return child.value("spec", json::object()).value("replicas", -1) == wanted.at("spec").at("replicas");
  }

  void ApplyChildren() {
    for (json& wanted : Children(settings_, job(), OptionsOf(job()))) {
      const json* child = FindChild(wanted);
      if (child != nullptr && child->at("metadata").contains("deletionTimestamp")) {
        LookAgainIn(std::chrono::seconds(2));
        continue;
      }
      if (child != nullptr && IsAsWanted(*child, wanted)) continue;
      result_.actions.emplace_back(Apply{std::move(wanted), child == nullptr});
    }
    // A refusal stands until nothing is left to apply; told anew at each try it would be a write each time.
    const api::Condition* before = api::FindCondition(observed_.status, ConditionType::kInitialized);
    const bool refused = before != nullptr && before->reason == ToWord(Reason::kChildRefused);
    const bool applies = std::any_of(result_.actions.begin(), result_.actions.end(),
                                     [](const Action& action) { return std::holds_alternative<Apply>(action); });
    if (!refused || !applies)
      Set(ConditionType::kInitialized, true, Reason::kSpecAccepted, "the job's objects are planned");
  }

  // ---- failures ----

  void EnforceBudget() {
    std::vector<int> restarts;
    for (const api::PopulationStatus& row : status().populations) restarts.push_back(row.restarts);
    const auto exhausted = ExhaustedRestarts(job().spec, restarts);
    for (std::size_t i = 0; i < exhausted.size(); ++i) {
      const api::PopulationStatus& row = status().populations[i];
      const api::PopulationStatus* last = LastRow(row.name);
      const bool ended = HasEnded(row.phase);
      if (!ended && last != nullptr && row.restarts > last->restarts) {
        Tell(true, Reason::kPopulationRestarted,
             row.name + ": restart " + std::to_string(row.restarts) + Because(WhyOf(row.name)));
      }
      if (ended) continue;
      if (const PodsView pods = LookAtPods(observed_.pods, row.name, now_); pods.hopeless) {
        result_.actions.emplace_back(StopPopulation{row.name, pods.message + " (not retried)"});
        continue;
      }
      if (!exhausted[i]) continue;
      result_.actions.emplace_back(StopPopulation{row.name, *exhausted[i] + Because(WhyOf(row.name))});
    }
  }

  static std::string Because(const std::string& why) { return why.empty() ? "" : ": " + why; }

  // The pods' own words are more to the point than what their peers saw.
  std::string WhyOf(const std::string& population) const {
    const PodsView pods = LookAtPods(observed_.pods, population, now_);
    if (!pods.message.empty()) return pods.message;
    if (!observed_.ecosphere) return "";
    for (const broker::PopulationView& view : observed_.ecosphere->populations) {
      if (view.name == population) return view.last_error;
    }
    return "";
  }

  const api::PopulationStatus* LastRow(const std::string& name) const {
    for (const api::PopulationStatus& row : observed_.status.populations) {
      if (row.name == name) return &row;
    }
    return nullptr;
  }

  void CheckProgress() {
    const Duration deadline = std::chrono::seconds(policy().progress_deadline_seconds);
    std::string stalled;
    for (api::PopulationStatus& row : status().populations) {
      const auto moved = observed_.last_progress.find(row.name);
      if (row.phase != PopulationPhase::kRunning || moved == observed_.last_progress.end()) continue;
      const Duration quiet = now_ - moved->second;
      if (quiet < deadline) {
        LookAgainIn(deadline - quiet);
        continue;
      }
      row.phase = PopulationPhase::kStalled;
      row.message = "no step for " + std::to_string(policy().progress_deadline_seconds) + " s";
      stalled += (stalled.empty() ? "" : ", ") + row.name;
      result_.actions.emplace_back(RestartPopulation{row.name, row.message + " (runPolicy.progressDeadlineSeconds)"});
    }
    if (!stalled.empty()) {
      Set(ConditionType::kStalled, true, Reason::kNoProgress,
          stalled + ": no step for runPolicy.progressDeadlineSeconds; restarted");
      Tell(true, Reason::kStalled,
           stalled + ": no step for " + std::to_string(policy().progress_deadline_seconds) + " s");
    } else if (api::IsTrue(observed_.status, ConditionType::kStalled) && AllTrain()) {
      Set(ConditionType::kStalled, false, Reason::kProgressing, "all populations train again");
    }
  }

  // One that was given up is no reason to wait: whether the job can do without it is for its success policy to say.
  bool AllTrain() {
    return std::all_of(status().populations.begin(), status().populations.end(),
                       [](const auto& row) { return row.phase == PopulationPhase::kRunning || HasEnded(row.phase); });
  }

  // ---- phase and deadlines ----

  void TellPhase() {
    int training = 0;
    PodsView trouble;
    for (const api::PopulationStatus& row : status().populations) {
      training += row.phase == PopulationPhase::kRunning || row.phase == PopulationPhase::kSucceeded ? 1 : 0;
      if (row.phase != PopulationPhase::kPending || !trouble.reason.empty()) continue;
      trouble = LookAtPods(observed_.pods, row.name, now_);
      if (trouble.terminating) LookAgainIn(std::chrono::seconds(30));
    }
    if (trouble.reason.empty()) TellMissingPods(trouble);
    const auto populations = static_cast<int>(status().populations.size());
    const std::string count = std::to_string(training) + " of " + std::to_string(populations) + " populations train";
    if (AllTrain()) {
      status().phase = JobPhase::kRunning;
      Set(ConditionType::kRunning, true, Reason::kPopulationsRunning, count);
      if (!api::IsTrue(observed_.status, ConditionType::kRunning)) Tell(false, Reason::kRunning, count);
      return;
    }
    const bool was_running = observed_.status.phase == JobPhase::kRunning;
    status().phase = was_running ? JobPhase::kRunning : JobPhase::kPending;
    // Pods that are on their way need no condition of their own; what keeps them does.
    if (trouble.reason.empty()) {
      Set(ConditionType::kRunning, false, Reason::kPodsStarting, "waiting for all members to join");
    } else {
      Set(ConditionType::kRunning, false, trouble.reason, trouble.message);
    }
    const api::Condition* before = api::FindCondition(observed_.status, ConditionType::kRunning);
    if (!trouble.reason.empty() && (before == nullptr || before->reason != trouble.reason)) {
      Tell(true, trouble.reason, trouble.message);
    }
  }

  // A quota or an admission policy that refuses pods shows in the StatefulSet's events alone.
  void TellMissingPods(PodsView& trouble) {
    for (const api::PopulationSpec& population : job().spec.populations) {
      const api::PopulationStatus* row = LastRow(population.name);
      if (row == nullptr || row->phase != PopulationPhase::kPending) continue;
      const PodsView pods = LookAtPods(observed_.pods, population.name, now_);
      const int missing = population.members / population.members_per_pod - pods.pods;
      if (missing <= 0 || pods.terminating) continue;
      const Duration left = kPodsMadeWithin - (now_ - NotRunningSince());
      if (left > Duration::zero()) return LookAgainIn(left);
      trouble.reason = ToWord(Reason::kPodsMissing);
      trouble.message = population.name + ": " + std::to_string(missing) +
                        " pods were not made; often a quota or an admission policy refuses them: kubectl describe "
                        "statefulset " +
                        SetName(job(), population.name);
      return;
    }
  }

  // Since when the job has pods and waits for them; only while it does.
  WallTime NotRunningSince() {
    const api::Condition* running = api::FindCondition(observed_.status, ConditionType::kRunning);
    const WallTime began = Began();
    if (running == nullptr) return began;
    return running->status == ConditionStatus::kTrue ? now_ : std::max(began, running->last_transition_time);
  }

  // When this run began: the start, or the last resume.
  WallTime Began() {
    WallTime began = *status().start_time;
    const api::Condition* suspended = api::FindCondition(status(), ConditionType::kSuspended);
    if (suspended != nullptr) began = std::max(began, suspended->last_transition_time);
    return began;
  }

  void CheckDeadlines() {
    const Duration running = now_ - Began();
    if (policy().active_deadline_seconds > 0) {
      const Duration left = std::chrono::seconds(policy().active_deadline_seconds) - running;
      if (left <= Duration::zero()) {
        return Fail(Reason::kActiveDeadlineExceeded, "not finished within runPolicy.activeDeadlineSeconds (" +
                                                         std::to_string(policy().active_deadline_seconds) + " s)");
      }
      LookAgainIn(left);
    }
    // It holds for every wait, also after a pod was lost: what cannot be placed again would wait for ever.
    if (api::IsTrue(status(), ConditionType::kRunning) || policy().pre_running_deadline_seconds <= 0) return;
    const Duration left = std::chrono::seconds(policy().pre_running_deadline_seconds) - (now_ - NotRunningSince());
    if (left > Duration::zero()) return LookAgainIn(left);
    const api::Condition* why = api::FindCondition(status(), ConditionType::kRunning);
    Fail(Reason::kPreRunningDeadlineExceeded, "not running within runPolicy.preRunningDeadlineSeconds (" +
                                                  std::to_string(policy().pre_running_deadline_seconds) +
                                                  " s): " + (why == nullptr ? "" : why->message));
  }

  // ---- the end ----

  void Succeed() {
    status().phase = JobPhase::kSucceeded;
    status().completion_time = now_;
    status().progress.percent = 100;
    status().progress.estimated_seconds_left = 0;
    if (const broker::PopulationView* elected = ElectedPopulation(*observed_.ecosphere); elected != nullptr) {
      if (elected->finished) {
        status().test_accuracy = elected->finished->test_accuracy;
        status().model = elected->finished->model;
      }
    }
    Set(ConditionType::kRunning, false, Reason::kSucceeded, "all populations have ended");
    Set(ConditionType::kComplete, true, Reason::kSucceeded, "the job's success policy is met");
    Tell(false, Reason::kCompleted, "the job's success policy is met");
    LookAgainIn({});
  }

  void Fail(Reason reason, const std::string& message) {
    status().phase = JobPhase::kFailed;
    status().completion_time = now_;
    Set(ConditionType::kRunning, false, Reason::kFailed, message);
    Set(ConditionType::kFailed, true, reason, message);
    Tell(true, reason, message);
    LookAgainIn({});
  }

  // The job has ended and its status says so.
  void CleanUp() {
    const bool succeeded = api::IsTrue(observed_.status, ConditionType::kComplete);
    const bool keep_claims = api::KeepsCheckpoints(job().spec.checkpoint.retain, succeeded);
    const bool keep_pods = policy().clean_pod_policy == api::CleanPodPolicy::kNone;
    for (json& wanted : Children(settings_, job(), {.pods = keep_pods, .keep_claims = keep_claims})) {
      // Nothing is made any more.
      const json* child = FindChild(wanted);
      if (child == nullptr || wanted.at("kind") != "StatefulSet" || IsAsWanted(*child, wanted)) continue;
      if (child->at("metadata").contains("deletionTimestamp")) continue;
      result_.actions.emplace_back(Apply{std::move(wanted), false});
    }
    if (policy().clean_pod_policy == api::CleanPodPolicy::kAll) DeleteChildren();
    status().replicas = keep_pods ? 1 : 0;
    ExpireJob();
  }

  void DeleteChildren() {
    const auto remove = [this](const std::vector<ObjectPtr>& objects, const char* api_version, const char* kind) {
      for (const ObjectPtr& object : objects) {
        const json& metadata = object->at("metadata");
        if (metadata.contains("deletionTimestamp")) continue;
        result_.actions.emplace_back(
            Delete{api_version, kind, metadata.value("name", ""), metadata.value("uid", ""), "Background"});
      }
    };
    // A StatefulSet goes once its pods have, so that claims are kept or deleted as it says.
    if (observed_.pods.empty()) remove(observed_.stateful_sets, "apps/v1", "StatefulSet");
    remove(observed_.services, "v1", "Service");
  }

  void ExpireJob() {
    if (policy().ttl_seconds_after_finished < 0 || !observed_.status.completion_time) return;
    const Duration left =
        *observed_.status.completion_time + std::chrono::seconds(policy().ttl_seconds_after_finished) - now_;
    if (left > Duration::zero()) return LookAgainIn(left);
    result_.actions.emplace_back(
        Delete{std::string(kApiVersion), std::string(kJobKind), job().metadata.name, job().metadata.uid, "Background"});
  }

  const TrainerSettings& settings_;
  const Observed& observed_;
  const WallTime now_;
  PlanResult result_;
};

}  // namespace

PlanResult Plan(const TrainerSettings& settings, const Observed& observed, WallTime now) {
  return Planner(settings, observed, now).Run();
}

}  // namespace eoa::plan
