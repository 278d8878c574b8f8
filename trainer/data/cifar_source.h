// CIFAR-10 and CIFAR-100 in their binary form (https://www.cs.toronto.edu/~kriz/cifar.html).
//
// A record is one label byte (CIFAR-100: a coarse and a fine one; the fine one counts) and 3072 bytes: the red, green
// and blue planes of a 32 x 32 image, row by row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "trainer/data/data_source.h"
#include "trainer/data/memory_source.h"

namespace eoa::train {

struct CifarFormat {
  int label_bytes = 1;
  int classes = 10;  // of the label that counts, the last one
};

inline constexpr CifarFormat kCifar10Format{1, 10};
inline constexpr CifarFormat kCifar100Format{2, 100};
inline constexpr int kCifarSide = 32;  // pixels

// Appends the records of one file. DataLoss when its size is no whole number of records or a label is out of range;
// `name` is the file's, for the message.
Status AppendCifarRecords(CifarFormat format, std::span<const std::uint8_t> file, const std::string& name,
                          DecodedImages& images, std::vector<std::int32_t>& labels);

// Opens the official files in `directory`, or in the folder of the official archive below it.
Result<std::unique_ptr<DataSource>> OpenCifar10(const std::string& directory, Split split);
Result<std::unique_ptr<DataSource>> OpenCifar100(const std::string& directory, Split split);

}  // namespace eoa::train
