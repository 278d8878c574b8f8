// CIFAR records of any content and size: both formats.
#include <cstddef>
#include <cstdint>

#include "common/base/check.h"
#include "trainer/data/cifar_source.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto format : {eoa::train::kCifar10Format, eoa::train::kCifar100Format}) {
    eoa::train::DecodedImages images;
    std::vector<std::int32_t> labels;
    const auto status = eoa::train::AppendCifarRecords(format, {data, size}, "fuzz", images, labels);
    if (!status.ok()) continue;
    EOA_CHECK(images.rgb.size() == labels.size() * 3072, "an image for each label");
    for (const std::int32_t label : labels)
      EOA_CHECK(label >= 0 && label < format.classes, "a label within the classes");
  }
  return 0;
}
