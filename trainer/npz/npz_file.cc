#include "trainer/npz/npz_file.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include <libdeflate.h>

#include "common/base/checksum.h"
#include "trainer/npz/npy_header.h"

namespace eoa::train {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::uint64_t kMaxInflated = std::uint64_t{8} << 30;
// Checked while it is still in the processor's cache.
constexpr std::size_t kPiece = std::size_t{256} << 10;

Status CheckSum(std::uint32_t found, const ZipEntry& entry) {
  if (found == entry.crc32) return OkStatus();
  return DataLossError("'" + entry.name + "' is damaged: its checksum does not match");
}

std::uint32_t Crc32Of(std::span<const std::uint8_t> bytes, std::uint32_t previous = 0) {
  return Crc32({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, previous);
}

}  // namespace

Result<std::vector<std::uint8_t>> NpzFile::Inflate(const ZipEntry& entry) const {
  if (entry.size > kMaxInflated) {
    return ResourceExhaustedError("'" + entry.name + "' inflates to " + std::to_string(entry.size) +
                                  " bytes; at most " + std::to_string(kMaxInflated) + " are read");
  }
  std::vector<std::uint8_t> compressed(entry.compressed_size);
  EOA_RETURN_IF_ERROR(file_.ReadAt(entry.offset, compressed));
  std::vector<std::uint8_t> contents(entry.size);
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (!inflater) return ResourceExhaustedError("no memory to inflate '" + entry.name + "'");
  // Without room for the number of bytes it fails unless all of them are filled.
  const libdeflate_result result = libdeflate_deflate_decompress(inflater.get(), compressed.data(), compressed.size(),
                                                                 contents.data(), contents.size(), nullptr);
  if (result != LIBDEFLATE_SUCCESS) {
    return DataLossError("'" + entry.name + "' is damaged: it does not inflate to " + std::to_string(entry.size) +
                         " bytes");
  }
  EOA_RETURN_IF_ERROR(CheckSum(Crc32Of(contents), entry));
  return contents;
}

Result<NpzArray> NpzFile::Describe(const ZipEntry& entry) const {
  std::vector<std::uint8_t> start;
  if (entry.method == ZipMethod::kDeflated) {
    EOA_ASSIGN_OR_RETURN(start, Inflate(entry));
    start.resize(std::min(start.size(), kMaxNpyHeader));
  } else {
    start.resize(std::min<std::uint64_t>(entry.size, kMaxNpyHeader));
    EOA_RETURN_IF_ERROR(file_.ReadAt(entry.offset, start));
  }
  const Result<NpyHeader> header = ParseNpyHeader(start);
  if (!header.ok()) return Error(header.error()).WithContext("'" + entry.name + "'");
  NpzArray array{entry.name,   header->type, header->shape, header->elements * ElementSize(header->type),
                 header->size, entry};
  if (array.name.ends_with(kSuffix)) array.name.resize(array.name.size() - kSuffix.size());
  if (entry.size != array.header_size + array.bytes) {
    return DataLossError("'" + entry.name + "' has " + std::to_string(entry.size - array.header_size) +
                         " bytes of elements; its shape wants " + std::to_string(array.bytes));
  }
  return array;
}

Result<NpzFile> NpzFile::Open(const std::string& path) {
  EOA_ASSIGN_OR_RETURN(ReadOnlyFile file, ReadOnlyFile::Open(path));
  NpzFile npz(std::move(file));
  EOA_ASSIGN_OR_RETURN(const std::vector<ZipEntry> entries, ReadZipDirectory(npz.file_));
  for (const ZipEntry& entry : entries) {
    EOA_ASSIGN_OR_RETURN(NpzArray array, npz.Describe(entry));
    npz.arrays_.push_back(std::move(array));
  }
  return npz;
}

Status NpzFile::ReadStored(const NpzArray& array, const std::function<std::span<std::uint8_t>(std::uint64_t at)>& room,
                           const std::function<void(std::size_t bytes)>& take) const {
  std::vector<std::uint8_t> header(array.header_size);
  EOA_RETURN_IF_ERROR(file_.ReadAt(array.entry.offset, header));
  std::uint32_t sum = Crc32Of(header);
  for (std::uint64_t at = 0; at < array.bytes;) {
    std::span<std::uint8_t> piece = room(at);
    piece = piece.first(std::min<std::uint64_t>(piece.size(), array.bytes - at));
    EOA_RETURN_IF_ERROR(file_.ReadAt(array.entry.offset + array.header_size + at, piece));
    sum = Crc32Of(piece, sum);
    take(piece.size());
    at += piece.size();
  }
  return CheckSum(sum, array.entry);
}

Status NpzFile::ReadInPieces(const NpzArray& array, std::span<std::byte> piece,
                             const std::function<void(std::size_t bytes)>& take) const {
  if (array.entry.method != ZipMethod::kStored) return InvalidArgumentError("'" + array.name + "' is deflated");
  const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(piece.data()), piece.size());
  return ReadStored(
      array, [&](std::uint64_t /*at*/) { return bytes; }, take);
}

Status NpzFile::Read(const NpzArray& array, std::span<std::uint8_t> bytes) const {
  if (bytes.size() != array.bytes) return InternalError("room of another size for '" + array.name + "'");
  if (array.entry.method == ZipMethod::kDeflated) {
    EOA_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> contents, Inflate(array.entry));
    if (!bytes.empty()) std::memcpy(bytes.data(), contents.data() + array.header_size, bytes.size());
    return OkStatus();
  }
  return ReadStored(
      array, [&](std::uint64_t at) { return bytes.subspan(at, std::min<std::uint64_t>(kPiece, bytes.size() - at)); },
      [](std::size_t /*bytes*/) {});
}

}  // namespace eoa::train
