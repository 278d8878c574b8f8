// `eoa report` and `eoa compare`: runs as people look at them.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "common/base/file_system.h"

namespace eoa::app {

struct ReportOptions {
  std::string directory;  // output directory of a run
  std::string output;     // empty: report.html there
  std::string version;    // of eoa
};

// Writes report.html, also of a run that goes on. 0, or 1 with a message to `err`.
int Report(const ReportOptions& options, FileSystem& files, std::ostream& out, std::ostream& err);

struct CompareOptions {
  std::vector<std::string> directories;
  std::string output;   // a page that shows all of them; empty: none
  std::string version;  // of eoa
};

// Prints a table with a row for each run. 0, or 1 with a message to `err`.
int Compare(const CompareOptions& options, FileSystem& files, std::ostream& out, std::ostream& err);

}  // namespace eoa::app
