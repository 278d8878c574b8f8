// Reads what a run has left in its output directory (docs/file-formats.md), also while it goes on. Changes nothing.
#pragma once

#include <string>

#include "cli/report/report_data.h"
#include "common/base/file_system.h"
#include "common/base/result.h"

namespace eoa::report {

// NotFound when `directory` is not a run's; DataLoss when its journal is damaged. An unfinished record at the journal's
// end is one that is being written.
Result<ReportInput> ReadRun(const std::string& directory, FileSystem& files);

}  // namespace eoa::report
