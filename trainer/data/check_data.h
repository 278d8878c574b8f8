// Looks at a data set before anybody trains on it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/data/data_source.h"

namespace eoa::train {

enum class Depth {
  kOpen,    // every file can be opened and is not too large
  kDecode,  // and its image is whole
};

struct DamagedRecord {
  std::uint32_t sample = 0;
  Error error;  // with the sample's origin
};

// Called from the caller's thread now and then.
using OnChecked = std::function<void(std::uint32_t samples)>;

// Looks at every record on `threads` threads; those that training would fail at, in order.
std::vector<DamagedRecord> FindDamaged(const DataSource& source, Depth depth, int threads,
                                       const OnChecked& on_checked = nullptr);

// What a job does when it starts, so that it does not fail at the end of its training: every record of `train` and of
// the test split can be opened, and the test split is there, with classes of `train`. Logs what was left out.
Status CheckDataset(const api::DatasetSpec& dataset, const DataSource& train, int threads);

}  // namespace eoa::train
