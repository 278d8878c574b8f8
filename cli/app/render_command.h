// `eoa render`: the objects that the operator makes of a job file, without a cluster, from the same planner.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/app/job_file.h"
#include "common/base/file_system.h"

namespace eoa::app {

struct RenderOptions {
  std::string file;           // "-": standard input
  std::string name_space;     // empty: the file's, or default
  std::string uid;            // of the EOAJob in a cluster; empty: the file's, if it has one
  std::string trainer_image;  // as the operator's flags of these names
  std::string broker_url;
  bool no_default_storage_class = false;  // in the cluster; then a job without a claim gets none
  bool json = false;                      // one List in place of YAML documents
};

// What a job's uid is in the output when none is known.
inline constexpr const char* kNoUid = "00000000-0000-0000-0000-000000000000";

// Service, ConfigMap and StatefulSets go to `out`. With a uid they are what the operator applies, byte for byte of
// their values; without one they have kNoUid in labels and the token's audience, and no ownerReferences, since the API
// server deletes what belongs to an owner that is not there. Ends with an exit code of job_file.h; says to `err` what
// ReadJobFile says.
int Render(const RenderOptions& options, FileSystem& files, std::ostream& out, std::ostream& err);

}  // namespace eoa::app
