#include "trainer/pretrained/array_source.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include "common/base/file_system.h"
#include "trainer/checkpoint/scalar_type.h"
#include "trainer/npz/npz_file.h"

namespace eoa::train {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 38;

constexpr std::int64_t kPieceElements = std::int64_t{1} << 16;  // stays in a processor's cache

std::string WithoutWrappers(std::string name) {
  for (const std::string_view wrapper : {"module.", "_orig_mod."}) {
    while (name.starts_with(wrapper)) name.erase(0, wrapper.size());
  }
  // In a network that was compiled in parts they stand inside too; and either may come first.
  for (std::size_t at = name.find("._orig_mod."); at != std::string::npos; at = name.find("._orig_mod.")) {
    name.erase(at, std::string_view("_orig_mod.").size());
  }
  return name.starts_with("module.") ? WithoutWrappers(std::move(name)) : name;
}

class NpzSource final : public ArraySource {
 public:
  explicit NpzSource(NpzFile file) : file_(std::move(file)) {
    for (const NpzArray& array : file_.arrays()) arrays_.push_back({array.name, array.shape});
  }

  Result<at::Tensor> Read(std::size_t index) const override {
    const NpzArray& array = file_.arrays()[index];
    at::Tensor tensor = at::empty(array.shape, ScalarTypeOf(array.type));
    EOA_RETURN_IF_ERROR(file_.Read(array, std::span(static_cast<std::uint8_t*>(tensor.data_ptr()), array.bytes)));
    return tensor.to(at::kFloat);
  }

  Status ReadInPieces(std::size_t index, std::int64_t row, const Take& take) const override {
    const NpzArray& array = file_.arrays()[index];
    if (array.type != ElementType::kFloat32 || array.entry.method != ZipMethod::kStored) {
      return ArraySource::ReadInPieces(index, row, take);
    }
    std::vector<float> piece(static_cast<std::size_t>(std::max(kPieceElements / row, std::int64_t{1}) * row));
    std::int64_t first = 0;
    return file_.ReadInPieces(array, std::as_writable_bytes(std::span(piece)), [&](std::size_t bytes) {
      const std::span<const float> elements(piece.data(), bytes / sizeof(float));
      take(first, elements);
      first += static_cast<std::int64_t>(elements.size());
    });
  }

 private:
  NpzFile file_;
};

class SafetensorsSource final : public ArraySource {
 public:
  static Result<std::unique_ptr<ArraySource>> Open(const std::string& path) {
    auto source = std::make_unique<SafetensorsSource>();
    EOA_ASSIGN_OR_RETURN(source->bytes_, RealFileSystem().ReadFile(path, kMaxFileBytes));
    EOA_ASSIGN_OR_RETURN(source->file_, ParseSafetensors(source->bytes_));
    for (const NamedArray& array : source->file_.arrays)
      source->arrays_.push_back({WithoutWrappers(array.name), array.shape});
    return std::unique_ptr<ArraySource>(std::move(source));
  }

  Result<at::Tensor> Read(std::size_t index) const override {
    const NamedArray& array = file_.arrays[index];
    // Only read from.
    auto* const data = const_cast<char*>(array.data.data());
    return at::from_blob(data, array.shape, ScalarTypeOf(array.type)).to(at::kFloat, false, true);
  }

 private:
  std::string bytes_;
  Safetensors file_;
};

}  // namespace

std::string ShapeText(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t side : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(side);
  return text + "]";
}

Status ArraySource::ReadInPieces(std::size_t index, std::int64_t /*row*/, const Take& take) const {
  EOA_ASSIGN_OR_RETURN(const at::Tensor whole, Read(index));
  const at::Tensor values = whole.contiguous();
  take(0, {values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
  return OkStatus();
}

Result<std::unique_ptr<ArraySource>> OpenArrays(const std::string& path) {
  if (!path.ends_with(".npz")) return SafetensorsSource::Open(path);
  EOA_ASSIGN_OR_RETURN(NpzFile file, NpzFile::Open(path));
  return std::unique_ptr<ArraySource>(std::make_unique<NpzSource>(std::move(file)));
}

}  // namespace eoa::train
