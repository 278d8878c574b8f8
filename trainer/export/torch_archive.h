// A PyTorch state dictionary: what torch.save(model.state_dict()) writes and torch.load(weights_only=True) reads.
//
// A ZIP archive of stored entries: data.pkl, a pickle (protocol 2) of a dictionary of tensors whose storages are named,
// and one entry with the bytes of each storage. Format: torch/serialization.py and caffe2/serialize of PyTorch.
#pragma once

#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "trainer/checkpoint/safetensors.h"

namespace eoa::train {

// Replaces `path`. ResourceExhausted when the archive would be larger than 4 GiB, which the format without ZIP64 does
// not hold; InvalidArgument for a type of array that PyTorch does not have.
Status WriteTorchArchive(FileSystem& files, const std::string& path, const std::vector<NamedArray>& arrays);

}  // namespace eoa::train
