// `eoa data check DIR [--decode]`: what a data set holds, and what training on it would fail at.
#pragma once

#include <iosfwd>
#include <string>

#include "common/base/clock.h"

namespace eoa::data {

struct CheckOptions {
  std::string directory;  // as spec.trainer.dataset.path
  bool decode = false;    // read every image, in place of opening its file
  int threads = 1;
};

// Tells the kind of data set from the directory's files. Prints classes, images by class, what was left out, and what is
// damaged on `out`; progress and errors on `err`. Returns the exit code: 0 when a job could train on it, 1 when not.
int CheckCommand(const CheckOptions& options, const Clock& clock, std::ostream& out, std::ostream& err);

}  // namespace eoa::data
