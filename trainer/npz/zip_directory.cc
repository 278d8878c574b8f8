#include "trainer/npz/zip_directory.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint64_t kHeaderSize = 46;
constexpr std::uint64_t kLocalHeaderSize = 30;
constexpr std::uint64_t kLongestComment = 65535;
constexpr std::uint32_t kEndMark = 0x06054b50;
constexpr std::uint32_t kLocatorMark = 0x07064b50;
constexpr std::uint32_t kEnd64Mark = 0x06064b50;
constexpr std::uint32_t kHeaderMark = 0x02014b50;
constexpr std::uint32_t kLocalHeaderMark = 0x04034b50;
constexpr std::uint32_t kIn64 = 0xffffffff;  // "see the ZIP64 field"
constexpr std::uint16_t kZip64Field = 1;
constexpr std::uint64_t kMostInflation = 1032;  // deflate's limit

using Bytes = std::vector<std::uint8_t>;

// Little-endian numbers out of bytes whose number is checked by the caller.
std::uint64_t Number(const std::uint8_t* bytes, int size) {
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}
std::uint16_t Number16(const std::uint8_t* bytes) { return static_cast<std::uint16_t>(Number(bytes, 2)); }
std::uint32_t Number32(const std::uint8_t* bytes) { return static_cast<std::uint32_t>(Number(bytes, 4)); }

Error Damaged(const std::string& what) { return DataLossError("not a whole ZIP archive: " + what); }

