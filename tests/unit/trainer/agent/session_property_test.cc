// Thousands of short lives of an agent to which anything may happen at any time, drawn by seed: answers come late,
// fail, or say that the attempt is over; workers move, hang, fail and end; time passes. Whatever happens, the session
// keeps to its phases, asks to be woken only in the future, and never waits for nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <set>

#include "common/base/random.h"
#include "tests/unit/trainer/agent/agent_fixture.h"
#include "trainer/agent/session.h"

namespace eoa::agent {
namespace {

using Step = std::pair<Phase, Phase>;

constexpr int kWorkers = 2;

std::string Describe(const Step& step) {
  return std::string(ToWord(step.first)) + " -> " + std::string(ToWord(step.second));
}

std::set<std::string> AllowedSteps() {
  std::set<std::string> steps;
  for (const Phase from : kValues<Phase>) {
    for (const Phase to : kValues<Phase>) {
      if (MayLead(from, to)) steps.insert(Describe({from, to}));
    }
  }
  return steps;
}

class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed, {HashName("session"), 0}), session_(Setup(), Before()) {
    After(Phase::kNew, session_.Begin(now_));
  }

  bool ended() const { return session_.phase() == Phase::kEnded; }
  const std::set<std::string>& steps() const { return steps_; }

  void Happen() {
    const std::optional<SteadyTime> wakeup = session_.NextWakeup();
    const bool calls = std::any_of(std::begin(calls_), std::end(calls_), [](int count) { return count > 0; });
    ASSERT_TRUE(wakeup || calls) << "it waits for nothing in " << ToWord(session_.phase());
    if (Below(200) == 0) return Send(StopRequested{});
    if (wakeup && (Below(10) == 0 || (!calls && !started_))) {
      now_ = std::max(now_, *wakeup);
      Send(Tick{});
      const auto next = session_.NextWakeup();
      ASSERT_TRUE(!next || *next > now_) << "it would spin in " << ToWord(session_.phase());
      return;
    }
    now_ += FromSeconds(0.01 * Below(100));
    if (started_ && (!calls || Below(2) == 0)) return WorkersAct();
    Answer();
  }

 private:
  enum Call { kJoin, kHeartbeat, kReport, kDecision, kWeights, kFinish, kCalls };

  int Below(int limit) { return static_cast<int>(random_.NextBelow(static_cast<std::uint64_t>(limit))); }

  PodSetup Setup() {
    api::Job job = TestJob();
    if (Below(4) == 0) job.spec.ecosphere.gradient_scope = api::GradientScope::kEcosphere;
    job.spec.run_policy.progress_deadline_seconds = 1 + Below(30);
    job.spec.run_policy.pre_running_deadline_seconds = 1 + Below(100);
    return TestSetup(0, Below(2), job);
  }

  Record Before() {
    Record record;
    record.job_uid = "uid-1";
    if (Below(8) == 0) record.finished.emplace();
    return record;
  }

  template <typename Body>
  void Send(Body body) {
    const Phase before = session_.phase();
    After(before, session_.Handle({session_.era(), std::move(body)}, now_));
  }

  // Phases that end as soon as they are entered are seen by the steps to and from them.
  void After(Phase before, const Actions& actions) {
    const Phase after = session_.phase();
    if (MayLead(before, after)) {
      steps_.insert(Describe({before, after}));
    } else if (before != after) {
      const auto between = std::find_if(kValues<Phase>.begin(), kValues<Phase>.end(), [&](Phase phase) {
        const bool ends_at_once = phase == Phase::kCollapsing || phase == Phase::kStopping;
        return ends_at_once && MayLead(before, phase) && MayLead(phase, after);
      });
      ASSERT_NE(between, kValues<Phase>.end()) << Describe({before, after});
      steps_.insert(Describe({before, *between}));
      steps_.insert(Describe({*between, after}));
    }
    for (const Action& action : actions) Note(action);
    EXPECT_EQ(ended(), !Of<Exit>(actions).empty()) << "it ends with Exit and only so";
  }

  void Note(const Action& action) {
    if (std::holds_alternative<SendJoin>(action)) {
      std::fill(std::begin(calls_), std::end(calls_), 0);  // answers to what was asked before are of an earlier era
      ++calls_[kJoin];
    } else if (const auto* report = std::get_if<SendReport>(&action)) {
      ++calls_[kReport];
      generation_ = report->request.generation;
    } else if (std::holds_alternative<StartWorkers>(action)) {
      started_ = true;
      alive_ = {true, true};
    } else if (std::holds_alternative<KillWorkers>(action)) {
      started_ = false;
    }
    calls_[kHeartbeat] += std::holds_alternative<SendHeartbeat>(action) ? 1 : 0;
    calls_[kDecision] += std::holds_alternative<AskDecision>(action) ? 1 : 0;
    calls_[kWeights] += std::holds_alternative<FetchWeights>(action) ? 1 : 0;
    calls_[kFinish] += std::holds_alternative<SendFinish>(action) ? 1 : 0;
  }

