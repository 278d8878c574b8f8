// What happened between two views of the ecosphere, as lines for logs and for above the live table. Pure.
#pragma once

#include <string>
#include <vector>

#include "broker/core/view.h"
#include "common/job/job.h"

namespace eoa::local {

struct EventLines {
  std::vector<std::string> rounds;  // one for each generation decided since
  std::vector<std::string> others;  // attempts, failures, ends
};

EventLines DescribeChanges(const api::Job& job, const broker::EcosphereView& before,
                           const broker::EcosphereView& after);

}  // namespace eoa::local