Result<Bytes> Read(const ReadOnlyFile& file, std::uint64_t offset, std::uint64_t size) {
  Bytes bytes(size);
  EOA_RETURN_IF_ERROR(file.ReadAt(offset, bytes));
  return bytes;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

Result<Directory> ReadEnd64(const ReadOnlyFile& file, std::uint64_t end_offset) {
  if (end_offset < kLocatorSize) return Damaged("no ZIP64 locator");
  EOA_ASSIGN_OR_RETURN(const Bytes locator, Read(file, end_offset - kLocatorSize, kLocatorSize));
  if (Number32(locator.data()) != kLocatorMark) return Damaged("no ZIP64 locator");
  const std::uint64_t at = Number(locator.data() + 8, 8);
  if (at > end_offset || end_offset - at < kEnd64Size + kLocatorSize) return Damaged("a ZIP64 end outside of the file");
  EOA_ASSIGN_OR_RETURN(const Bytes end, Read(file, at, kEnd64Size));
  if (Number32(end.data()) != kEnd64Mark) return Damaged("no ZIP64 end of the directory");
  return Directory{Number(end.data() + 48, 8), Number(end.data() + 40, 8), Number(end.data() + 32, 8)};
}

Result<Directory> FindDirectory(const ReadOnlyFile& file) {
  if (file.size() < kEndSize) return Damaged("it has " + std::to_string(file.size()) + " bytes");
  const std::uint64_t tail = std::min(file.size(), kEndSize + kLongestComment);
  EOA_ASSIGN_OR_RETURN(const Bytes bytes, Read(file, file.size() - tail, tail));
  for (std::uint64_t at = tail - kEndSize + 1; at-- > 0;) {
    const std::uint8_t* end = bytes.data() + at;
    if (Number32(end) != kEndMark || at + kEndSize + Number16(end + 20) != tail) continue;
    if (Number16(end + 4) != 0 || Number16(end + 6) != 0) {
      return InvalidArgumentError("a ZIP archive in several files");
    }
    Directory directory{Number32(end + 16), Number32(end + 12), Number16(end + 10)};
    const std::uint64_t end_offset = file.size() - tail + at;
    if (directory.offset == kIn64 || directory.size == kIn64 || directory.entries == 0xffff) {
      EOA_ASSIGN_OR_RETURN(directory, ReadEnd64(file, end_offset));
    }
    if (directory.size > end_offset || directory.offset > end_offset - directory.size) {
      return Damaged("its directory lies outside of the file");
    }
    return directory;
  }
  return Damaged("no end of the directory in its last bytes; the file may have been cut");
}

// Sizes and offset that do not fit into 32 bits stand in an extra field, in this order, those that are needed only.
Status ReadZip64Field(const std::uint8_t* extra, std::size_t length, ZipEntry& entry, std::uint64_t& local) {
  const std::uint8_t* const end = extra + length;
  while (end - extra >= 4) {
    const std::uint16_t kind = Number16(extra);
    const std::uint16_t size = Number16(extra + 2);
    extra += 4;
    if (size > end - extra) break;
    if (kind != kZip64Field) {
      extra += size;
      continue;
    }
    const std::uint8_t* const field_end = extra + size;
    for (std::uint64_t* value : {&entry.size, &entry.compressed_size, &local}) {
      if (*value != kIn64) continue;
      if (field_end - extra < 8) return Damaged("'" + entry.name + "' lacks a 64-bit size");
      *value = Number(extra, 8);
      extra += 8;
    }
    return OkStatus();
  }
  if (entry.size == kIn64 || entry.compressed_size == kIn64 || local == kIn64) {
    return Damaged("'" + entry.name + "' lacks a 64-bit size");
  }
  return OkStatus();
}

struct Located {
  ZipEntry entry;
  std::uint64_t header_size = 0;  // bytes in the directory
  std::uint64_t local = 0;        // offset of the local header
};

Result<Located> ReadHeader(const Bytes& bytes, std::uint64_t at) {
  if (bytes.size() - at < kHeaderSize) return Damaged("the directory ends within an entry");
  const std::uint8_t* header = bytes.data() + at;
  if (Number32(header) != kHeaderMark) return Damaged("no entry at byte " + std::to_string(at) + " of the directory");
  const std::uint64_t name_size = Number16(header + 28);
  const std::uint64_t extra_size = Number16(header + 30);
  Located found;
  found.header_size = kHeaderSize + name_size + extra_size + Number16(header + 32);
  if (bytes.size() - at < found.header_size) return Damaged("the directory ends within an entry");
  found.entry.name.assign(reinterpret_cast<const char*>(header) + kHeaderSize, name_size);
  found.entry.crc32 = Number32(header + 16);
  found.entry.compressed_size = Number32(header + 20);
  found.entry.size = Number32(header + 24);
  found.local = Number32(header + 42);
  const std::string quoted = "'" + found.entry.name + "'";
  if ((Number16(header + 8) & 1) != 0) return InvalidArgumentError(quoted + " is encrypted");
  switch (Number16(header + 10)) {
    case 0:
      found.entry.method = ZipMethod::kStored;
      break;
    case 8:
      found.entry.method = ZipMethod::kDeflated;
      break;
    default:
      return InvalidArgumentError(quoted + " is compressed by method " + std::to_string(Number16(header + 10)) +
                                  "; stored (0) and deflated (8) are read");
  }
  EOA_RETURN_IF_ERROR(ReadZip64Field(header + kHeaderSize + name_size, extra_size, found.entry, found.local));
  return found;
}

// Where the data begins: the local header has a name and extra fields of its own.
Status Locate(const ReadOnlyFile& file, const Located& found, std::uint64_t limit, ZipEntry& entry) {
  const std::string quoted = "'" + entry.name + "'";
  if (limit < kLocalHeaderSize || found.local > limit - kLocalHeaderSize) {
    return Damaged(quoted + " lies outside of the file");
  }
  EOA_ASSIGN_OR_RETURN(const Bytes local, Read(file, found.local, kLocalHeaderSize));
  if (Number32(local.data()) != kLocalHeaderMark) return Damaged("no entry where " + quoted + " should be");
  entry.offset = found.local + kLocalHeaderSize + Number16(local.data() + 26) + Number16(local.data() + 28);
  if (entry.offset > limit || entry.compressed_size > limit - entry.offset) {
    return Damaged(quoted + " lies outside of the file");
  }
  const bool stored = entry.method == ZipMethod::kStored;
  if (stored ? entry.size != entry.compressed_size : entry.size / kMostInflation > entry.compressed_size) {
    return Damaged(quoted + " has " + std::to_string(entry.compressed_size) + " bytes that cannot be " +
                   std::to_string(entry.size) + " bytes of contents");
  }
  return OkStatus();
}

Status CheckApart(std::vector<ZipEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const ZipEntry& a, const ZipEntry& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i - 1].offset + entries[i - 1].compressed_size > entries[i].offset) {
      return Damaged("'" + entries[i - 1].name + "' and '" + entries[i].name + "' overlap");
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<ZipEntry>> ReadZipDirectory(const ReadOnlyFile& file) {
  EOA_ASSIGN_OR_RETURN(const Directory directory, FindDirectory(file));
  if (directory.size > kMaxDirectoryBytes) {
    return ResourceExhaustedError("the directory of the ZIP archive has " + std::to_string(directory.size) +
                                  " bytes; at most " + std::to_string(kMaxDirectoryBytes) + " are read");
  }
  if (directory.entries > directory.size / kHeaderSize) return Damaged("more entries than its directory can hold");
  EOA_ASSIGN_OR_RETURN(const Bytes bytes, Read(file, directory.offset, directory.size));
  std::vector<ZipEntry> entries;
  std::set<std::string, std::less<>> names;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    EOA_ASSIGN_OR_RETURN(Located found, ReadHeader(bytes, at));
    EOA_RETURN_IF_ERROR(Locate(file, found, directory.offset, found.entry));
    at += found.header_size;
    if (!names.insert(found.entry.name).second) return Damaged("'" + found.entry.name + "' occurs twice");
    entries.push_back(std::move(found.entry));
  }
  EOA_RETURN_IF_ERROR(CheckApart(entries));
  return entries;
}

}  // namespace eoa::train
