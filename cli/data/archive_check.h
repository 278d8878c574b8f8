// Checks that a file is the archive that it should be.
#pragma once

#include <string>

#include "cli/data/archive_spec.h"
#include "common/base/file_system.h"

namespace eoa::data {

// MD5 of a file, in 32 lower-case hex digits. The authors publish no stronger sum.
Result<std::string> Md5OfFile(const std::string& path);

// DataLoss, saying what was expected and what is there, when size or MD5 differ.
Status CheckArchive(const ArchiveSpec& spec, const std::string& path, FileSystem& files);

// True when every wanted file is in `directory` with its size.
bool IsComplete(const ArchiveSpec& spec, const std::string& directory, FileSystem& files);

}  // namespace eoa::data
