// SignalQueue: signals that ask a command to stop, as something to poll.
#pragma once

#include "common/base/descriptor.h"

namespace eoa::local {

// From its construction on SIGINT, SIGTERM, SIGHUP and SIGWINCH are blocked for this thread and all started later, and
// SIGPIPE is ignored; make it before any thread exists. Thread-safety: one owner.
class SignalQueue {
 public:
  SignalQueue();

  // Readable (poll) when a signal came in.
  int descriptor() const { return descriptor_.get(); }

  // True when a signal that asks to stop came in since the last call.
  bool StopRequested() const;

 private:
  Descriptor descriptor_;
};

}  // namespace eoa::local
