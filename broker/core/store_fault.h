// What keeps a job's store from working, and for how long. Pure values.
#pragma once

#include <optional>

#include "common/base/clock.h"
#include "common/base/error.h"

namespace eoa::broker {

struct StoreFault {
  Error error;  // of the last try; its code says of what kind: DataLoss, ResourceExhausted (full), Unavailable, ...

  // From the first to the last try that failed with this code, and none went well between: time without a try proves
  // nothing.
  Duration lasting{};
};

// Thread-safety: none.
class StoreFaults {
 public:
  void Failed(const Error& error, SteadyTime now);
  void Worked() { fault_.reset(); }

  // Nothing: the last try went well, or there was none.
  const std::optional<StoreFault>& fault() const { return fault_; }

 private:
  std::optional<StoreFault> fault_;
  SteadyTime since_;
};

}  // namespace eoa::broker
