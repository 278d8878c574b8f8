#include "broker/core/store_fault.h"

namespace eoa::broker {

void StoreFaults::Failed(const Error& error, SteadyTime now) {
  if (!fault_ || fault_->error.code() != error.code()) since_ = now;
  fault_ = {.error = error, .lasting = now - since_};
}

}  // namespace eoa::broker
