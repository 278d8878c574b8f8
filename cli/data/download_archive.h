// Fetches an archive over HTTP.
#pragma once

#include <functional>
#include <string>

#include "cli/data/archive_spec.h"
#include "common/base/file_system.h"
#include "common/net/http_client.h"

namespace eoa::data {

// Called with the number of bytes fetched so far, after every further tenth.
using Progress = std::function<void(std::uint64_t bytes)>;

// Streams `url` to `path`, from its beginning; a transfer that breaks on the way is begun again some times. Not
// checked: see CheckArchive. The error of the last try when none fetches the whole file; DataLoss when the server's
// file has another size.
Status DownloadArchive(const ArchiveSpec& spec, const std::string& url, const std::string& path, net::HttpClient& http,
                       FileSystem& files, const Progress& progress);

}  // namespace eoa::data
