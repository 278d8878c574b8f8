#include "trainer/data/image_folder_source.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "common/base/file_system.h"
#include "common/base/utf8.h"
#include "trainer/data/image_file.h"
#include "trainer/data/read_only_file.h"

namespace eoa::train {
namespace {

enum class Kind { kFile, kFolder, kDangling, kSpecial };

struct Entry {
  std::string name;
  Kind kind;
};

struct Listing {
  std::vector<std::string> names;  // of the files
  std::vector<std::int32_t> labels;
  LeftOut left_out;
};

class ImageFolderSource final : public DataSource {
 public:
  ImageFolderSource(std::string folder, Listing listing, std::vector<std::string> classes)
      : DataSource(std::move(listing.labels), std::move(classes), std::move(listing.left_out)),
        folder_(std::move(folder)),
        names_(std::move(listing.names)) {}

  Result<RecordView> Read(std::uint32_t sample, std::vector<std::uint8_t>& scratch) const override {
    EOA_RETURN_IF_ERROR(ReadWhole(PathOf(sample), kMaxImageFileBytes, scratch));
    return RecordView(EncodedView{scratch});
  }

  std::string Describe(std::uint32_t sample) const override { return PathOf(sample); }

  Status Check(std::uint32_t sample) const override { return CheckReadable(PathOf(sample), kMaxImageFileBytes); }

 private:
  std::string PathOf(std::uint32_t sample) const {
    const auto label = static_cast<std::size_t>(labels()[sample]);
    return JoinPath(JoinPath(folder_, class_names()[label]), names_[sample]);
  }

  std::string folder_;
  std::vector<std::string> names_;
};

Kind KindOf(const std::string& folder, const dirent& entry) {
  // Most file systems tell the kinds with the names, so that a million files are listed in a second or two.
  if (entry.d_type == DT_REG) return Kind::kFile;
  if (entry.d_type == DT_DIR) return Kind::kFolder;
  struct stat status {};
  if (::stat(JoinPath(folder, entry.d_name).c_str(), &status) != 0) return Kind::kDangling;
  return S_ISREG(status.st_mode) ? Kind::kFile : S_ISDIR(status.st_mode) ? Kind::kFolder : Kind::kSpecial;
}

// What is not hidden in a folder, at most `most` entries of it, sorted by name.
Result<std::vector<Entry>> List(const std::string& folder, std::size_t most = std::numeric_limits<std::size_t>::max()) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) return ErrnoError(errno, "listing " + folder);
  std::vector<Entry> entries;
  errno = 0;
  while (entries.size() < most) {
    const dirent* const entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') entries.push_back({entry->d_name, KindOf(folder, *entry)});
    errno = 0;
  }
  if (errno != 0) return ErrnoError(errno, "listing " + folder);
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

// The folders that hold anything; notes what else there is.
Result<std::vector<std::string>> ListClasses(const std::string& folder, LeftOut& left_out) {
  if (!RealFileSystem().IsDirectory(folder)) {
    return NotFoundError("no folder " + folder + "; expected one folder for each class in it, with its images");
  }
  EOA_ASSIGN_OR_RETURN(const std::vector<Entry> entries, List(folder));
  std::vector<std::string> classes;
  for (const Entry& entry : entries) {
    if (entry.kind == Kind::kFile && HasImageEnding(entry.name)) left_out.strays.Add(entry.name);
    if (entry.kind == Kind::kFile && !HasImageEnding(entry.name)) left_out.AddFile(entry.name);
    if (entry.kind == Kind::kDangling) left_out.dangling.Add(entry.name);
    if (entry.kind == Kind::kSpecial) left_out.special.Add(entry.name);
    if (entry.kind != Kind::kFolder) continue;
    const std::string path = JoinPath(folder, entry.name);
    EOA_ASSIGN_OR_RETURN(const std::vector<Entry> first, List(path, 1));
    if (first.empty()) {
      left_out.empty_classes.push_back(entry.name);
    } else if (!IsUtf8(entry.name)) {
      return DataLossError("the name of the folder " + path + " is not UTF-8; please rename it");
    } else {
      classes.push_back(entry.name);
    }
  }
  if (classes.empty()) {
    const std::string others = left_out.ToString();
    return NotFoundError("no class folders with images in " + folder + (others.empty() ? "" : ", only " + others));
  }
  return classes;
}

Status ListImages(const std::string& folder, const std::string& name, std::int32_t label, Listing& listing) {
  const std::string path = JoinPath(folder, name);
  EOA_ASSIGN_OR_RETURN(std::vector<Entry> entries, List(path));
  LeftOut others;
  const std::size_t before = listing.names.size();
  for (Entry& entry : entries) {
    const std::string shown = name + "/" + entry.name;
    if (entry.kind == Kind::kFolder) others.folders.Add(shown);
    if (entry.kind == Kind::kDangling) others.dangling.Add(shown);
    if (entry.kind == Kind::kSpecial) others.special.Add(shown);
    if (entry.kind != Kind::kFile) continue;
    if (HasImageEnding(entry.name)) {
      listing.names.push_back(std::move(entry.name));
    } else {
      others.AddFile(shown);
    }
  }
  if (listing.names.size() == before) {
    return DataLossError("no images in " + path + ", only " + others.ToString() + "; expected " +
                         std::string(kImageEndings) + " files directly in the folder, or no such folder");
  }
  listing.labels.resize(listing.names.size(), label);
  listing.left_out.Add(others);
  return OkStatus();
}

// ROOT/test or, in its place, ROOT/val.
Result<std::string> TestFolder(const std::string& root) {
  const auto there = [&](const char* name) { return RealFileSystem().IsDirectory(JoinPath(root, name)); };
  for (const char* name : {"test", "val"}) {
    if (there(name)) return JoinPath(root, name);
  }
  std::string message = "no folder " + root + "/test or " + root + "/val with the images that the model is tested on";
  for (const char* name : {"valid", "validation", "Test", "Val"}) {
    if (there(name)) message += "; if that is what " + JoinPath(root, name) + " holds, please rename it to test";
  }
  return NotFoundError(message);
}

}  // namespace

Result<std::unique_ptr<DataSource>> OpenImageFolder(const std::string& root, Split split,
                                                    std::vector<std::string> classes) {
  Listing listing;
  std::string folder = JoinPath(root, "train");
  if (split == Split::kTrain || classes.empty()) {
    EOA_ASSIGN_OR_RETURN(classes, ListClasses(folder, listing.left_out));
  }
  std::vector<std::string> present = classes;
  if (split == Split::kTest) {
    listing.left_out = {};
    EOA_ASSIGN_OR_RETURN(folder, TestFolder(root));
    EOA_ASSIGN_OR_RETURN(present, ListClasses(folder, listing.left_out));
  }
  for (const std::string& name : present) {
    const auto found = std::ranges::lower_bound(classes, name);
    if (found == classes.end() || *found != name) {
      return DataLossError(JoinPath(folder, name) + " is a class that the training set does not have: there are no " +
                           "images in " + JoinPath(JoinPath(root, "train"), name));
    }
    EOA_RETURN_IF_ERROR(ListImages(folder, name, static_cast<std::int32_t>(found - classes.begin()), listing));
  }
  return std::unique_ptr<DataSource>(
      std::make_unique<ImageFolderSource>(std::move(folder), std::move(listing), std::move(classes)));
}

}  // namespace eoa::train
