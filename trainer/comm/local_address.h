// The address of this machine on the way to another.
#pragma once

#include <string>

#include "common/base/result.h"

namespace eoa::train {

// The numeric IP from which this machine sends to `host`: the interface that routes there. Sends nothing. Unavailable
// when `host` has no address or no route leads to it.
Result<std::string> LocalAddressTowards(const std::string& host, int port);

}  // namespace eoa::train
