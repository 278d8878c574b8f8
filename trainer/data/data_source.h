// DataSource: one split of a data set, as records that can be read in any order. docs/data.md tells users how the files
// of each kind are laid out.
//
//   EOA_ASSIGN_OR_RETURN(auto train, OpenDataSource(spec.dataset, Split::kTrain));
//
// A set whose decoded images fit kDecodedBytesLimit is decoded once, when it is opened, and kept in memory (CIFAR:
// 150 MB for each member); a larger one keeps an index and reads and decodes each record when it is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/job/job.h"
#include "trainer/data/left_out.h"

namespace eoa::train {

enum class Split {
  kTrain,  // the training set, from which the validation split is held out (data_split.h)
  kTest,   // never takes part in training or in an election
};

// Width x height pixels, 3 bytes each (R, G, B), row by row without padding. Borrowed.
struct PixelView {
  int width = 0;
  int height = 0;
  std::span<const std::uint8_t> rgb;
};

// A whole image file. Borrowed.
struct EncodedView {
  std::span<const std::uint8_t> bytes;
};

using RecordView = std::variant<PixelView, EncodedView>;

// Thread-safety: every method may be called from any thread at any time; nothing changes after construction.
class DataSource {
 public:
  virtual ~DataSource() = default;
  DataSource(const DataSource&) = delete;
  DataSource& operator=(const DataSource&) = delete;

  std::uint32_t size() const { return static_cast<std::uint32_t>(labels_.size()); }

  // Each sample's class, in [0, classes()).
  std::span<const std::int32_t> labels() const { return labels_; }

  // One for each class; made up ("class 7") where the files hold no names. The same for both splits.
  const std::vector<std::string>& class_names() const { return class_names_; }
  int classes() const { return static_cast<int>(class_names_.size()); }

  // What lies beside its files and is no part of it.
  const LeftOut& left_out() const { return left_out_; }

  // The record of a sample < size(). The view is into memory of this source or into `scratch`, which keeps its capacity
  // from call to call. Unavailable or DataLoss when the file cannot be read (any more).
  virtual Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const = 0;

  // Whether the record can be opened and is not too large, without reading it. As Read() otherwise.
  virtual Status Check(std::uint32_t /*sample*/) const { return OkStatus(); }

  // Where the sample comes from, for errors: "/data/train-0.tar: 00012.jpg".
  virtual std::string Describe(std::uint32_t sample) const = 0;

 protected:
  // `labels` within [0, class_names.size()).
  DataSource(std::vector<std::int32_t> labels, std::vector<std::string> class_names, LeftOut left_out = {})
      : labels_(std::move(labels)), class_names_(std::move(class_names)), left_out_(std::move(left_out)) {}

 private:
  std::vector<std::int32_t> labels_;
  std::vector<std::string> class_names_;
  LeftOut left_out_;
};

inline constexpr std::uint64_t kDecodedBytesLimit = std::uint64_t{256} << 20;

// Opens dataset.path (a directory) as dataset.name says, checks sizes and labels, and decodes the set when it is small.
// `classes`: the names of the training split's classes, for the test split; without them they are read again. NotFound:
// the files are not there; DataLoss: they are not laid out as docs/data.md says, or one is corrupt or truncated. The
// message names file and record, what was found and what was expected.
Result<std::unique_ptr<DataSource>> OpenDataSource(const api::DatasetSpec& dataset, Split split,
                                                   const std::vector<std::string>& classes = {});

// The same without decoding anything: as quick for a large set as for a small one.
Result<std::unique_ptr<DataSource>> IndexDataSource(const api::DatasetSpec& dataset, Split split,
                                                    const std::vector<std::string>& classes = {});

}  // namespace eoa::train
