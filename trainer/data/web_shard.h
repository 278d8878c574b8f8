// The samples of a WebDataset's shards.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/read_only_file.h"

namespace eoa::train {

// A tar archive. A process may have some thousand open files at most, so those of many shards are opened for each read.
class ShardFile {
 public:
  ShardFile(ReadOnlyFile file, bool keep_open);

  const std::string& path() const { return path_; }
  Status ReadAt(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  std::string path_;
  std::optional<ReadOnlyFile> open_;
};

struct WebRecord {
  std::uint32_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string name;  // of the image
};

struct WebShards {
  std::vector<ShardFile> files;
  std::vector<WebRecord> records;
  std::vector<std::int32_t> labels;
};

// Of DIRECTORY/PREFIX*.tar, in the order of their names; empty when there are none. `classes`: names that labels may be
// given by.
Result<WebShards> ReadWebShards(const std::string& directory, std::string_view prefix,
                                const std::vector<std::string>& classes);

}  // namespace eoa::train
