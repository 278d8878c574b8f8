// Gang: what the session knows of its pod's workers: where each stands, what it has stored, how it ended, and which one
// is to blame when the gang is lost. Values only; WorkerGang (trainer/agent/worker_gang.h) has the processes.
//
// Thread-safety: none; one owner. Copyable.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/subprocess.h"
#include "common/messages/messages.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::agent {

// How a worker failed; a later one outranks an earlier one when several workers failed.
enum class Fault {
  kNone,      // no worker failed
  kLostPeer,  // another worker went away, perhaps one of another pod
  kFailed,    // something else; the next attempt may succeed
  kFinal,     // the same attempt can only fail again
};

// Why the gang was lost: the first worker of the highest rank.
struct Blame {
  Fault fault = Fault::kNone;
  std::string reason;       // the worker's own error, or how it ended; empty with kNone
  bool names_cause = true;  // false: only that a peer was lost, whose agent knows more
  int exit_code = 0;
};

class Gang {
 public:
  Gang() = default;  // no workers
  Gang(int workers, int first_member) : first_member_(first_member), workers_(static_cast<std::size_t>(workers)) {}

  int size() const { return static_cast<int>(workers_.size()); }

  // True when the worker has moved since its last message.
  bool OnProgress(int worker, const train::ProgressMessage& message);

  // True when all workers have the checkpoint now.
  bool OnCheckpoint(int worker, int generation);

  // Returns the error as people read it: "member 3: DATA_LOSS: ...".
  const std::string& OnError(int worker, const train::ErrorMessage& message);
  void OnExit(int worker, const ExitStatus& status);

  bool has_exited(int worker) const { return At(worker).exit.has_value(); }
  bool AllExited() const;  // also of no workers
  bool AllExchange() const;
  std::string DescribeExit(int worker) const;  // "member 3 ended with exit code 75"; of one that has exited
  Blame FindBlame() const;

  // What the workers do, as one heartbeat: the furthest-behind worker's position, speeds added, losses averaged. Before
  // the first message they start `generation`.
  api::HeartbeatRequest Progress(int generation) const;

 private:
  struct Worker {
    std::optional<train::ProgressMessage> progress;
    std::optional<ExitStatus> exit;
    std::set<int> checkpoints;
    std::string error;       // that it sent before it failed
    std::string error_code;  // ErrorCodeName
  };

  const Worker& At(int worker) const { return workers_[static_cast<std::size_t>(worker)]; }
  Worker& At(int worker) { return workers_[static_cast<std::size_t>(worker)]; }

  int first_member_ = 0;
  std::vector<Worker> workers_;
};

}  // namespace eoa::agent
