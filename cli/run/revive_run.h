// Lets a run that has failed go on: what ended its populations is taken out of its directory.
#pragma once

#include <string>

#include "common/base/file_system.h"
#include "common/base/result.h"

namespace eoa::local {

// In the directory of the run of the job with `uid`, at which nobody is at work: the journal loses the failures of
// populations, and the agents' records theirs. Populations that have succeeded stay so; the others go on from their
// newest checkpoints. May be called again after a crash in its midst.
Status ReviveRun(const std::string& directory, const std::string& uid, FileSystem& files);

}  // namespace eoa::local
