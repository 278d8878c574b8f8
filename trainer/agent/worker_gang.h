// WorkerGang: the worker processes of one pod, started and ended together, and the socket pairs to them
// (docs/protocol.md, "Agent and worker"). Nothing here blocks but the destructor, which kills (SIGKILL) and reaps what
// still runs.
//
// Thread-safety: one owner thread; it must live as long as the workers, which the kernel ends together with it.
#pragma once

#include <sys/poll.h>

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/base/subprocess.h"
#include "trainer/config/worker_protocol.h"

namespace eoa::agent {

struct GangOptions {
  std::string program;                             // the worker's executable
  std::map<std::string, std::string> environment;  // added to this process's
  int store_descriptor = -1;  // listening socket; handed to the worker that is told to listen on it
};

struct GangEvent {
  int worker = 0;
  std::variant<train::FromWorker, ExitStatus> what;
};

class WorkerGang {
 public:
  // Starts one worker for each message and sends it. All or none run afterwards.
  static Result<WorkerGang> Start(const GangOptions& options, const std::vector<train::StartMessage>& messages);

  WorkerGang(WorkerGang&&) noexcept;
  WorkerGang& operator=(WorkerGang&&) noexcept;
  ~WorkerGang();

  // What to poll for; valid until the next call of any method.
  std::vector<pollfd> PollEntries() const;

  // What happened since the last call; each worker's messages come before its exit. A line that is no message counts as
  // the worker's error: it is killed, and an ErrorMessage stands in its place.
  std::vector<GangEvent> Collect();

  // Queues a message and sends what the socket takes; the rest follows in Collect(). A worker that has gone or does not
  // read is found by its exit or by the progress deadline.
  void Send(int worker, const train::ToWorker& message);

 private:
  struct Worker;
  WorkerGang();
  std::vector<Worker> workers_;
};

// The environment of every worker: `threads` OpenMP threads, which sleep while they wait, and a malloc that keeps freed
// blocks of the size of tensors. Variables that the user has set stay as they are, except for the number of threads.
std::map<std::string, std::string> WorkerEnvironment(int threads);

}  // namespace eoa::agent
