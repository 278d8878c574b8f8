// Subprocess: a child process with a known end. Started by posix_spawn (safe in programs with threads), watched by a
// pidfd.
//
// Thread-safety: one owner at a time. The destructor kills (SIGKILL) and reaps a child that still runs, so that none is
// ever left.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/descriptor.h"
#include "common/base/result.h"

namespace eoa {

struct SubprocessOptions {
  std::vector<std::string> arguments;                // [0] is the program: a path, or a name searched in PATH
  std::map<std::string, std::string> environment{};  // added to, or replacing, this process's
  // (ours, the child's). Unless listed, stdin is /dev/null, stdout and stderr are ours; all others are closed.
  std::vector<std::pair<int, int>> descriptors{};
  bool new_process_group = true;  // a terminal's Ctrl-C then reaches only us, and we end the child
};

struct ExitStatus {
  int code = 0;    // of exit(); meaningless when signal != 0
  int signal = 0;  // that ended the process; 0: it exited by itself
  bool ok() const { return code == 0 && signal == 0; }

  // "exit code 3", "signal 9 (Killed)".
  std::string ToString() const;
};

class Subprocess {
 public:
  static Result<Subprocess> Start(const SubprocessOptions& options);

  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  ~Subprocess();

  pid_t pid() const { return pid_; }

  // Readable (poll) once the child has ended. Owned by this object.
  int exit_descriptor() const { return ended_.get(); }

  // The exit status if the child has ended, else nothing; does not block.
  std::optional<ExitStatus> Poll();

  // Waits at most `timeout`, in real time (the kernel waits, no Clock could); DeadlineExceeded: it still runs.
  Result<ExitStatus> Wait(Duration timeout);

  // Sends a signal; ok when the child has ended already.
  Status Signal(int signal_number);

  // SIGTERM, then SIGKILL after `grace`; returns once it is reaped.
  ExitStatus Terminate(Duration grace);

 private:
  Subprocess(pid_t pid, Descriptor ended) : pid_(pid), ended_(std::move(ended)) {}
  void Reset();

  pid_t pid_ = -1;
  Descriptor ended_;  // readable once the child has ended
  std::optional<ExitStatus> exit_status_;
};

// For a child's main(), first thing: the kernel sends SIGKILL to this process when `parent` is no more, so that nothing
// of a killed run stays behind. Exits at once with code 1 if the parent has gone already. The kernel watches the thread
// that called Subprocess::Start, so that thread must live as long as the child.
void DieWithParent(pid_t parent);

}  // namespace eoa
