// `eoa fetch`: makes of a job on a cluster the directory that `eoa run` makes of one on this machine.
#pragma once

#include <iosfwd>
#include <string>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "operator/kube/api_client.h"

namespace eoa::fetch {

struct FetchOptions {
  std::string name;        // of the EOAJob
  std::string name_space;  // where it is
  std::string
      directory;        // made when it is missing; what an earlier fetch of the same job has left is brought up to date
  std::string version;  // of eoa
  bool progress = false;  // `err` is a terminal
};

// Of a job that has ended: job.json, journal, schedule.csv, result.json, report.html and model.safetensors. Of one that
// has not: no result, and in place of the model the weights of the newest checkpoint. Once the model of a job that has
// succeeded is there, the job gets kFetchedAnnotation, so that nothing need be kept for it any longer. Ends with a
// CommandExit; `err` says what could not be had.
int Fetch(const FetchOptions& options, kube::ApiClient& client, FileSystem& files, Clock& clock, std::ostream& out,
          std::ostream& err);

}  // namespace eoa::fetch
