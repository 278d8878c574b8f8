// Any bytes as a WebDataset's label, of each of its kinds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/check.h"
#include "trainer/data/class_names.h"
#include "trainer/data/web_label.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> classes{"cat", "dog"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* extension : {".cls", ".json", ".txt"}) {
    const auto label = eoa::train::ParseWebLabel(extension, text, classes);
    EOA_CHECK(!label.ok() || (0 <= *label && *label < eoa::train::kMaxClasses), "a class");
  }
  return 0;
}
