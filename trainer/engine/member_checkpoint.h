// MemberCheckpoint: writes what a member needs to resume, while the next generation trains already, and reads it back.
//
// Parts (trainer/checkpoint/checkpoint.h): "weights", written by the pod's first worker for all of the pod's members,
// since merged weights are equal; with weightMerge None each member's own. "member-N": the optimizer's state, unless it
// is reset in each generation. Learning rates are the agent's business. Thread-safety: one owner, but for WriteHeld.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/checkpoint/checkpoint.h"
#include "trainer/engine/flat_weights.h"
#include "trainer/optim/optimizer.h"

namespace eoa::train {

struct CheckpointPlan {
  int member = 0;
  bool writes_weights = false;   // this worker writes the part "weights"
  bool prunes = false;           // this worker removes what is too old
  std::string weights_part;      // where this member's weights are
  bool optimizer_state = false;  // whether there is a part "member-N"
  int every_generations = 1;
  int keep = 2;

  static CheckpointPlan For(const api::JobSpec& spec, const std::string& population, int member);

  // Whether generation `next` can be resumed from; the last one always can.
  bool Due(int next, int generations) const { return next % every_generations == 0 || next == generations; }
};

// What is held when a worker is asked to stop is written then, so that with everyGenerations above 1, too, only the
// running generation is lost.
class MemberCheckpoint {
 public:
  // `on_durable` is called once a checkpoint of that generation is complete, on whichever thread has written it;
  // `oldest`: what is older has been removed.
  MemberCheckpoint(FileSystem& files, const std::string& directory, CheckpointPlan plan, Metadata metadata,
                   std::function<void(int generation, int oldest)> on_durable);

  // Waits for a write in progress.
  ~MemberCheckpoint();

  // Begins to write the state in which `generation` begins; `weights` must not change until Wait(). Wait() for the one
  // before must have been called.
  void Save(int generation, const FlatWeights& weights, const Optimizer& optimizer);

  // Copies it instead, for WriteHeld.
  void Hold(int generation, const FlatWeights& weights, const Optimizer& optimizer);

  // Returns once nothing is being written; the error of the last write.
  Status Wait();

  // Writes what is held or saved and not written yet, and returns once it is. From any thread, while the owner trains on.
  void WriteHeld();

  // All members of the world have a checkpoint of `generation`: what is too old may go.
  void Prune(int generation);

  // The state in which `generation` begins, into `weights` and `optimizer`; the model is left alone. DataLoss and
  // Aborted as CheckpointDirectory::Load; FailedPrecondition, with the field that differs, for what was written with
  // other metadata: for another job, population or model.
  Status Load(int generation, FlatWeights& weights, Optimizer& optimizer) const;

 private:
  struct Held {
    int generation = 0;
    std::vector<NamedArray> weights;  // borrowed, from `copy` if there is one
    std::shared_ptr<const std::string> copy;
    std::vector<NamedTensor> state;
  };

  Held Take(int generation, const FlatWeights& weights, const Optimizer& optimizer) const;

  Status Write(const Held& held) const;
  Status WriteAndForget() REQUIRES(mutex_);
  Result<CheckpointPart> LoadOwn(int generation, const std::string& part) const;
  std::string StatePart() const { return "member-" + std::to_string(plan_.member); }

  CheckpointDirectory directory_;
  CheckpointPlan plan_;
  Metadata metadata_;
  std::function<void(int, int)> on_durable_;
  std::future<Status> writing_;
  std::atomic<int> oldest_ = 0;                  // that Prune has left
  Mutex mutex_;                                  // while something is written
  std::optional<Held> held_ GUARDED_BY(mutex_);  // and not written yet
};

}  // namespace eoa::train
