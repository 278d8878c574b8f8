// When an agent that died is started again. Pure.
#pragma once

#include "common/base/clock.h"

namespace eoa::local {

// How long to wait before an agent that died `deaths` times is started again: at once, then 0.5 s, doubling up to 10 s.
Duration RestartDelay(int deaths);

}  // namespace eoa::local
