// `eoa schedule`: schedule.csv of a job in a cluster, from the rounds that the operator stores beside it.
#pragma once

#include <iosfwd>
#include <string>

#include "operator/kube/api_client.h"

namespace eoa::app {

// The rounds that are decided by now go to `out`, as `eoa run` writes them (docs/file-formats.md); a job that trains
// has more later, one without a decision has the header alone. They are deleted with the job. Returns 0; 1 with a
// message to `err` when there is no such job, its rounds are damaged, or the cluster does not answer.
int Schedule(const std::string& name_space, const std::string& name, kube::ApiClient& client, std::ostream& out,
             std::ostream& err);

}  // namespace eoa::app
