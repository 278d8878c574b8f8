// Takes the wanted files out of an archive.
#pragma once

#include <string>

#include "cli/data/archive_spec.h"
#include "common/base/file_system.h"

namespace eoa::data {

// Each wanted file appears in `directory` whole or not at all. Nothing else in the archive is written, whatever its
// name, nor a second file of a wanted name; links and other special entries are not followed. DataLoss when the archive
// is damaged, or a wanted file is missing or has another size.
Status ExtractArchive(const ArchiveSpec& spec, const std::string& archive, const std::string& directory,
                      FileSystem& files);

}  // namespace eoa::data
