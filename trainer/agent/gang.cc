#include "trainer/agent/gang.h"

#include <algorithm>
#include <tuple>

#include "common/base/error.h"
#include "common/words/exit_code.h"
#include "common/words/phases.h"

namespace eoa::agent {
namespace {

Fault FaultOf(const ExitStatus& status) {
  if (status.ok()) return Fault::kNone;
  if (status.signal != 0) return Fault::kFailed;
  if (IsHopeless(status.code)) return Fault::kFinal;
  return status.code == static_cast<int>(ExitCode::kPeerLost) ? Fault::kLostPeer : Fault::kFailed;
}

}  // namespace

bool Gang::OnProgress(int worker, const train::ProgressMessage& message) {
  const auto place = [](const train::ProgressMessage& at) { return std::tie(at.generation, at.step, at.phase); };
  std::optional<train::ProgressMessage>& last = At(worker).progress;
  const bool moved = !last || place(*last) != place(message);
  last = message;
  return moved;
}

bool Gang::OnCheckpoint(int worker, int generation) {
  At(worker).checkpoints.insert(generation);
  return std::all_of(workers_.begin(), workers_.end(),
                     [&](const Worker& each) { return each.checkpoints.contains(generation); });
}

const std::string& Gang::OnError(int worker, const train::ErrorMessage& message) {
  Worker& failed = At(worker);
  failed.error_code = message.code;
  failed.error = "member " + std::to_string(first_member_ + worker) + ": " + message.code + ": " + message.message;
  return failed.error;
}

void Gang::OnExit(int worker, const ExitStatus& status) { At(worker).exit = status; }

bool Gang::AllExited() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.exit.has_value(); });
}

bool Gang::AllExchange() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.progress && worker.progress->phase == TrainerPhase::kExchanging;
  });
}

std::string Gang::DescribeExit(int worker) const {
  return "member " + std::to_string(first_member_ + worker) + " ended with " + At(worker).exit->ToString();
}

Blame Gang::FindBlame() const {
  Blame blame;
  for (int i = 0; i < size(); ++i) {
    const Worker& worker = At(i);
    const Fault fault = worker.exit ? FaultOf(*worker.exit) : Fault::kNone;
    if (fault <= blame.fault) continue;
    const bool silent = worker.error_code.empty() || worker.error_code == ErrorCodeName(ErrorCode::kUnavailable);
    blame = {.fault = fault,
             .reason = worker.error.empty() ? DescribeExit(i) : worker.error,
             .names_cause = fault != Fault::kLostPeer || !silent,
             .exit_code = worker.exit->code};
  }
  return blame;
}

api::HeartbeatRequest Gang::Progress(int generation) const {
  api::HeartbeatRequest merged;
  merged.generation = generation;
  merged.phase = TrainerPhase::kStarting;
  std::vector<const train::ProgressMessage*> known;
  for (const Worker& worker : workers_) {
    if (worker.progress) known.push_back(&*worker.progress);
  }
  if (known.empty()) return merged;
  const auto* behind = *std::min_element(known.begin(), known.end(), [](const auto* a, const auto* b) {
    return std::tie(a->generation, a->step) < std::tie(b->generation, b->step);
  });
  merged.generation = behind->generation;
  merged.step = behind->step;
  merged.steps = behind->steps;
  merged.phase = behind->phase;
  for (const train::ProgressMessage* worker : known) {
    merged.images_per_second += worker->images_per_second;
    merged.train_loss += worker->train_loss / static_cast<double>(known.size());
  }
  return merged;
}

}  // namespace eoa::agent
