// RunLock: one `eoa run` at a time in an output directory. The kernel frees it when the process ends, however it ends;
// nothing is left in the directory.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "common/base/descriptor.h"
#include "common/base/result.h"

namespace eoa::local {

class RunLock {
 public:
  // Unavailable when another process has it.
  static Result<std::shared_ptr<const RunLock>> Take(const std::string& directory);

 private:
  explicit RunLock(Descriptor folder) : folder_(std::move(folder)) {}
  Descriptor folder_;
};

}  // namespace eoa::local
