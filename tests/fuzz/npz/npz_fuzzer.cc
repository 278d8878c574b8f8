// Any bytes as a .npz file: what is accepted can be read, or is an error with a reason.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "trainer/npz/npz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int descriptor = ::memfd_create("npz", MFD_CLOEXEC);
  EOA_CHECK(descriptor >= 0 && ::write(descriptor, data, size) == static_cast<ssize_t>(size), "a file in memory");
  const auto file = eoa::train::NpzFile::Open("/proc/self/fd/" + std::to_string(descriptor));
  if (file.ok()) {
    for (const auto& array : file->arrays()) {
      if (array.bytes > std::size_t{64} << 20) continue;
      std::vector<std::uint8_t> bytes(array.bytes);
      const eoa::Status read = file->Read(array, bytes);
      EOA_CHECK(read.ok() || !read.error().message().empty(), "an error says why");
    }
  } else {
    EOA_CHECK(!file.error().message().empty(), "an error says why");
  }
  ::close(descriptor);
  return 0;
}
