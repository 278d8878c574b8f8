#include "cli/data/archive_check.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <span>

#include "common/base/hex.h"

namespace eoa::data {

Result<std::string> Md5OfFile(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  if (!input) return NotFoundError("cannot open " + path);
  const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free);
  if (!context || ::EVP_DigestInit_ex(context.get(), ::EVP_md5(), nullptr) != 1) {
    return FailedPreconditionError("this machine's OpenSSL does not offer MD5");
  }
  std::array<char, 64 * 1024> block;
  while (input.read(block.data(), block.size()) || input.gcount() > 0) {
    ::EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(input.gcount()));
  }
  if (input.bad()) return DataLossError("cannot read " + path);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return Hex(std::span(digest).first(size));
}

Status CheckArchive(const ArchiveSpec& spec, const std::string& path, FileSystem& files) {
  EOA_ASSIGN_OR_RETURN(const std::uint64_t bytes, files.FileSize(path));
  if (bytes != spec.bytes) {
    return DataLossError(path + " is not the authors' " + spec.file_name + ": it has " + std::to_string(bytes) +
                         " bytes instead of " + std::to_string(spec.bytes));
  }
  EOA_ASSIGN_OR_RETURN(const std::string md5, Md5OfFile(path));
  if (md5 != spec.md5) {
    return DataLossError(path + " is not the authors' " + spec.file_name + ": its MD5 is " + md5 + " instead of " +
                         spec.md5);
  }
  return OkStatus();
}

bool IsComplete(const ArchiveSpec& spec, const std::string& directory, FileSystem& files) {
  return std::all_of(spec.files.begin(), spec.files.end(), [&](const ArchiveFile& file) {
    const Result<std::uint64_t> bytes = files.FileSize(JoinPath(directory, file.name));
    return bytes.ok() && (file.bytes == 0 || *bytes == file.bytes);
  });
}

}  // namespace eoa::data
