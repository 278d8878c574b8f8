#include "trainer/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "common/base/checksum.h"
#include "common/base/json_access.h"
#include "common/base/json_guard.h"

namespace eoa::train {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
constexpr JsonLimits kHeaderLimits{.max_bytes = std::size_t{64} << 20, .max_depth = 8, .max_values = 4'000'000};

struct TypeName {
  ElementType type;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<TypeName, 7> kTypes = {{{ElementType::kFloat64, "F64", 8},
                                             {ElementType::kFloat32, "F32", 4},
                                             {ElementType::kFloat16, "F16", 2},
                                             {ElementType::kBFloat16, "BF16", 2},
                                             {ElementType::kInt64, "I64", 8},
                                             {ElementType::kInt32, "I32", 4},
                                             {ElementType::kUint8, "U8", 1}}};

const TypeName& NameOf(ElementType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& each) { return each.type == type; });
}

// The bytes that an array of this shape has; nothing when it has a negative dimension or more than 2^63 bytes.
std::optional<std::uint64_t> ByteSize(ElementType type, const std::vector<std::int64_t>& shape) {
  std::uint64_t size = ElementSize(type);
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (factor != 0 && size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) {
      return std::nullopt;
    }
    size *= factor;
  }
  return size;
}

Error Broken(const std::string& what) { return DataLossError("not a valid safetensors file: " + what); }

Result<Metadata> ParseMetadata(const json& value) {
  Metadata metadata;
  if (!value.is_object()) return Broken("__metadata__ is not an object");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) return Broken("__metadata__." + key + " is not a string");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

struct PlacedArray {
  NamedArray array;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Result<PlacedArray> ParseArray(const std::string& name, const json& value, std::string_view data) {
  const auto broken = [&](const std::string& what) { return Broken("array '" + name + "' " + what); };
  if (!value.is_object() || value.size() != 3) return broken("must have dtype, shape and data_offsets");
  const std::string dtype = TextAt(value, "dtype");
  if (dtype.empty()) return broken("has no dtype");
  const auto type =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& each) { return each.name == dtype; });
  if (type == kTypes.end()) return broken("has the unknown dtype '" + dtype + "'");

  PlacedArray placed{.array = {.name = name, .type = type->type, .shape = {}, .data = {}}};
  const auto shape = value.find("shape");
  if (shape == value.end() || !shape->is_array()) return broken("has no shape");
  for (const json& dimension : *shape) {
    if (!dimension.is_number_unsigned()) return broken("has a dimension that is not a number of elements");
    const auto count = dimension.get<std::uint64_t>();
    if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return broken("is too large");
    placed.array.shape.push_back(static_cast<std::int64_t>(count));
  }
  const auto offsets = value.find("data_offsets");
  if (offsets == value.end() || !offsets->is_array() || offsets->size() != 2 || !(*offsets)[0].is_number_unsigned() ||
      !(*offsets)[1].is_number_unsigned()) {
    return broken("has no data_offsets");
  }
  placed.begin = (*offsets)[0].get<std::uint64_t>();
  placed.end = (*offsets)[1].get<std::uint64_t>();
  if (placed.begin > placed.end || placed.end > data.size()) {
    return broken("lies at bytes " + std::to_string(placed.begin) + " to " + std::to_string(placed.end) + " of only " +
                  std::to_string(data.size()));
  }
  const std::optional<std::uint64_t> expected = ByteSize(type->type, placed.array.shape);
  if (!expected || *expected != placed.end - placed.begin) return broken("does not have the size of its shape");
  placed.array.data = data.substr(placed.begin, placed.end - placed.begin);
  return placed;
}

}  // namespace

std::size_t ElementSize(ElementType type) { return NameOf(type).size; }

const NamedArray* Safetensors::Find(std::string_view name) const {
  const auto found =
      std::find_if(arrays.begin(), arrays.end(), [&](const NamedArray& each) { return each.name == name; });
  return found == arrays.end() ? nullptr : &*found;
}

Result<Safetensors> ParseSafetensors(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return Broken("only " + std::to_string(bytes.size()) + " bytes");
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > bytes.size() - kLengthBytes) return Broken("its header is longer than the file");
  const std::string_view header = bytes.substr(kLengthBytes, length);
  const std::string_view data = bytes.substr(kLengthBytes + length);
  if (!header.starts_with('{')) return Broken("its header is not a JSON object");
  Result<json> document = ParseJson(header, kHeaderLimits);
  if (!document.ok()) return Broken(document.error().message());

  Safetensors parsed;
  std::vector<PlacedArray> placed;
  for (const auto& [name, value] : document->items()) {
    if (name == "__metadata__") {
      EOA_ASSIGN_OR_RETURN(parsed.metadata, ParseMetadata(value));
    } else {
      EOA_ASSIGN_OR_RETURN(PlacedArray array, ParseArray(name, value, data));
      placed.push_back(std::move(array));
    }
  }
  std::stable_sort(placed.begin(), placed.end(), [](const PlacedArray& a, const PlacedArray& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t end = 0;
  for (PlacedArray& each : placed) {
    if (each.begin != end) return Broken("array '" + each.array.name + "' does not start where the one before ends");
    end = each.end;
    parsed.arrays.push_back(std::move(each.array));
  }
  if (end != data.size()) return Broken(std::to_string(data.size() - end) + " bytes belong to no array");
  return parsed;
}

Result<std::string> EncodeSafetensorsHeader(const std::vector<NamedArray>& arrays, const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string_view> names = {"__metadata__"};
  std::uint64_t end = 0;
  for (const NamedArray& array : arrays) {
    if (!names.insert(array.name).second) return InvalidArgumentError("two arrays are named '" + array.name + "'");
    if (ByteSize(array.type, array.shape) != array.data.size()) {
      return InvalidArgumentError("array '" + array.name + "' does not have the size of its shape");
    }
    const std::uint64_t begin = std::exchange(end, end + array.data.size());
    header[array.name] = {{"dtype", NameOf(array.type).name}, {"shape", array.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = DumpJson(header);
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  const std::uint64_t length = text.size();
  std::string encoded(kLengthBytes, '\0');
  std::memcpy(encoded.data(), &length, kLengthBytes);
  return encoded + text;
}

Result<WrittenFile> WriteSafetensors(FileSystem& files, const std::string& path, const std::vector<NamedArray>& arrays,
                                     const Metadata& metadata, Durability durability) {
  EOA_ASSIGN_OR_RETURN(const std::string header, EncodeSafetensorsHeader(arrays, metadata));
  // One writer for each path: what an interrupted one left is simply replaced.
  const std::string temporary = path + ".tmp";
  EOA_RETURN_IF_ERROR(files.Remove(temporary));
  WrittenFile written;
  {
    EOA_ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> file, files.OpenForAppend(temporary));
    const auto append = [&](std::string_view piece) {
      written.crc32 = Crc32(piece, written.crc32);
      written.bytes += piece.size();
      return file->Append(piece);
    };
    EOA_RETURN_IF_ERROR(append(header));
    for (const NamedArray& array : arrays) EOA_RETURN_IF_ERROR(append(array.data));
    if (durability == Durability::kDurable) EOA_RETURN_IF_ERROR(file->Sync());
  }
  EOA_RETURN_IF_ERROR(files.Rename(temporary, path));
  return written;
}

}  // namespace eoa::train
