// Any bytes as the manifest of a checkpoint whose weights are there. Nothing but what its writer said of them makes
// them load.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "tests/fakes/faulty_file_system.h"
#include "trainer/checkpoint/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  eoa::FaultyFileSystem files;
  EOA_CHECK(files.CreateDirectories("/pod").ok(), "a directory");
  const eoa::train::CheckpointDirectory directory(files, "/pod");
  const std::string_view numbers("\0\0\200\77", 4);  // 1.0
  EOA_CHECK(directory.Save(1, "weights", {{.name = "w", .shape = {1}, .data = numbers}}, {}).ok(), "a checkpoint");
  const std::string_view manifest(reinterpret_cast<const char*>(data), size);
  EOA_CHECK(files.WriteFileAtomically("/pod/checkpoint-1.weights.json", manifest).ok(), "a manifest");
  const auto loaded = directory.Load(1, "weights");
  if (!loaded.ok()) {
    EOA_CHECK(!loaded.error().message().empty(), "an error says why");
    return 0;
  }
  EOA_CHECK(loaded->contents.arrays.size() == 1 && loaded->contents.arrays[0].data == numbers, "what was saved");
  return 0;
}
