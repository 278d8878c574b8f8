#include "trainer/data/image_folder_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/file_system.h"
#include "trainer/data/class_names.h"
#include "trainer/data/image_file.h"
#include "trainer/data/read_only_file.h"

namespace eoa::train {
namespace {

struct Listing {
  std::vector<std::string> names;  // of the files
  std::vector<std::int32_t> labels;
};

class ImageFolderSource final : public DataSource {
 public:
  ImageFolderSource(std::string folder, Listing listing, std::vector<std::string> classes)
      : DataSource(std::move(listing.labels), std::move(classes)),
        folder_(std::move(folder)),
        names_(std::move(listing.names)) {}

  Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const override {
    EOA_RETURN_IF_ERROR(ReadWhole(Describe(sample), kMaxImageFileBytes, scratch));
    return RecordView(EncodedView{scratch});
  }

  std::string Describe(std::uint32_t sample) const override {
    const auto label = static_cast<std::size_t>(labels()[sample]);
    return JoinPath(JoinPath(folder_, class_names()[label]), names_[sample]);
  }

 private:
  std::string folder_;
  std::vector<std::string> names_;
};

Result<std::vector<std::string>> ListClasses(const std::string& folder) {
  FileSystem& files = RealFileSystem();
  if (!files.IsDirectory(folder)) {
    return NotFoundError("no folder " + folder + "; expected one folder for each class in it, with its images");
  }
  EOA_ASSIGN_OR_RETURN(std::vector<std::string> names, files.ListDirectory(folder));
  std::erase_if(names, [&](const std::string& name) {
    return name.starts_with('.') || !files.IsDirectory(JoinPath(folder, name));
  });
  if (names.empty()) return NotFoundError("no class folders in " + folder);
  return names;
}

Result<Listing> ListImages(const std::string& folder, const std::vector<std::string>& present,
                           const std::vector<std::string>& classes) {
  Listing listing;
  for (const std::string& name : present) {
    const auto found = std::ranges::lower_bound(classes, name);
    if (found == classes.end() || *found != name) {
      return InvalidArgumentError(JoinPath(folder, name) + " is a class that the training set does not have");
    }
    EOA_ASSIGN_OR_RETURN(std::vector<std::string> files, RealFileSystem().ListDirectory(JoinPath(folder, name)));
    std::erase_if(files, [](const std::string& file) { return file.starts_with('.') || !HasImageExtension(file); });
    if (files.empty()) {
      return InvalidArgumentError("no images in " + JoinPath(folder, name) +
                                  "; expected .jpg, .jpeg or .png files, or no such folder");
    }
    listing.labels.insert(listing.labels.end(), files.size(), static_cast<std::int32_t>(found - classes.begin()));
    listing.names.insert(listing.names.end(), files.begin(), files.end());
  }
  return listing;
}

}  // namespace

Result<std::unique_ptr<DataSource>> OpenImageFolder(const std::string& root, Split split) {
  const std::string train = JoinPath(root, "train");
  EOA_ASSIGN_OR_RETURN(std::vector<std::string> classes, ListClasses(train));
  std::string folder = train;
  std::vector<std::string> present = classes;
  if (split == Split::kTest) {
    folder = JoinPath(root, "test");
    if (!RealFileSystem().IsDirectory(folder) && RealFileSystem().IsDirectory(JoinPath(root, "val"))) {
      folder = JoinPath(root, "val");
    }
    EOA_ASSIGN_OR_RETURN(present, ListClasses(folder));
  }
  EOA_ASSIGN_OR_RETURN(Listing listing, ListImages(folder, present, classes));
  return std::unique_ptr<DataSource>(
      std::make_unique<ImageFolderSource>(std::move(folder), std::move(listing), std::move(classes)));
}

}  // namespace eoa::train