  void WorkersAct() {
    const int worker = Below(kWorkers);
    if (!alive_.at(static_cast<std::size_t>(worker))) return;
    constexpr std::array kWorkerPhases = {TrainerPhase::kStarting, TrainerPhase::kTraining, TrainerPhase::kEvaluating,
                                          TrainerPhase::kExchanging};
    switch (Below(12)) {
      case 0:
        return EndWorker(worker);
      case 1:
        return Send(MessageReceived{worker, train::CheckpointedMessage{generation_ + 1}});
      case 2:
        return Send(MessageReceived{worker, train::CheckpointLostMessage{Below(4)}});
      case 3:
        return Send(MessageReceived{worker, train::ErrorMessage{"DATA_LOSS", "record 17"}});
      case 4:
        return Send(MessageReceived{0, train::MergedMessage{generation_, "/pod/w", 5, 10}});
      case 5:
        if (Below(8) == 0) return Send(MessageReceived{0, train::ResultMessage{0.6, 1.0, 10, "/pod/model"}});
        return;
      case 6:
      case 7:
        return Send(MessageReceived{0, EndOf(Below(4))});
      default: {
        const auto phase = static_cast<std::size_t>(Below(4));
        Send(MessageReceived{worker, train::ProgressMessage{generation_, Below(3), 10, 100, 2, kWorkerPhases[phase]}});
      }
    }
  }

  void EndWorker(int worker) {
    if (alive_ == std::array{true, true} && Below(8) == 0) return Send(StartFailed{NotFoundError("no such program")});
    alive_.at(static_cast<std::size_t>(worker)) = false;
    const std::vector<ExitStatus> ends = {{0, 0}, {0, 0}, {0, 0}, {75, 0}, {75, 0}, {76, 0}, {64, 0}, {0, 9}};
    Send(WorkerExited{worker, ends[static_cast<std::size_t>(Below(static_cast<int>(ends.size())))]});
  }

  // Mostly ok; else an error that may pass, or the one which says that the attempt is over.
  template <typename T>
  Result<T> Maybe(T value) {
    const int what = Below(12);
    if (what == 0) return AbortedError("StaleAttempt");
    if (what < 4) return UnavailableError("refused");
    if (what == 4) return InvalidArgumentError("wrong");
    return value;
  }

  void Answer() {
    int call = Below(kCalls);
    while (calls_[call] == 0) call = (call + 1) % kCalls;
    --calls_[call];
    switch (call) {
      case kJoin:
        return Send(JoinAnswered{AnswerToJoin()});
      case kHeartbeat: {
        const int command = Below(40);
        return Send(HeartbeatAnswered{Maybe(api::HeartbeatAnswer{command == 0   ? api::AgentCommand::kStop
                                                                 : command == 1 ? api::AgentCommand::kRejoin
                                                                                : api::AgentCommand::kContinue,
                                                                 "told so", 1})});
      }
      case kReport:
        return Send(ReportAnswered{generation_, Maybe(api::ReportAnswer{})});
      case kDecision:
        if (Below(3) == 0) return Send(DecisionAnswered{generation_, api::DecisionAnswer{}});
        return Send(DecisionAnswered{generation_, Maybe(api::DecisionAnswer{DecisionOf(generation_)})});
      case kWeights:
        return Send(WeightsFetched{generation_, "whales", Maybe(std::string("/pod/foreign"))});
      default: {
        const int what = Below(4);
        Send(FinishAnswered{what == 0   ? Status(AbortedError("StaleAttempt"))
                            : what == 1 ? Status(UnavailableError("refused"))
                                        : OkStatus()});
      }
    }
  }

  Result<api::JoinAnswer> AnswerToJoin() {
    api::JoinAnswer answer;
    const int what = Below(20);
    if (what == 0) return FailedPreconditionError("PopulationEnded");
    answer.ready = what > 5;
    answer.attempt = ++attempt_;
    answer.resume_generation = Below(3);
    return Maybe(answer);
  }

  SeededRandom random_;
  SteadyTime now_ = At(0);
  AgentSession session_;
  std::set<std::string> steps_;
  int calls_[kCalls] = {};  // in flight, of this era
  bool started_ = false;
  std::array<bool, kWorkers> alive_{};
  int generation_ = 0;
  int attempt_ = 0;
};

TEST(SessionProperty, WhateverHappensItKeepsToItsPhasesAndWakesOnlyInTheFuture) {
  constexpr std::uint64_t kLives = 1000;
  constexpr int kEvents = 200;
  std::set<std::string> steps;
  for (std::uint64_t seed = 1; seed <= kLives; ++seed) {
    Life life(seed);
    for (int event = 0; event < kEvents && !life.ended(); ++event) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", event " + std::to_string(event));
      life.Happen();
      if (::testing::Test::HasFailure()) return;
    }
    steps.insert(life.steps().begin(), life.steps().end());
  }
  EXPECT_EQ(steps, AllowedSteps()) << "a step that is allowed is never taken";
}

TEST(Phases, TheDiagramShowsTheStepsThatAreAllowed) {
  std::ifstream header(EOA_SOURCE_DIR "/trainer/agent/phases.h");
  const std::regex row("//   (\\w*) +-> (\\w+) +.*");
  std::set<std::string> drawn;
  std::string from;
  for (std::string line; std::getline(header, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    if (match[1].length() > 0) from = match[1];
    drawn.insert(from + " -> " + match[2].str());
  }
  EXPECT_EQ(drawn, AllowedSteps());
}

}  // namespace
}  // namespace eoa::agent
