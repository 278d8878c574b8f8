// Any bytes as a tar archive.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "trainer/data/tar_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int memory = ::memfd_create("archive", MFD_CLOEXEC);
  EOA_CHECK(memory >= 0, "memfd_create");
  EOA_CHECK(::write(memory, data, size) == static_cast<ssize_t>(size), "write");
  {
    const auto file = eoa::train::ReadOnlyFile::Open("/proc/self/fd/" + std::to_string(memory));
    EOA_CHECK(file.ok(), "opening the memory file");
    const auto entries = eoa::train::IndexTar(*file);
    if (entries.ok()) {
      for (const auto& entry : *entries) {
        EOA_CHECK(entry.offset <= size && entry.size <= size - entry.offset, "a member within the archive");
      }
    }
  }
  ::close(memory);
  return 0;
}
