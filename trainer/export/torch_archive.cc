#include "trainer/export/torch_archive.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "common/base/checksum.h"

namespace eoa::train {
namespace {

constexpr std::string_view kRoot = "archive/";
constexpr std::uint64_t kMaxArchive = 0xffffffff - (std::uint64_t{1} << 20);  // room for the directory
constexpr std::size_t kAlignment = 64;                                        // of data, so that it can be mapped

void Append(std::string& text, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

Result<std::string> StorageName(const NamedArray& array) {
  switch (array.type) {
    case ElementType::kFloat64:
      return std::string("DoubleStorage");
    case ElementType::kFloat32:
      return std::string("FloatStorage");
    case ElementType::kFloat16:
      return std::string("HalfStorage");
    case ElementType::kBFloat16:
      return std::string("BFloat16Storage");
    case ElementType::kInt64:
      return std::string("LongStorage");
    case ElementType::kInt32:
      return std::string("IntStorage");
    case ElementType::kUint8:
      return std::string("ByteStorage");
  }
  return InvalidArgumentError("'" + array.name + "' has elements that PyTorch does not have");
}

// The few instructions of pickle's machine that a dictionary of tensors needs.
class Pickle {
 public:
  Pickle() { text_ = "\x80\x02}("; }  // protocol 2, an empty dictionary, a mark

  void AddTensor(const NamedArray& array, const std::string& storage_type, std::size_t storage) {
    std::int64_t elements = 1;
    for (const std::int64_t side : array.shape) elements *= side;
    String(array.name);
    Global("torch._utils", "_rebuild_tensor_v2");
    text_ += "((";
    String("storage");
    Global("torch", storage_type);
    String(std::to_string(storage));
    String("cpu");
    Number(elements);
    text_ += "tQ";  // the tuple names a storage
    Number(0);      // offset
    Numbers(array.shape);
    Numbers(Strides(array.shape));
    text_ += "\x89";  // needs no gradient
    Global("collections", "OrderedDict");
    text_ += ")RtR";
  }

  std::string Finish() const { return text_ + "u."; }

 private:
  static std::vector<std::int64_t> Strides(const std::vector<std::int64_t>& shape) {
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t stride = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  void String(std::string_view text) {
    text_ += 'X';
    Append(text_, text.size(), 4);
    text_ += text;
  }

  void Number(std::int64_t value) {
    if (value <= 0x7fffffff) {
      text_ += 'J';
      Append(text_, static_cast<std::uint64_t>(value), 4);
      return;
    }
    text_ += "\x8a\x08";
    Append(text_, static_cast<std::uint64_t>(value), 8);
  }

  void Numbers(const std::vector<std::int64_t>& values) {
    text_ += '(';
    for (const std::int64_t value : values) Number(value);
    text_ += 't';
  }

  void Global(std::string_view module, std::string_view name) {
    text_.append("c").append(module).append("\n").append(name).append("\n");
  }

  std::string text_;
};

// Stored entries one after the other, then the directory.
class Archive {
 public:
  explicit Archive(AppendFile& file) : file_(file) {}

  Status Add(const std::string& name, std::string_view contents) {
    const std::string full = std::string(kRoot) + name;
    if (size_ + contents.size() > kMaxArchive) {
      return ResourceExhaustedError("a PyTorch archive of more than 4 GiB is not written; export safetensors");
    }
    std::string common;
    Append(common, 0, 2);  // flags
    Append(common, 0, 2);  // stored
    Append(common, 0, 4);  // time
    Append(common, Crc32(contents, 0), 4);
    Append(common, contents.size(), 4);
    Append(common, contents.size(), 4);
    Append(common, full.size(), 2);
    std::string local = "PK\x03\x04";
    Append(local, 20, 2);
    local += common;
    // An extra field fills up to the alignment, as PyTorch's writer has it ("FB").
    const std::size_t data = static_cast<std::size_t>(size_) + local.size() + 2 + full.size() + 4;
    const std::size_t padding = (kAlignment - data % kAlignment) % kAlignment;
    Append(local, padding + 4, 2);
    local += full;
    local += "FB";
    Append(local, padding, 2);
    local.append(padding, 'Z');
    directory_ += "PK\x01\x02";
    Append(directory_, 20, 2);
    Append(directory_, 20, 2);
    directory_ += common;
    Append(directory_, 0, 2);
    Append(directory_, 0, 8);
    Append(directory_, 0, 2);
    Append(directory_, size_, 4);
    directory_ += full;
    ++entries_;
    EOA_RETURN_IF_ERROR(Write(local));
    return Write(contents);
  }

  Status Finish() {
    std::string end = "PK\x05\x06";
    Append(end, 0, 4);
    Append(end, entries_, 2);
    Append(end, entries_, 2);
    Append(end, directory_.size(), 4);
    Append(end, size_, 4);
    Append(end, 0, 2);
    EOA_RETURN_IF_ERROR(Write(directory_));
    EOA_RETURN_IF_ERROR(Write(end));
    return file_.Sync();
  }

 private:
  Status Write(std::string_view bytes) {
    size_ += bytes.size();
    return file_.Append(bytes);
  }

  AppendFile& file_;
  std::uint64_t size_ = 0;
  std::string directory_;
  std::uint64_t entries_ = 0;
};

Status Write(AppendFile& file, const std::vector<NamedArray>& arrays) {
  Pickle pickle;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    EOA_ASSIGN_OR_RETURN(const std::string storage, StorageName(arrays[i]));
    pickle.AddTensor(arrays[i], storage, i);
  }
  Archive archive(file);
  EOA_RETURN_IF_ERROR(archive.Add("data.pkl", pickle.Finish()));
  EOA_RETURN_IF_ERROR(archive.Add("byteorder", "little"));
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    EOA_RETURN_IF_ERROR(archive.Add("data/" + std::to_string(i), arrays[i].data));
  }
  EOA_RETURN_IF_ERROR(archive.Add("version", "3\n"));
  return archive.Finish();
}

}  // namespace

Status WriteTorchArchive(FileSystem& files, const std::string& path, const std::vector<NamedArray>& arrays) {
  const std::string temporary = path + ".tmp";
  EOA_RETURN_IF_ERROR(files.Remove(temporary));
  {
    EOA_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> file, files.OpenForAppend(temporary));
    EOA_RETURN_IF_ERROR(Write(*file, arrays));
  }
  return files.Rename(temporary, path);
}

}  // namespace eoa::train
