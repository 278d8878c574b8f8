#include "trainer/data/cifar_source.h"

#include <utility>

#include "common/base/file_system.h"
#include "trainer/data/class_names.h"
#include "trainer/data/read_only_file.h"

namespace eoa::train {
namespace {

constexpr std::size_t kPlane = std::size_t{kCifarSide} * kCifarSide;

struct CifarFile {
  std::string name;
  std::uint64_t records;
};

struct CifarLayout {
  CifarFormat format;
  std::string archive_folder;
  std::string fetch;  // the command that fetches it
  std::string class_names;
  std::vector<CifarFile> files;
};

std::size_t RecordBytes(CifarFormat format) { return static_cast<std::size_t>(format.label_bytes) + 3 * kPlane; }

Result<std::unique_ptr<DataSource>> OpenCifar(std::string directory, const CifarLayout& layout) {
  FileSystem& files = RealFileSystem();
  const std::string& first = layout.files.front().name;
  if (!files.Exists(JoinPath(directory, first))) {
    const std::string below = JoinPath(directory, layout.archive_folder);
    if (!files.Exists(JoinPath(below, first))) {
      return NotFoundError("no " + first + " in " + directory + " or its folder " + layout.archive_folder +
                           "; unpack the official binary archive there, or run `" + layout.fetch + " " + directory +
                           "`");
    }
    directory = below;
  }
  DecodedImages images;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> bytes;
  for (const CifarFile& file : layout.files) {
    const std::string path = JoinPath(directory, file.name);
    const std::uint64_t expected = file.records * RecordBytes(layout.format);
    EOA_ASSIGN_OR_RETURN(const ReadOnlyFile open, ReadOnlyFile::Open(path));
    if (open.size() != expected) {
      return DataLossError(path + " has " + std::to_string(open.size()) + " bytes; expected " +
                           std::to_string(expected) + ": " + std::to_string(file.records) + " records of " +
                           std::to_string(RecordBytes(layout.format)) + " bytes");
    }
    bytes.resize(expected);
    EOA_RETURN_IF_ERROR(open.ReadAt(0, bytes));
    EOA_RETURN_IF_ERROR(AppendCifarRecords(layout.format, bytes, path, images, labels));
  }
  EOA_ASSIGN_OR_RETURN(auto names, ReadClassNames(JoinPath(directory, layout.class_names), layout.format.classes));
  return std::unique_ptr<DataSource>(
      std::make_unique<MemorySource>(std::move(images), std::move(labels), std::move(names), directory));
}

}  // namespace

Status AppendCifarRecords(CifarFormat format, std::span<const std::uint8_t> file, const std::string& name,
                          DecodedImages& images, std::vector<std::int32_t>& labels) {
  const std::size_t record_bytes = RecordBytes(format);
  if (file.size() % record_bytes != 0) {
    return DataLossError(name + " has " + std::to_string(file.size()) + " bytes; expected a multiple of " +
                         std::to_string(record_bytes) + ", the size of a record");
  }
  const std::size_t records = file.size() / record_bytes;
  const std::size_t old_bytes = images.rgb.size();
  images.rgb.resize(old_bytes + records * 3 * kPlane);
  std::uint8_t* out = images.rgb.data() + old_bytes;
  for (std::size_t record = 0; record < records; ++record) {
    const auto bytes = file.subspan(record * record_bytes, record_bytes);
    const auto label_bytes = static_cast<std::size_t>(format.label_bytes);
    const int label = bytes[label_bytes - 1];
    if (label >= format.classes) {
      return DataLossError(name + ", record " + std::to_string(record) + ": label " + std::to_string(label) +
                           "; expected 0 to " + std::to_string(format.classes - 1));
    }
    labels.push_back(label);
    images.sizes.push_back({kCifarSide, kCifarSide});
    const auto planes = bytes.subspan(label_bytes);
    for (std::size_t i = 0; i < kPlane; ++i) {
      *out++ = planes[i];
      *out++ = planes[kPlane + i];
      *out++ = planes[2 * kPlane + i];
    }
  }
  return OkStatus();
}

Result<std::unique_ptr<DataSource>> OpenCifar10(const std::string& directory, Split split) {
  CifarLayout layout{kCifar10Format, "cifar-10-batches-bin", "eoa data cifar10", "batches.meta.txt", {}};
  if (split == Split::kTest) {
    layout.files = {{"test_batch.bin", 10000}};
  } else {
    for (int i = 1; i <= 5; ++i) layout.files.push_back({"data_batch_" + std::to_string(i) + ".bin", 10000});
  }
  return OpenCifar(directory, layout);
}

Result<std::unique_ptr<DataSource>> OpenCifar100(const std::string& directory, Split split) {
  const bool test = split == Split::kTest;
  return OpenCifar(directory, {kCifar100Format,
                               "cifar-100-binary",
                               "eoa data cifar100",
                               "fine_label_names.txt",
                               {{test ? "test.bin" : "train.bin", test ? 10000U : 50000U}}});
}

}  // namespace eoa::train
