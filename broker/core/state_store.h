// StateStore: where a job's events are kept. The broker appends an event before anybody sees its effect, so an answer
// that was given is never taken back. broker/core/journal.h keeps them in a file.
#pragma once

#include <vector>

#include "broker/core/event.h"
#include "common/base/result.h"

namespace eoa::broker {

// One job's events, oldest first. Thread-safety: one owner at a time (ServedJob uses it under its own lock).
class StateStore {
 public:
  virtual ~StateStore() = default;

  // The event survives a crash of program and machine once this returns ok. After an error it may or may not be there
  // later; the caller must not act on it and may append it, or another, again. Aborted: somebody else has appended;
  // DataLoss: what was stored is gone. After these two nothing is taken before Load was called.
  // ResourceExhausted: it holds what it may.
  virtual Status Append(const Event& event) = 0;

  // The same for events of one moment, in this order: a store that can writes them at once. After an error some of the
  // first may be there.
  virtual Status AppendTogether(const std::vector<Event>& events) {
    for (const Event& event : events) EOA_RETURN_IF_ERROR(Append(event));
    return OkStatus();
  }

  // All events so far. DataLoss when what is stored is not what was appended.
  virtual Result<std::vector<Event>> Load() = 0;
};

}  // namespace eoa::broker
