// Checkpoints of one pod: what its members need to start a generation as if they had never stopped.
//
// A checkpoint consists of parts, each written by one worker on its own: "weights" by the pod's first
// worker, "member-3" by the worker of member 3. A part is a safetensors file and then a manifest with its size and
// CRC-32; without its manifest it does not exist, so that a crash between any two writes leaves the part complete or
// absent. All lie side by side in one directory:
//
//   checkpoint-12.weights.safetensors   checkpoint-12.weights.json
//
// Thread-safety: may be called from several threads as long as the FileSystem may, and each part has one writer.
#pragma once

#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/result.h"
#include "trainer/checkpoint/safetensors.h"

namespace eoa::train {

// A part in memory. Movable; `contents` points into `bytes`.
struct CheckpointPart {
  std::unique_ptr<const std::string> bytes;
  Safetensors contents;
};

// An error in the pod's own directory, as Aborted: unlike one of the data set, it may pass, and another try or another
// node may do.
Error OfStorage(const Error& error);

class CheckpointDirectory {
 public:
  CheckpointDirectory(FileSystem& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  // Returns once the part survives a power cut.
  Status Save(int generation, const std::string& part, const std::vector<NamedArray>& arrays,
              const Metadata& metadata) const;

  // DataLoss when the part is not there, or is not what its manifest says; FailedPrecondition when another version
  // wrote it in another format; Aborted (OfStorage) when it cannot be read now.
  Result<CheckpointPart> Load(int generation, const std::string& part) const;

  // Removes what is older than the `keep` checkpoints before `generation`, which all pods have. Returns the oldest
  // generation that stays.
  Result<int> Prune(int generation, int keep) const;

 private:
  std::string Stem(int generation, const std::string& part) const;

  FileSystem& files_;
  std::string directory_;
};

}  // namespace eoa::train
