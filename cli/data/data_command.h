// `eoa data cifar10|cifar100 DIR`: fetches a data set as its authors publish it, checks it and unpacks it into DIR.
#pragma once

#include <iosfwd>
#include <string>

#include "cli/data/archive_spec.h"
#include "common/base/file_system.h"
#include "common/net/http_client.h"

namespace eoa::data {

struct DataOptions {
  std::string dataset;    // cifar10 | cifar100
  std::string directory;  // made if it is not there; the files go into it without a folder of their own
  std::string from;       // an archive that the user has; empty: fetch it
  std::string url = std::string(kAuthorsUrl);  // the folder that holds the archive
};

// Says on `out` what it does and on `err` what went wrong and what to do then. Returns the exit code: 0 when the files
// are there (also when they were before), 1 when they are not, 2 for an unknown data set.
int DataCommand(const DataOptions& options, net::HttpClient& http, FileSystem& files, std::ostream& out,
                std::ostream& err);

// The same for any archive. `options.dataset` is not looked at.
int InstallArchive(const ArchiveSpec& spec, const DataOptions& options, net::HttpClient& http, FileSystem& files,
                   std::ostream& out, std::ostream& err);

}  // namespace eoa::data
