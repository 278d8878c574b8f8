#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/comm/comm.h"

namespace eoa::train {

// Collective: the texts of all members, in the order of ranks. All have the same length.
Result<std::vector<std::string>> Gather(Comm& comm, const std::string& own);

}  // namespace eoa::train
