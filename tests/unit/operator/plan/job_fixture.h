// A small job with all defaults, as the API server hands it out, for tests of the planner.
#pragma once

#include <string>

#include "common/job/job.h"
#include "common/job/read_job.h"

namespace eoa::plan {

// Two populations, wolves and whales, of three members each.
inline api::Job SmallJob(const std::string& more_spec = "") {
  const std::string text = R"(
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata: {name: small, namespace: research, uid: uid-1}
spec:
  trainer:
    model: {name: wrn-10-1}
    dataset: {name: cifar10, path: /data}
  ecosphere: {generations: 4}
  populations:
  - {name: wolves, algorithm: {name: GreyWolf}, members: 3}
  - {name: whales, algorithm: {name: Whale}, members: 3}
)" + more_spec;
  return api::JobFromText(text, "small.yaml").value();
}

}  // namespace eoa::plan
